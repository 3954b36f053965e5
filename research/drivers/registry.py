"""Which drivers exist and on which basis each applies: a new driver is a new file and one line here."""

from __future__ import annotations

from collections.abc import Callable

from research.alignment.history import Basis, History, require_basis, require_history
from research.drivers.accrued_fee import accrued_fee
from research.drivers.clock import clock
from research.drivers.collateral import collateral
from research.drivers.currency import currency
from research.drivers.curve_shift import curve_shift
from research.drivers.distributions import distributions
from research.drivers.driver import Driver
from research.drivers.expense import expense_ratio
from research.drivers.leverage import financing, leverage
from research.drivers.mismatch import benchmark_mismatch
from research.drivers.premium import premium_discount
from research.drivers.roll import roll_cost, roll_yield
from research.drivers.staking import staking_fee, staking_reward, staking_tax

__all__ = ["measure"]

_REGISTRY: tuple[tuple[Callable[[History], Driver | None], frozenset[str]], ...] = (
    (expense_ratio, frozenset({"nav", "price"})),
    (accrued_fee, frozenset({"nav", "price"})),
    (premium_discount, frozenset({"price"})),
    (roll_yield, frozenset({"nav", "price"})),
    (curve_shift, frozenset({"nav", "price"})),
    (roll_cost, frozenset({"nav", "price"})),
    (collateral, frozenset({"nav", "price"})),
    (staking_reward, frozenset({"nav", "price"})),
    (staking_fee, frozenset({"nav", "price"})),
    (staking_tax, frozenset({"nav", "price"})),
    (clock, frozenset({"nav", "price"})),
    (benchmark_mismatch, frozenset({"nav", "price"})),
    (currency, frozenset({"nav", "price"})),
    (leverage, frozenset({"nav", "price"})),
    (financing, frozenset({"nav", "price"})),
    (distributions, frozenset({"nav", "price"})),
)


def measure(history: History, basis: Basis = "nav") -> tuple[Driver, ...]:
    """Return every driver that applies to this fund on this basis, in the order of the registry.

    Parameters
    ----------
    history : History
        Aligned history.
    basis : {"nav", "price"}
        Whether the fund is taken at net asset value or at the market's close.

    Returns
    -------
    tuple of Driver
        A driver that does not apply is absent, not zero.

    Raises
    ------
    ParameterError
        If the first argument is no history, or the basis does not exist.
    DataError
        As the drivers raise, where a series that they need cannot be used.

    Notes
    -----
    NaN: a driver is NaN on the sessions where what it is measured from is missing; none is filled.

    Examples
    --------
    >>> import research as rs
    >>> [driver.name for driver in rs.drivers.measure(rs.load("ETHV"), "price")]
    ['expense_ratio', 'accrued_fee', 'premium_discount']
    """
    require_history(history, "measure")
    require_basis(basis)
    measured = (function(history) for function, bases in _REGISTRY if basis in bases)
    return tuple(driver for driver in measured if driver is not None)

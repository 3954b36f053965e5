"""Collateral: what the cash behind futures earns in Treasury bills."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.drivers.driver import Driver
from research.drivers.futures.bills import bill_returns
from research.errors import DataError, ParameterError

__all__ = ["BILL_RATE", "COLLATERAL_SHARE", "collateral"]

BILL_RATE: Final = "bill_rate"
"""Key of `History.inputs` under which the bank-discount quotes stand."""

COLLATERAL_SHARE: Final = "collateral_share"
"""Key of `Fund.facts` that states which share of assets earns the bill."""


def collateral(history: History, *, share: float | None = None) -> Driver | None:
    """Return the cumulated log return of the bills behind the futures, or None where no bill rate is given.

    Parameters
    ----------
    history : History
        With ``inputs["bill_rate"]``, bank-discount quotes by date as a fraction; NaN on bond holidays. The dates need
        not be those of the history, but quotes must reach back to its first session.
    share : float, optional
        Share of the assets that earns the bill, the rest lying as margin without interest. By default the fund's fact
        ``collateral_share`` where it states one, else 1.

    Returns
    -------
    Driver or None
        ``collateral``; the level starts at 0.

    Raises
    ------
    ParameterError
        If the share is not between 0 and 1.
    DataError
        If the quotes are not a series of fractions or leave a session without one, see
        `research.drivers.futures.bill_returns`; or the fact is not a number.

    Notes
    -----
    ``Σ ln(1 + share·TBR)``. A fund adds simple returns, ``1 + R_F + share·TBR``; a logarithm of
    each part leaves out their product, a hundredth of a basis point on a common day.

    Examples
    --------
    >>> from research.opening import load
    >>> collateral(load("ETHV")) is None  # it holds ether, not futures
    True
    """
    quotes = history.inputs.get(BILL_RATE)
    if quotes is None:
        return None
    if not isinstance(quotes, pd.Series):
        raise DataError(f"inputs['{BILL_RATE}'] is a {type(quotes).__name__}: give one series of quotes by date")
    earning = _share(history) if share is None else share
    if not 0 <= earning <= 1:
        raise ParameterError(f"a share of {earning!r} of the assets in bills: give a fraction from 0 to 1")
    labels = pd.DatetimeIndex(history.frame.index)
    returns = np.log1p(earning * bill_returns(quotes, labels).to_numpy())
    level = pd.Series(np.concatenate([[0.0], returns.cumsum()]), index=labels, name="collateral")
    return Driver(
        name="collateral",
        level=level,
        title="Collateral",
        description=f"thirteen-week Treasury bills on {100 * earning:g} % of assets, bank-discount quotes converted",
        source="bank-discount rates of Treasury bills",
        truth=1.0 if history.fund.simulated else None,
    )


def _share(history: History) -> float:
    fact = history.fund.facts.get(COLLATERAL_SHARE)
    if fact is None or fact.value is None:
        return 1.0
    if isinstance(fact.value, bool) or not isinstance(fact.value, (int, float)):
        raise DataError(
            f"the {COLLATERAL_SHARE} of {history.fund.ticker} is {fact.value!r}: write a fraction from 0 to 1"
        )
    return float(fact.value)

"""Curve shift: what a fund earns or loses because the basis of the contracts it holds changes."""

from __future__ import annotations

from research.alignment.history import History
from research.drivers.driver import Driver
from research.drivers.roll import EXPOSURE, held_level

__all__ = ["curve_shift"]


def curve_shift(history: History) -> Driver | None:
    """Return what changes of the basis have done to the contracts held, or None where no contracts are given.

    Parameters
    ----------
    history : History
        With ``inputs["held_futures"]``, as for `roll_yield`, and a column ``curve_shift``.

    Returns
    -------
    Driver or None
        ``curve_shift``; the level rises where contracts held became dearer against spot.

    Raises
    ------
    MissingColumnError, AlignmentError, DataError
        As in `roll_yield`.

    Notes
    -----
    ``Σ τ_t·Δc_t`` with τ in years to expiry after the interval. With the roll yield it adds up to
    ``Δ ln F − Δ ln S`` of the contracts held, exactly.

    Examples
    --------
    >>> from research.opening import load
    >>> curve_shift(load("ETHV")) is None  # it holds ether, not futures
    True
    """
    level = held_level(history, "curve_shift")
    if level is None:
        return None
    return Driver(
        name="curve_shift",
        level=level,
        title="Curve shift",
        description="change of the annualised basis times the time that the contracts held have left",
        source="settlement prices of the contracts held, and spot at the fund's clock",
        truth=1.0 if history.fund.simulated else None,
        group=EXPOSURE,
    )

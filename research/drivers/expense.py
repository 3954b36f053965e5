"""Expense ratio: the stated fee, with waivers and asset tiers, accruing on every calendar day."""

from __future__ import annotations

import pandas as pd

from research.alignment.history import History
from research.drivers.driver import Driver

__all__ = ["expense_ratio"]


def expense_ratio(history: History) -> Driver | None:
    """Return the cumulated log return that the fund's stated fee takes, or None where the fee is not known.

    Parameters
    ----------
    history : History
        Aligned history; its ``assets`` column, in dollars, decides the tier of each day where there is one.

    Returns
    -------
    Driver or None
        ``expense_ratio``; the level starts at 0 and falls.

    Raises
    ------
    DataError
        If the fee depends on assets that are neither given nor bounded by a stated fact.

    Notes
    -----
    ``X_t = −Σ ER(day)/365`` over the calendar days after the first session up to t. A day's rate is
    the average over the slices of that day's assets: tiers apply daily, since a fee is concave in assets and an
    average of assets would overstate the waiver.
    """
    schedule = history.fund.fee
    if schedule is None:
        return None
    assets = history.frame.get("assets")
    level = history.fund.fee_accrual(pd.DatetimeIndex(history.frame.index), assets)
    return Driver(
        name="expense_ratio",
        level=level,
        title="Expense ratio",
        description="stated annual fee with its waivers, accrued over calendar days (Act/365)",
        source=schedule.source,
        truth=1.0 if history.fund.simulated else None,
    )

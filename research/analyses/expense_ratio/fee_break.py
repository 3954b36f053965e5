"""The day on which a fee changed, looked for without its schedule, and how it stands to the day that is stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from research.alignment.history import History
from research.decomposition import SlopeBreak, identify_drivers, slope_break
from research.drivers import exposures, measure, owed_from
from research.errors import SampleError
from research.funds import Fund

__all__ = ["DayOfChange", "day_of_change", "find_fee_break"]

Verdict = Literal[
    "not looked for",
    "none found",
    "to the day",
    "inside the interval",
    "outside the interval",
    "found",
    "near an edge",
]

_OF_THE_SCHEDULE = frozenset({"expense_ratio", "accrued_fee"})


@dataclass(frozen=True)
class DayOfChange:
    """A change of the drift beside the change of the fee that is stated nearest to it.

    Parameters
    ----------
    found : SlopeBreak or None
        What the data show; None where the sample is too short to look.
    stated : pandas.Timestamp or None
        The nearest day on which the stated fee changes; None where it never does, or no change was found.
    verdict : str
        ``"not looked for"``, ``"none found"``, and of a change that is more than chance ``"to the day"``,
        ``"inside the interval"``, ``"outside the interval"`` of the day found, or ``"found"`` where none is stated. A
        change that no stated day confirms is ``"near an edge"`` of the sample where one side is too short to judge it.
    """

    found: SlopeBreak | None
    stated: pd.Timestamp | None
    verdict: Verdict

    @property
    def real(self) -> SlopeBreak | None:
        """The change, where it is more than chance."""
        return self.found if self.found is not None and self.found.is_real else None

    @property
    def days_away(self) -> int | None:
        """Days from the stated change to the one found; None where either is missing."""
        if self.found is None or self.stated is None:
            return None
        return (self.found.date - self.stated).days


def day_of_change(found: SlopeBreak | None, fund: Fund) -> DayOfChange:
    """Return a change of the drift beside the fund's own schedule.

    Parameters
    ----------
    found : SlopeBreak or None
        From `find_fee_break`.
    fund : Fund
        Whose schedule is looked at.
    """
    if found is None:
        return DayOfChange(None, None, "not looked for")
    if not found.is_real:
        return DayOfChange(found, None, "none found")
    if fund.fee is None or len(fund.fee.periods) < 2:
        return DayOfChange(found, None, "near an edge" if found.near_edge else "found")
    stated = [pd.Timestamp(period.start) for period in fund.fee.periods[1:]]
    nearest = min(stated, key=lambda day: abs((day - found.date).days))
    if nearest == found.date:
        return DayOfChange(found, nearest, "to the day")
    inside = found.interval[0] <= nearest <= found.interval[1]
    if inside:
        return DayOfChange(found, nearest, "inside the interval")
    return DayOfChange(found, nearest, "near an edge" if found.near_edge else "outside the interval")


def find_fee_break(history: History, *, confidence: float, seed: int, draws: int) -> SlopeBreak | None:
    """Return the day on which the drift of net asset value changed, or None where the sample is too short to look.

    Parameters
    ----------
    history : History
        The sample.
    confidence, seed, draws
        As in `slope_break`.

    Returns
    -------
    SlopeBreak or None

    Notes
    -----
    The other drivers of the decomposition stand beside the slopes: those that it imposes are taken off the level, the
    others are estimated anew. The fee and what is owed of it know the schedule, which the search must not: of them it
    knows only how often the fee is paid, and on either side of a day the slope itself is accrued and owed until then
    (`research.drivers.owed_from`). So the slopes are fees, and what they leave is what the decomposition leaves.
    """
    level = history.divergence("nav")
    drivers = [driver for driver in measure(history, "nav") if driver.name not in _OF_THE_SCHEDULE]
    columns = exposures(drivers, level.index)
    imposed = [name for name in identify_drivers(history, measure(history, "nav")).imposed if name in columns]
    level, columns = level - columns[imposed].sum(axis=1), columns.drop(columns=imposed)
    try:
        return slope_break(
            level,
            columns,
            confidence=confidence,
            seed=seed,
            draws=draws,
            positions=history.positions,
            carries=owed_from(history),
        )
    except SampleError:
        return None

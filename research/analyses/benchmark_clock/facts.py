"""The clock as the data show it: how many hours apart series were seen, and what that does to tracking error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from research.alignment.clock_offset import Market
from research.alignment.history import History
from research.analyses.benchmark_clock.pairs import AT_FUND_CLOCK, ClockPair, OtherBenchmark, clock_pairs, with_other
from research.analyses.benchmark_clock.words import clock_conclusions, clock_limits
from research.analyses.lead import BP_A_YEAR, Lead, LeadFigure, spark
from research.analyses.measures import Measures, measure_basis
from research.analyses.phrases import bp, hours_text, percent
from research.analyses.premium_discount.clock import hourly_variance
from research.analyses.report import Report
from research.conventions import BASIS_POINT, SESSIONS_PER_YEAR
from research.decomposition import Decomposition, decompose
from research.plots.clock_offset import cost_of_hours, lead_lag, offset_by_period
from research.tables import Table, p_value, unsigned_zero

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["ClockReport", "clock_report"]

_LAGS = (-2, -1, 0, 1, 2)


@dataclass(frozen=True, eq=False)
class ClockReport(Report):
    """Whether fund and benchmark were seen at the same moment.

    Parameters
    ----------
    history : History
        The fund against its own benchmark; its sources name another series where one was given.
    pairs : tuple of ClockPair
        Estimates, the fund's own benchmark first.
    hour_variance : float
        Variance of the benchmark's log return in an hour, over weekdays.
    hours : tuple of float
        Offsets whose cost is shown.
    shifted : History or None
        The fund against a series at another clock, with the benchmark at the fund's clock as an input.
    result : Decomposition or None
        Of it, on NAV basis: the clock is a driver there.
    measures : Measures or None
        Of it.
    confidence : float
        Nominal coverage of the intervals.
    """

    history: History
    pairs: tuple[ClockPair, ...]
    hour_variance: float
    hours: tuple[float, ...]
    shifted: History | None
    result: Decomposition | None
    measures: Measures | None
    confidence: float

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What follows about the clocks, one sentence or two each."""
        return clock_conclusions(self)

    @property
    def limits(self) -> tuple[str, ...]:
        """What these numbers cannot say of the clocks."""
        return clock_limits(self)

    def cost(self, hours: float, sessions: int = 1) -> float:
        """Return the tracking error that an offset makes by itself, annualised, from returns over some sessions."""
        return math.sqrt(2.0 * abs(hours) * self.hour_variance * SESSIONS_PER_YEAR / sessions)

    def key_figures(self) -> dict[str, str]:
        """Return the offset of each pair with its interval, and what an hour costs."""
        rows = {}
        for pair in self.pairs:
            label = pair.name[0].upper() + pair.name[1:]
            rows[label] = f"{hours_text(pair.offset.hours, pair.offset.std_error)} (positive: seen later)"
            if pair.truth is not None:
                rows[label] += f" (truth: {pair.truth:g})"
        rows["What one hour would add to tracking error"] = f"{bp(self.cost(1.0))} a year"
        if self.result is not None and self.measures is not None:
            name = "Tracking error against the other series"
            rows[name] = f"{bp(self.measures.daily)} a year, {percent(self.clock_share)} of its variance from the clock"
        return rows

    @property
    def clock_share(self) -> float:
        """Share of the daily divergence's variance that the clock makes against the other series; NaN without one."""
        if self.result is None or "clock" not in self.result.euler.index:
            return math.nan
        return float(self.result.euler.iloc[:, 0]["clock"])

    def pairs_table(self) -> Table:
        """Return the offset of each pair, its interval, and what the labels say."""
        rows = {}
        for pair in self.pairs:
            low, high = pair.offset.interval(self.confidence)
            rows[_short(pair)] = [
                pair.offset.hours,
                pair.offset.std_error,
                f"{unsigned_zero(f'{low:+.2f}')} to {unsigned_zero(f'{high:+.2f}')}",
                pair.expected,
                "unclear" if pair.offset.ambiguous else "clear",
                pair.offset.nobs,
            ]
        columns = ["hours", "± se", f"{self.confidence:.0%} interval", "labels", "sign", "n"]
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        notes = (
            "Positive: the second series was seen after the first. Labels: hours between the two wall clocks. The "
            "sign is unclear where both regressions, for "
            "after "
            "and for before, find an offset.",
        )
        formats = {"hours": "+.3f", "± se": ".3f", "labels": "+.2f", "n": ",.0f"}
        title = f"Hours from net asset value of {self.history.fund.ticker} to other series"
        return Table(frame, title, formats, notes)

    def periods_table(self) -> Table | str:
        """Return the offsets period by period, one column a pair."""
        columns: dict[str, pd.Series] = {}
        notes = []
        for pair in self.pairs:
            if not len(pair.periods):
                continue
            columns[_short(pair)] = pair.periods["hours"].astype(float)
            columns[f"± se {len(columns) // 2 + 1}"] = pair.periods["std_error"].astype(float)
            notes.append(f"{pair.name}: p of one offset throughout {p_value(pair.p_value_constant)}.")
        if not columns:
            return "No period is long enough for an offset of its own."
        frame = pd.DataFrame(columns)
        frame.index = pd.Index([f"to {end:%Y-%m-%d}" for end in frame.index])
        formats = {name: ".3f" if name.startswith("± se") else "+.3f" for name in columns}
        title = f"Hours from net asset value of {self.history.fund.ticker}, by period"
        return Table(frame, title, formats, tuple(notes))

    def cost_table(self) -> Table:
        """Return what an offset would make of tracking error, from daily returns and over a month."""
        rows = {
            f"{hours:g} hour{'s' if hours != 1 else ''}": [
                self.cost(hours) / BASIS_POINT,
                self.cost(hours, 21) / BASIS_POINT,
            ]
            for hours in self.hours
        }
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=["from daily returns", "over 21 sessions"])
        sd = math.sqrt(self.hour_variance) / BASIS_POINT
        notes = (
            f"√(2·hours·variance of an hour·252/sessions); an hour of a weekday moves the benchmark by {sd:.0f} bp "
            "(standard "
            "deviation). An offset comes back the next day: it is noise, not drift.",
        )
        return Table(
            frame,
            "Tracking error that an offset makes by itself, bp a year",
            dict.fromkeys(frame.columns, ",.0f"),
            notes,
        )

    def correlations(self) -> pd.DataFrame:
        """Return correlations of the fund's return with the benchmark's, some sessions earlier and later, by series."""
        series = {"own benchmark": self.history.frame}
        if self.shifted is not None:
            series["the other series"] = self.shifted.frame
        columns = {}
        for name, frame in series.items():
            logs = pd.DataFrame(
                np.log(frame[["nav", "benchmark"]].to_numpy()), frame.index, ["nav", "benchmark"]
            ).diff()
            columns[name] = [float(logs["nav"].corr(logs["benchmark"].shift(lag))) for lag in _LAGS]
        return pd.DataFrame(columns, index=list(_LAGS))

    def periods_figure(self) -> DescribedFigure | None:
        """Return the offsets by period, one panel a pair; None where no period is long enough."""
        shown = [pair for pair in self.pairs if len(pair.periods) > 1]
        if not shown:
            return None
        return offset_by_period({pair.name: (pair.periods, pair.offset.hours, pair.expected) for pair in shown})

    def cost_figure(self) -> DescribedFigure:
        """Return tracking error by hours of offset, with the offsets found."""
        marks = {pair.name: abs(pair.offset.hours) for pair in self.pairs}
        return cost_of_hours(self.hour_variance, marks, max((*self.hours, *marks.values())), self.history.fund.ticker)

    def lag_figure(self) -> DescribedFigure:
        """Return the correlations by lead and lag."""
        return lead_lag(self.correlations(), self.history.fund.ticker)

    def lead(self) -> Lead:
        """Return the hours between net asset value and its benchmark, closes and another series, and an hour's cost."""
        named = {"its benchmark": "Benchmark seen later", "its ordinary closes": "Closes seen later"}
        figures = [
            LeadFigure(
                named.get(pair.second, "Other series seen later"), pair.offset.hours, "hours", pair.offset.std_error
            )
            for pair in self.pairs
        ]
        figures.append(LeadFigure("An hour adds to tracking error", self.cost(1.0) / BASIS_POINT, BP_A_YEAR))
        return Lead(tuple(figures), spark("Hours to the benchmark, by period", "hours", self.pairs[0].periods["hours"]))

    def numbers(self) -> dict[str, object]:
        """Return the ``clock`` object of the result, and the NAV basis against another series where one was given."""
        record: dict[str, object] = {
            "pairs": [pair.to_dict() for pair in self.pairs],
            "hour_sd_bp": math.sqrt(self.hour_variance) / BASIS_POINT,
            "cost": [
                {
                    "hours": hours,
                    "tracking_error_bp": self.cost(hours) / BASIS_POINT,
                    "tracking_error_21_bp": self.cost(hours, 21) / BASIS_POINT,
                }
                for hours in self.hours
            ],
            "clock_share": None if math.isnan(self.clock_share) else self.clock_share,
        }
        if self.result is None or self.measures is None:
            return {"clock": record}
        return {"bases": {"nav": {**self.measures.to_dict(), **self.result.to_dict()}}, "clock": record}


def _short(pair: ClockPair) -> str:
    return pair.second.removeprefix("its ")


def clock_report(
    history: History,
    other: OtherBenchmark | None = None,
    *,
    freq: str = "QE",
    market: Market = "continuous",
    hours: Sequence[float] = (0.5, 1.0, 1.5, 3.0, 5.0),
    horizons: Sequence[int] = (1, 5, 21, 63),
    confidence: float = 0.95,
) -> ClockReport:
    """Estimate whether fund and benchmark were seen at the same moment, and what hours between them would do.

    Parameters
    ----------
    history : History
        The fund against its own benchmark. Where its input ``benchmark_at_fund_clock`` is given, its own benchmark is
        the one at another clock.
    other : OtherBenchmark, optional
        Another series to compare with.
    freq : str
        Period of pandas in which the offset is looked at.
    market : {"continuous", "closes"}
        Whether the market never closes, see `clock_offset`.
    hours : sequence of float
        Offsets whose cost is shown.
    horizons : sequence of int
        Sessions over which tracking error is taken.
    confidence : float
        Nominal coverage of every interval.

    Returns
    -------
    ClockReport

    Raises
    ------
    SampleError
        If there are too few sessions, or the other series shares too few.
    """
    shifted = with_other(history, other) if other is not None else history if AT_FUND_CLOCK in history.inputs else None
    result = None if shifted is None else decompose(shifted, "nav", horizons=horizons, confidence=confidence)
    pairs = clock_pairs(history, shifted if other is not None else None, freq=freq, market=market)
    return ClockReport(
        # Its source stands among the history's, so that provenance names its hash.
        history=history if other is None else replace(history, sources=(*history.sources, other.source)),
        pairs=pairs,
        hour_variance=hourly_variance(history),
        hours=tuple(hours),
        shifted=shifted,
        result=result,
        measures=None if shifted is None or result is None else measure_basis(shifted, "nav", result.fit, horizons),
        confidence=confidence,
    )

"""The clocks of fund and benchmark: what a reader sees of the facts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from research.alignment.history import History, require_history
from research.alignment.variance_offset import Market
from research.analyses.benchmark_clock.facts import BenchmarkClockFacts
from research.analyses.benchmark_clock.pairs import ClockPair, OtherBenchmark, other_benchmark, with_other
from research.analyses.benchmark_clock.words import conclusions, limits
from research.analyses.figure import BP_A_YEAR, HOURS, PERCENT, Figure, Spark, spark, tracking_error_figure
from research.analyses.report import Report
from research.analyses.statement import Statements
from research.conventions import BASIS_POINT
from research.plots.clock_offset import cost_of_hours, lead_lag, offset_by_period
from research.tables import Table, p_value, unsigned_zero

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["BenchmarkClock", "benchmark_clock"]

VARIANCE = "24ths of a session's variance"

_NAMED = {"its benchmark": "Benchmark seen later", "its ordinary closes": "Closes seen later"}


@dataclass(frozen=True, eq=False)
class BenchmarkClock(BenchmarkClockFacts, Report):
    """Result of `benchmark_clock`: the facts, in words, tables and figures; its parameters are those of the facts."""

    name: ClassVar[str] = "benchmark_clock"
    opening: ClassVar[tuple[str, ...]] = ("clock.offset",)

    @classmethod
    def require(cls, history: History, parameters: Mapping[str, object]) -> None:
        """Raise where another series is named that cannot be read or does not cover the sample."""
        series, column, dates, clock = (
            str(parameters.get(name, "")) for name in ("series", "series_column", "series_dates", "series_clock")
        )
        if series:
            with_other(history, other_benchmark(series, column, date_column=dates, clock=clock))

    @property
    def conclusions(self) -> Statements:
        """What follows about the clocks."""
        return conclusions(self)

    @property
    def limits(self) -> Statements:
        """What these numbers cannot say of the clocks."""
        return limits(self)

    def figures(self) -> tuple[Figure, ...]:
        """Return the hours between net asset value and its benchmark, closes and another series, and an hour's cost."""
        figures = [
            Figure(
                _NAMED.get(pair.second, "Other series seen later"),
                pair.offset.hours,
                HOURS if pair.offset.method != "variance" else VARIANCE,
                pair.offset.std_error,
                "" if pair.truth is None else f"truth: {pair.truth:g}",
            )
            for pair, verdict in zip(self.pairs, self.verdicts, strict=True)
            if verdict.moment != "cannot be told"
        ]
        figures.append(Figure("An hour adds to tracking error", self.cost(1.0) / BASIS_POINT, BP_A_YEAR))
        if self.measures is not None:
            figures.append(tracking_error_figure("Tracking error against the other series", self.measures))
            figures.append(Figure("Share of its variance from the clock", 100.0 * self.clock_share, PERCENT))
        return tuple(figures)

    def spark(self) -> Spark:
        """Return the hours to the benchmark by period."""
        unit = VARIANCE if self.pairs[0].offset.method == "variance" else HOURS
        return spark("Hours to the benchmark, by period", unit, self.pairs[0].periods["hours"])

    def record(self) -> dict[str, object]:
        """Return the ``benchmark_clock`` object, also under its old name, and the NAV basis against another series."""
        facts = self.to_record()
        record: dict[str, object] = {self.name: facts, "clock": facts}
        if self.result is None or self.measures is None:
            return record
        return {"bases": {"nav": {**self.measures.to_dict(), **self.result.to_dict()}}, **record}

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
                pair.offset.side_probability,
                pair.offset.method,
                pair.offset.variance.parts,
                pair.offset.nobs,
            ]
        unit = "24ths" if any(pair.offset.method == "variance" for pair in self.pairs) else "hours"
        columns = [
            unit,
            "± se",
            f"{self.confidence:.0%} interval",
            "labels",
            "after",
            "method",
            "variance, 24ths",
            "n",
        ]
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        notes = (
            "Positive: the second series was seen after the first. Labels: hours between the two wall clocks. After: "
            "the chance of that side. Method: bars of the asset, or daily levels with a profile of when in the week "
            "the asset moves; variance, 24ths: the share of a day's variance between the two, which busy hours make "
            "larger than the hours are. Half the interval is 1.96 standard errors.",
        )
        formats = {
            unit: "+.2f",
            "± se": ".2f",
            "labels": "+.2f",
            "after": ".0%",
            "variance, 24ths": "+.1f",
            "n": ",.0f",
        }
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
        columns = [f"from {self.history.frequency} returns", f"over 21 {self.history.period}s"]
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        sd = math.sqrt(self.hour_variance) / BASIS_POINT
        notes = (
            f"√(2·hours·variance of an hour·{self.history.periods_per_year:g}/{self.history.period}s); an hour of a "
            f"weekday moves the benchmark by {sd:.0f} bp (standard deviation). An offset comes back the next day: it "
            "is noise, not drift.",
        )
        return Table(
            frame,
            "Tracking error that an offset makes by itself, bp a year",
            dict.fromkeys(frame.columns, ",.0f"),
            notes,
        )

    def periods_figure(self) -> DescribedFigure | None:
        """Return the offsets by period, one panel a pair; None where no period is long enough."""
        shown = [pair for pair in self.pairs if len(pair.periods) > 1]
        if not shown:
            return None
        return offset_by_period({pair.name: (pair.periods, pair.offset.hours, pair.expected) for pair in shown})

    def cost_figure(self) -> DescribedFigure:
        """Return tracking error by hours of offset, with the offsets found."""
        marks = {pair.name: abs(pair.offset.hours) for pair in self.pairs if pair.offset.method != "variance"}
        most = max((*self.hours, *marks.values()))
        return cost_of_hours(
            self.hour_variance, marks, most, self.history.fund.ticker, periods_per_year=self.history.periods_per_year
        )

    def lag_figure(self) -> DescribedFigure:
        """Return the correlations by lead and lag."""
        return lead_lag(self.correlations(), self.history.fund.ticker)


def benchmark_clock(
    history: History,
    other: OtherBenchmark | None = None,
    *,
    freq: str = "QE",
    market: Market | None = None,
    hours: Sequence[float] = (0.5, 1.0, 1.5, 3.0, 5.0),
    horizons: Sequence[int] = (1, 5, 21, 63),
    confidence: float = 0.95,
) -> BenchmarkClock:
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
    market : {"continuous", "closes"}, optional
        Whether the market never closes, see `clock_offset`; by default it does not for coins and simulated assets, and
        closes for all others.
    hours : sequence of float
        Offsets whose cost is shown.
    horizons : sequence of int
        Sessions over which tracking error is taken.
    confidence : float
        Nominal coverage of every interval.

    Returns
    -------
    BenchmarkClock

    Raises
    ------
    SampleError
        If there are too few sessions, or the other series shares too few.
    """
    require_history(history, "benchmark_clock")
    return BenchmarkClock.of(
        history, other, freq=freq, market=market, hours=hours, horizons=horizons, confidence=confidence
    )


def _short(pair: ClockPair) -> str:
    return pair.second.removeprefix("its ")

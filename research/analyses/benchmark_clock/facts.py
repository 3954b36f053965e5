"""The clock as the data show it: how many hours apart series were seen, and what that does to tracking error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.alignment.variance_offset import Market
from research.analyses.benchmark_clock.pairs import (
    APART,
    AT_FUND_CLOCK,
    SAME,
    ClockPair,
    OtherBenchmark,
    clock_pairs,
    with_other,
)
from research.analyses.measures import Measures, measure_basis
from research.analyses.premium_discount.clock import hourly_variance
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition, DriverEstimate, decompose

__all__ = ["BenchmarkClockFacts", "PairVerdict"]

CHANGED = 0.01
"""P-value of one offset in all periods below which the clock is said to move."""

Moment = Literal["same moment", "no offset found", "apart", "after", "before", "cannot be told"]

LAGS = (-2, -1, 0, 1, 2)


@dataclass(frozen=True)
class PairVerdict:
    """What is to be said of one pair.

    Parameters
    ----------
    interval : tuple of float
        Of the offset, hours.
    moment : str
        ``"same moment"``, ``"no offset found"``, ``"after"`` or ``"before"``: when the second was seen; ``"apart"``
        where it is not known which came first; ``"cannot be told"`` of a futures fund, whose curve moves against the
        benchmark as an offset does.
    label : str
        Whether the interval ``"holds"`` what the labels say, ``"does not hold"`` it, or there are ``"none"``.
    through_time : str
        ``"steady"``, ``"moves"``, ``"no change found"``, or ``"not known"`` with fewer than two periods.
    """

    interval: tuple[float, float]
    moment: Moment
    label: Literal["holds", "does not hold", "none"]
    through_time: Literal["steady", "moves", "no change found", "not known"]


@dataclass(frozen=True, eq=False)
class BenchmarkClockFacts:
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

    @classmethod
    def of(
        cls,
        history: History,
        other: OtherBenchmark | None,
        *,
        freq: str,
        market: Market | None,
        hours: Sequence[float],
        horizons: Sequence[int],
        confidence: float,
    ) -> Self:
        """Measure; parameters and errors are those of `benchmark_clock`."""
        shifted = (
            with_other(history, other) if other is not None else history if AT_FUND_CLOCK in history.inputs else None
        )
        result = None if shifted is None else decompose(shifted, "nav", horizons=horizons, confidence=confidence)
        pairs = clock_pairs(history, shifted if other is not None else None, freq=freq, market=market)
        return cls(
            # Its source stands among the history's, so that provenance names its hash.
            history=history if other is None else replace(history, sources=(*history.sources, other.source)),
            pairs=pairs,
            hour_variance=hourly_variance(history),
            hours=tuple(hours),
            shifted=shifted,
            result=result,
            measures=None
            if shifted is None or result is None
            else measure_basis(shifted, "nav", result.fit, horizons, confidence),
            confidence=confidence,
        )

    def cost(self, hours: float, sessions: int = 1) -> float:
        """Return the tracking error that an offset makes by itself, annualised, from returns over some sessions."""
        return math.sqrt(2.0 * abs(hours) * self.hour_variance * self.history.periods_per_year / sessions)

    @property
    def clock_share(self) -> float:
        """Share of the daily divergence's variance that the clock makes against the other series; NaN without one."""
        if self.result is None or "clock" not in self.result.euler.index:
            return math.nan
        return float(self.result.euler.iloc[:, 0]["clock"])

    @property
    def clock(self) -> DriverEstimate | None:
        """The clock as a driver, against the series at the other clock; None without one."""
        if self.result is None:
            return None
        return next((part for part in self.result.drivers if part.name == "clock"), None)

    @cached_property
    def verdicts(self) -> tuple[PairVerdict, ...]:
        """What is to be said of each pair, in their order."""
        curve = self.history.fund.kind == "futures"
        # Net asset value and closes are of the same contracts.
        return tuple(
            _verdict(pair, self.confidence, curve=curve and pair.second != "its ordinary closes") for pair in self.pairs
        )

    @property
    def has_bars(self) -> bool:
        """Whether intraday prices of the asset were at hand."""
        return any(pair.offset.located is not None for pair in self.pairs)

    @cached_property
    def unclear(self) -> tuple[ClockPair, ...]:
        """Pairs whose offset may lie on either side, or whose regressions for after and for before both find one."""
        return tuple(
            pair
            for pair, verdict in zip(self.pairs, self.verdicts, strict=True)
            if verdict.moment == "apart" or (pair.offset.variance.ambiguous and verdict.moment in ("after", "before"))
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
            columns[name] = [float(logs["nav"].corr(logs["benchmark"].shift(lag))) for lag in LAGS]
        return pd.DataFrame(columns, index=list(LAGS))

    def to_record(self) -> dict[str, object]:
        """Return the ``benchmark_clock`` object of the result."""
        return {
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


def _verdict(pair: ClockPair, confidence: float, *, curve: bool) -> PairVerdict:
    low, high = pair.offset.interval(confidence)
    if max(abs(low), abs(high)) < SAME:
        moment: Moment = "same moment"
    elif low <= 0.0 <= high:
        moment = "apart" if pair.offset.distance(confidence)[0] > APART else "no offset found"
    else:
        moment = "after" if pair.offset.hours > 0 else "before"
    if curve and moment in ("apart", "after", "before"):
        moment = "cannot be told"
    label: Literal["holds", "does not hold", "none"] = "none"
    # 24ths of a session's variance are no hours, and no label says them.
    if not math.isnan(pair.expected) and pair.offset.method != "variance" and moment != "cannot be told":
        label = "holds" if low <= pair.expected <= high else "does not hold"
    through: Literal["steady", "moves", "no change found", "not known"] = "not known"
    if len(pair.periods) > 1:
        through = "moves" if pair.p_value_constant < CHANGED else "no change found"
        through = "steady" if pair.spread < 2.0 * SAME else through
    return PairVerdict((low, high), moment, label, through)

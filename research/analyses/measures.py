"""The measures of a history on each basis, every definition under its own name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from research.alignment.history import Basis, History
from research.analyses.phrases import ends_bp, joined, percent
from research.conventions import BASIS_POINT, SESSIONS_PER_YEAR
from research.decomposition.averaged import AveragedResult
from research.decomposition.local_level import LocalLevelResult
from research.errors import SampleError
from research.metrics import (
    TrackingErrorInterval,
    horizon_tracking_error_of_level,
    measure,
    observations,
    premium_deviation_interval,
    premium_mean_interval,
    premium_percentile_interval,
    premium_statistics,
    rounding_floor,
    tracking_error_interval,
)
from research.metrics.tracking_error_interval import calibrated_horizons
from research.tables import Result, Table

__all__ = ["Measures", "measure_basis", "measures_table", "premium_intervals", "premium_table"]


_FIELDS = {
    "log": ("tracking_difference_log", " (default)"),
    "ratio": ("tracking_difference_ratio", ""),
    "arithmetic": ("tracking_difference_arithmetic", ""),
    "daily": ("tracking_error", ", daily"),
    "root_mean_square": ("root_mean_square_divergence", ""),
    "mean_absolute": ("mean_absolute_divergence", ""),
    "variance": ("tracking_error_variance", ""),
}
"""Fields of `Measures` that are a registered measure each, in the order of the table, and what its title lacks here."""

_OFTEN = {"session": "Daily", "week": "Weekly", "month": "Monthly"}


@dataclass(frozen=True, eq=False)
class Measures(Result):
    """Tracking difference and tracking error of one basis, fractions a year unless stated.

    Parameters
    ----------
    basis : str
        ``"nav"`` or ``"price"``.
    log, ratio, arithmetic : float
        Tracking difference by its three definitions.
    daily : float
        Tracking error: standard deviation of the divergence from one session (week, month) to the next, n − 1,
        annualised.
    variance : float
        Its square.
    root_mean_square : float
        The same about zero, divisor n.
    mean_absolute : float
        Mean absolute divergence of a session, not annualised.
    horizons : mapping of int to float
        Tracking error of returns over that many sessions, annualised.
    permanent : float
        What accumulates of the drivers' remainder, annualised.
    transitory : float
        What comes back of it: standard deviation of the level, not annualised.
    rounding_floor : float
        Tracking error that printing fund and benchmark to their ticks makes by itself, annualised.
    observations : int
        Sessions with a return on both sides.
    period : str
        What one observation is: ``"session"``, ``"week"`` or ``"month"``; horizons count them.
    periods_per_year : float
        Observations a year by which dispersion is annualised.
    intervals : mapping of int to TrackingErrorInterval
        By horizon, the tracking error of these sessions and of the long run with what a reader must know of them; no
        entry where no interval is calibrated for the horizon, or the sample is too short for one.
    """

    basis: str
    log: float
    ratio: float
    arithmetic: float
    daily: float
    variance: float
    root_mean_square: float
    mean_absolute: float
    horizons: dict[int, float]
    permanent: float
    transitory: float
    rounding_floor: float
    observations: int
    period: str = "session"
    periods_per_year: float = SESSIONS_PER_YEAR
    intervals: Mapping[int, TrackingErrorInterval] = field(default_factory=dict)

    @property
    def interval(self) -> TrackingErrorInterval | None:
        """The intervals of the daily tracking error; None where the sample is too short."""
        return self.intervals.get(1)

    def summary(self) -> Table:
        """Return the measures of this basis in basis points."""
        return measures_table([self])

    def to_dict(self) -> dict[str, object]:
        """Return the measures in basis points, in the layout of ``research.result/1``."""
        return {
            "tracking_difference_bp": {
                name: getattr(self, name) / BASIS_POINT for name in ("log", "ratio", "arithmetic")
            },
            "tracking_error_bp": {
                "daily": self.daily / BASIS_POINT,
                "variance": self.variance / BASIS_POINT**2,
                "root_mean_square": self.root_mean_square / BASIS_POINT,
                "mean_absolute": self.mean_absolute / BASIS_POINT,
                "horizons": {str(horizon): value / BASIS_POINT for horizon, value in self.horizons.items()},
                "permanent": self.permanent / BASIS_POINT,
                "transitory": self.transitory / BASIS_POINT,
                "rounding_floor": self.rounding_floor / BASIS_POINT,
                "intervals": {
                    str(horizon): {
                        "period": [end / BASIS_POINT for end in found.period],
                        "long_run": [end / BASIS_POINT for end in found.long_run],
                        "calibrated": found.calibrated,
                    }
                    for horizon, found in self.intervals.items()
                },
                **_nature(self.interval),
            },
        }


def _nature(daily: TrackingErrorInterval | None) -> dict[str, object]:
    """Return what the daily divergence is like; None where nothing is known of it."""
    if daily is None:
        return dict.fromkeys(("heavy_tails", "clusters", "independent_stretches"))
    return {
        "heavy_tails": daily.heavy_tails,
        "clusters": daily.clusters,
        "independent_stretches": daily.independent_stretches if daily.clusters else None,
    }


def measure_basis(
    history: History,
    basis: Basis,
    fit: AveragedResult | LocalLevelResult,
    horizons: Sequence[int],
    confidence: float = 0.95,
) -> Measures:
    """Return every measure of one basis.

    Parameters
    ----------
    history : History
        Aligned history.
    basis : {"nav", "price"}
        What is compared with the benchmark.
    fit : AveragedResult or LocalLevelResult
        Regression of that basis, for the permanent and transitory parts.
    horizons : sequence of int
        Sessions.
    confidence : float
        Nominal coverage of the intervals.

    Returns
    -------
    Measures
        A session without a close is left out pairwise. Tracking difference runs from the first to the last value.
    """
    column: Literal["nav", "close"] = "nav" if basis == "nav" else "close"
    fund = history.nav_returns if basis == "nav" else history.price_returns
    benchmark = history.target_returns
    # Drift must not lose the sessions that dispersion leaves out: it is measured between known values.
    known = history.frame[[column, "benchmark"]].dropna()
    logs = known.apply(np.log).diff().iloc[1:] * [1.0, history.multiple]
    years = float((known.index[-1] - known.index[0]).days / 365.0)
    options = {"periods_per_year": history.periods_per_year}
    level = history.divergence(basis)
    usable = [horizon for horizon in horizons if horizon + 2 < len(level)]
    by_horizon = horizon_tracking_error_of_level(level, horizons=usable, **options)
    given = options | {"years": years}
    found = {}
    for name, (function, _) in _FIELDS.items():
        one = measure(function)
        pair = (logs[column], logs["benchmark"]) if "years" in one.needs else (fund, benchmark)
        found[name] = float(one.function(*pair, **{need: given[need] for need in one.needs}))
    return Measures(
        basis=basis,
        **found,
        horizons=dict(zip(usable, by_horizon.astype(float).tolist(), strict=True)),
        permanent=fit.permanent_over(history.periods_per_year),
        transitory=fit.sd_transitory,
        rounding_floor=_rounding(history, column),
        observations=int(observations(fund, benchmark)),
        period=history.period,
        periods_per_year=history.periods_per_year,
        intervals=_intervals(fund, benchmark, usable, confidence, history.periods_per_year),
    )


def _intervals(
    fund: pd.Series, benchmark: pd.Series, horizons: Sequence[int], confidence: float, periods_per_year: float
) -> dict[int, TrackingErrorInterval]:
    """Return the interval of each horizon that has one."""
    found = {}
    for horizon in sorted(set(horizons) & set(calibrated_horizons(confidence))):
        try:
            found[horizon] = tracking_error_interval(
                fund, benchmark, periods_per_year=periods_per_year, horizon=horizon, confidence=confidence
            )
        except SampleError:  # a sample too short for an interval still has its measures
            continue
    return found


def _rounding(history: History, column: Literal["nav", "close"]) -> float:
    """Return the floor that the ticks of both series set; NaN where a publisher's tick is not known."""
    ticks = {source.role: source.tick for source in history.sources}
    fund, benchmark = ticks.get(column), ticks.get("benchmark")
    if fund is None or benchmark is None:
        return float("nan")
    return float(
        np.hypot(
            rounding_floor(history.frame[column], fund, periods_per_year=history.periods_per_year),
            rounding_floor(history.frame["benchmark"], benchmark, periods_per_year=history.periods_per_year),
        )
    )


def _shown(value: object) -> str:
    """Return counts without decimals and basis points with one."""
    number = float(str(value))
    return f"{number:.0f}" if number.is_integer() and abs(number) >= 1 else f"{number:.1f}"


def premium_intervals(premium: pd.Series, confidence: float) -> dict[str, tuple[float, float]]:
    """Return the intervals of a premium's mean, mean absolute value, deviation and percentiles, as fractions.

    Parameters
    ----------
    premium : pandas.Series
        Log premium by session; NaN is left out.
    confidence : float
        Nominal coverage.

    Returns
    -------
    dict of str to tuple of float
        By the rows of `premium_statistics`: ``mean``, ``mean_absolute``, ``sd``, ``p1`` …; an end that is open is NaN,
        a row that has no interval in a sample so short, or of a premium that never moves, is absent.
    """
    table = premium_percentile_interval(premium, confidence=confidence, bandwidth="cosines")[["lower", "upper"]]
    found = {f"p{name:g}": (float(low), float(high)) for name, low, high in table.itertuples(index=True, name=None)}
    for name, interval, values in (
        ("mean", premium_mean_interval, premium),
        ("mean_absolute", premium_mean_interval, premium.abs()),
        ("sd", premium_deviation_interval, premium),
    ):
        try:
            found[name] = interval(values, confidence=confidence).interval
        except SampleError:  # too few sessions for an interval are enough for the statistic
            continue
    return found


def premium_table(history: History, confidence: float = 0.95) -> Table:
    """Return mean, deviation, percentiles and sessions outside bands of the log premium, in basis points."""
    statistics = premium_statistics(history.premium)
    intervals = premium_intervals(history.premium, confidence)
    counted = f"{history.period}s"
    labels = {"count": counted, "mean": "mean", "mean_absolute": "mean absolute", "sd": "standard deviation"}
    rows, ends = {}, []
    for name, value in statistics.items():
        is_count = str(name) == "count" or str(name).startswith("days_outside")
        label = re.sub(r"^p(\d)", r"percentile \1", str(name)).replace("days_outside_", f"{counted} outside ±")
        rows[labels.get(str(name), label)] = value if is_count else value / BASIS_POINT
        ends.append(ends_bp(intervals[str(name)]) if str(name) in intervals else None)
    frame = pd.DataFrame({"value": list(rows.values()), f"{percent(confidence)} interval": ends}, index=list(rows))
    notes = (
        f"Log premium in basis points of net asset value; the last rows count {counted}. Intervals allow for the "
        "premium's own persistence; where one is open, the sample does not reach that far out.",
    )
    return Table(frame, f"Premium of {history.fund.ticker}", {"value": _shown}, notes)


def measures_table(measures: Sequence[Measures]) -> Table:
    """Return the measures of every basis side by side, in basis points."""
    rows: dict[str, list[object]] = {}
    period = measures[0].period
    often = _OFTEN[period]
    for key, (name, detail) in _FIELDS.items():
        found = measure(name)
        said = detail.replace("daily", often.lower())
        label = f"{found.title[0].upper()}{found.title[1:]}{said}, {found.unit.shown.replace('period', period)}"
        rows[label] = [getattr(one, key) / found.unit.size for one in measures]
    for horizon in measures[0].horizons:
        over = f"over {horizon} {period}{'s' if horizon > 1 else ''}"
        rows[f"Tracking error {over}, bp a year"] = [
            one.horizons.get(horizon, float("nan")) / BASIS_POINT for one in measures
        ]
        intervals = [one.intervals.get(horizon) for one in measures]
        if any(intervals):
            rows[f"- {over}, this sample"] = [_ends(one, "period") for one in intervals]
            rows[f"- {over}, long run"] = [_ends(one, "long_run") for one in intervals]
    rows["Permanent part of what the drivers leave, bp a year"] = [one.permanent / BASIS_POINT for one in measures]
    rows["Transitory part of what the drivers leave, bp"] = [one.transitory / BASIS_POINT for one in measures]
    rows["Rounding floor, bp a year"] = [one.rounding_floor / BASIS_POINT for one in measures]
    columns = ["net asset value" if one.basis == "nav" else "market price" for one in measures]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    note = (
        f"Dispersion is annualised with {measures[0].periods_per_year:g} {period}s a year, drift with elapsed days "
        f"over 365. {often} log divergence; "
        f"{' and '.join(dict.fromkeys(f'{one.observations} intervals' for one in measures))}.",
        _about_intervals(measures),
    )
    return Table(frame, "Measures of tracking", dict.fromkeys(columns, _measured), note)


def _about_intervals(measures: Sequence[Measures]) -> str:
    """Return what the intervals in the table are of, and which horizons have none."""
    found = [interval for one in measures for interval in one.intervals.values()]
    without = [str(h) for h in measures[0].horizons if not any(h in one.intervals for one in measures)]
    none = f"no calibrated interval over {joined(without)} {measures[0].period}s" if without else ""
    if not found:
        return f"{none[:1].upper()}{none[1:]} in a sample of this length or at this confidence."
    text = (
        f"Intervals, {percent(found[0].confidence)}: this sample, where only its days' luck is open; long run, "
        "where the state of volatility that it was in is open too"
    )
    long = "; a sample above 1,512 sessions is longer than those that were simulated"
    return "; ".join(filter(None, (text, none))) + ("" if all(one.calibrated for one in found) else long) + "."


def _ends(found: TrackingErrorInterval | None, kind: Literal["period", "long_run"]) -> str | None:
    """Return an interval in basis points as a cell; None where there is none."""
    return None if found is None else ends_bp(found.period if kind == "period" else found.long_run)


def _measured(cell: object) -> str:
    """Return basis points with two decimals, and an interval as it is."""
    return cell if isinstance(cell, str) else f"{float(str(cell)):,.2f}"

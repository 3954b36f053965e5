"""Do the intervals hold? Funds whose truth is known, the toolkit's own estimates, and how often the truth is inside."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from research.alignment.history import Basis
from research.conventions import BASIS_POINT, check_confidence, years_between
from research.decomposition import Identification, identify, slope_break
from research.drivers import exposures, measure
from research.drivers.premium import rounding_error
from research.errors import ParameterError
from research.funds import FeePeriod
from research.simulation.best import BestEstimator
from research.simulation.checks import whole
from research.simulation.noise_kinds import NOISE_KINDS, noise_worlds, study_world
from research.simulation.paths import Panel, simulate_panel
from research.simulation.simulate import history_of
from research.simulation.world import SimulatedKind, World
from research.tables import Result, Table

__all__ = [
    "BreakCoverage",
    "CoverageStudy",
    "break_coverage",
    "coverage_study",
    "plain_rows",
    "run_tasks",
    "share_interval",
]

Made = TypeVar("Made")

_CHUNK = 100
# Every driver of a simulated fund passes through in full.
_TRUTH = 1.0
_FOUND = ("driver", "truth", "estimate", "std_error", "inside", "width", "best", "stated_bp")
_BASIC = ("stationary", "random_walk", "mixed")


@dataclass(frozen=True, eq=False)
class Study(Result):
    """What is known of simulated funds and what was found in them, kind of noise by kind of noise.

    Parameters
    ----------
    estimates : pandas.DataFrame
        Everything that was found, one row each.
    worlds : mapping of str to World
        What was simulated, of several lengths the last.
    draws, seed : int
        Funds of each kind, and what seeded them.
    confidence : float
        Nominal coverage.
    """

    estimates: pd.DataFrame = field(repr=False)
    worlds: Mapping[str, World] = field(repr=False)
    draws: int
    seed: int
    confidence: float

    @cached_property
    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """How the estimates fared, one row for each kind of noise and what was estimated."""

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of `frame`."""
        return self.frame.copy()

    def to_dict(self) -> dict[str, object]:
        """Return the study as plain numbers, ready for JSON."""
        rows = plain_rows(self.frame)
        return {"draws": self.draws, "seed": self.seed, "confidence": self.confidence, "rows": rows}


@dataclass(frozen=True, eq=False)
class CoverageStudy(Study):
    """Result of `coverage_study`.

    Notes
    -----
    Columns of `estimates`: ``noise``, ``sessions``, ``basis``, ``draw``, ``driver``, ``truth``, ``estimate``,
    ``std_error``, ``inside`` (1 where the interval holds the truth), ``width`` of the interval, ``best`` (generalised
    least squares with the true noise parameters), ``stated_bp`` (driver's gain a year). NaN where the driver was
    imposed.
    """

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row for each kind of noise, length of the sample, basis and driver.

        ``draws`` that were estimated, ``bias`` of the coefficient, ``bias_std_error`` (its Monte-Carlo error),
        ``bias_share`` (bias over the mean standard error), ``sd`` of the estimates, ``std_error`` (mean of those
        stated), ``std_error_bp`` (of the contribution, a year), ``width_bp`` (mean width of its interval) beside
        ``best_width_bp`` (that of the best estimator, whose spread is known), ``efficiency`` (variance of the best
        estimator over that of this one), ``coverage`` and its Monte-Carlo interval ``lower`` to ``upper``.
        """
        keys = ["noise", "sessions", "basis", "driver"]
        groups = self.estimates.groupby(keys, sort=False)
        rows = [(*key, *_row(group, self.confidence)) for key, group in groups]
        columns = ["draws", "bias", "bias_std_error", "bias_share", "sd", "std_error", "std_error_bp"]
        columns += ["width_bp", "best_width_bp", "efficiency", "coverage", "lower", "upper"]
        return pd.DataFrame(rows, columns=[*keys, *columns])

    def summary(self) -> Table:
        """Return the study as a table for readers."""
        frame = self.frame
        shown = pd.DataFrame(
            {
                "sessions": frame["sessions"],
                "basis": frame["basis"],
                "driver": frame["driver"],
                "bias": frame["bias"],
                "bias / se": frame["bias_share"],
                "sd": frame["sd"],
                "mean se": frame["std_error"],
                "se, bp": frame["std_error_bp"],
                "width, bp": frame["width_bp"],
                "best width, bp": frame["best_width_bp"],
                "efficiency": frame["efficiency"],
                "coverage": 100 * frame["coverage"],
                "Monte Carlo": _ranges(frame),
            }
        ).set_index(frame["noise"].rename(None))
        formats = {"bias": "+.5f", "bias / se": "+.3f", "sd": ".5f", "mean se": ".5f", "se, bp": ".3f"}
        formats |= {"width, bp": ".2f", "best width, bp": ".2f", "efficiency": ".3f", "coverage": ".1f"}
        notes = (
            "Bias, sd and se are those of the coefficient, whose truth is 1; se, bp: of the contribution a year.",
            "Efficiency: variance of generalised least squares with the true noise, over the variance found.",
            "Width: of the interval of the contribution a year, and what it would be for who knows the noise.",
            *_descriptions(self.worlds),
        )
        caption = f"Coverage of {self.confidence:.0%} intervals, %, {self.draws} simulated funds each, seed {self.seed}"
        return Table(shown, caption, formats, notes)


@dataclass(frozen=True, eq=False)
class BreakCoverage(Study):
    """Result of `break_coverage`.

    Notes
    -----
    Columns of `estimates`, one row a search: ``noise``, ``draw``, ``truth``, ``date``, ``lower``, ``upper``.
    """

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row for each kind of noise.

        ``bias_days`` and ``sd_days`` of the day found, ``exact`` (share found to the day), ``width_days`` (median days
        in the interval), ``coverage`` and its Monte-Carlo interval ``lower`` to ``upper``.
        """
        rows = []
        for name, group in self.estimates.groupby("noise", sort=False):
            error = (group["date"] - group["truth"]).dt.days
            inside = (group["lower"] <= group["truth"]) & (group["truth"] <= group["upper"])
            width = (group["upper"] - group["lower"]).dt.days + 1
            bounds = share_interval(int(inside.sum()), len(group))
            middle = (float(error.mean()), float(error.std()), float((error == 0).mean()), float(width.median()))
            rows.append((str(name), len(group), *middle, float(inside.mean()), *bounds))
        columns = ["noise", "draws", "bias_days", "sd_days", "exact", "width_days", "coverage", "lower", "upper"]
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> Table:
        """Return the study as a table for readers."""
        frame = self.frame
        shown = pd.DataFrame(
            {
                "bias, days": frame["bias_days"],
                "sd, days": frame["sd_days"],
                "to the day": 100 * frame["exact"],
                "interval, days": frame["width_days"],
                "coverage": 100 * frame["coverage"],
                "Monte Carlo": _ranges(frame),
            }
        ).set_index(frame["noise"].rename(None))
        formats = {"bias, days": "+.2f", "sd, days": ".2f", "to the day": ".1f", "interval, days": ".0f"}
        caption = f"First day of a fee: coverage of {self.confidence:.0%} intervals, %, {self.draws} funds each"
        notes = (f"Seed {self.seed}. The interval's days are a median.", *_descriptions(self.worlds))
        return Table(shown, caption, formats | {"coverage": ".1f"}, notes)


def _row(group: pd.DataFrame, confidence: float) -> tuple[float, ...]:
    """Return the figures of one kind, length, basis and driver."""
    known = group.dropna(subset=["estimate"])
    count = len(known)
    if count < 2:
        return (count, *[math.nan] * 12)
    error = (known["estimate"] - known["truth"]).to_numpy()
    best = (known["best"] - known["truth"]).to_numpy()
    spread, stated = float(error.std(ddof=1)), float(known["std_error"].mean())
    bias = float(error.mean())
    bounds = share_interval(int(known["inside"].sum()), count)
    gains = known["stated_bp"].abs()
    in_bp, width = float((known["std_error"] * gains).mean()), float((known["width"] * gains).mean())
    best_width = 2.0 * float(ndtri(0.5 + confidence / 2)) * float((best * gains.to_numpy()).std(ddof=1))
    efficiency = float(best.var(ddof=1) / spread**2) if spread > 0.0 else math.nan
    figures = (bias, spread / math.sqrt(count), bias / stated, spread, stated, in_bp, width, best_width, efficiency)
    return (count, *figures, float(known["inside"].mean()), *bounds)


def coverage_study(
    noises: Sequence[str] | Mapping[str, World] = _BASIC,
    draws: int = 1000,
    sessions: int | Sequence[int] = 504,
    *,
    seed: int = 0,
    confidence: float = 0.95,
    jobs: int = 1,
    kind: SimulatedKind = "spot",
    world: World | None = None,
    grouped: bool = True,
    **options: Any,  # noqa: ANN401 - they are those of `identify`, which checks them
) -> CoverageStudy:
    """Measure bias, efficiency and interval coverage of every driver on simulated funds.

    Parameters
    ----------
    noises : sequence of str, or mapping of str to World
        Kinds of noise by name, see `NOISE_KINDS`; or worlds of one's own by any name.
    draws : int
        Funds of each kind.
    sessions : int or sequence of int
        Sessions of each fund, one length or several; of no effect where worlds are given.
    seed : int
        Seeds everything; fund i of a kind is ``simulate(world, seed, draw=i)``.
    confidence : float
        Nominal coverage of the intervals.
    jobs : int
        Processes. The numbers do not depend on it.
    kind : str
        Kind of fund that the named kinds of noise are put on.
    world : World, optional
        Fund to put them on in the place of `study_world`.
    grouped : bool
        Whether drivers of one group share one coefficient, as in a decomposition; else each is on its own.
    **options
        Further arguments of `research.decomposition.identify`: ``policy``, ``error``, ``cov_type`` and so on.

    Returns
    -------
    CoverageStudy
        One row for each kind, length, basis and driver.

    Raises
    ------
    UnknownNameError
        If a kind does not exist.
    ParameterError
        If `draws`, `jobs` or `confidence` is out of range.

    Notes
    -----
    Each fund goes the way of a real one: its drivers are measured from the history, identified and estimated as
    `research.decompose` does by default. A driver that a fund's data do not identify is imposed and has no
    interval; one that is an identity is left out.

    Examples
    --------
    >>> study = coverage_study(["random_walk"], draws=20, sessions=120)
    >>> study.frame[["basis", "driver"]].values.tolist()
    [['nav', 'expense_ratio'], ['price', 'expense_ratio']]
    """
    whole("draws", draws, 2)
    whole("seed", seed, 0)
    check_confidence(confidence)
    lengths = (sessions,) if isinstance(sessions, int) else tuple(sessions)
    given = [world] if world is not None or isinstance(noises, Mapping) else [study_world(n, kind) for n in lengths]
    by_length = [_worlds(noises, each or study_world()) for each in given]
    if not by_length:
        raise ParameterError("sessions is empty: give at least one length, such as 504")
    tasks = [
        (name, each, tuple(range(first, min(first + _CHUNK, draws))), seed, confidence, grouped, options)
        for worlds in by_length
        for name, each in worlds.items()
        for first in range(0, draws, _CHUNK)
    ]
    estimates = pd.concat(run_tasks(_estimates, tasks, jobs), ignore_index=True)
    return CoverageStudy(estimates=estimates, worlds=by_length[-1], draws=draws, seed=seed, confidence=confidence)


def break_coverage(
    noises: Sequence[str] | Mapping[str, World] = _BASIC,
    draws: int = 200,
    sessions: int = 504,
    *,
    seed: int = 0,
    confidence: float = 0.95,
    jobs: int = 1,
    simulated_samples: int = 199,
) -> BreakCoverage:
    """Measure how well `slope_break` finds the day on which a fee begins, and how often its interval holds.

    Parameters
    ----------
    noises, draws, sessions, seed, confidence, jobs
        As in `coverage_study`. A world of one's own must have a fee of two periods.
    simulated_samples : int
        Samples behind each interval, ``draws`` of `slope_break`.

    Returns
    -------
    BreakCoverage
        One row for each kind.

    Raises
    ------
    ParameterError
        If a world's fee has not two periods inside the sample.

    Examples
    --------
    >>> found = break_coverage(["random_walk"], draws=5, sessions=120, simulated_samples=19)
    >>> int(found.frame["draws"].iloc[0])
    5
    """
    whole("draws", draws, 2)
    check_confidence(confidence)
    worlds = _worlds(noises, study_world(sessions))
    for name, each in worlds.items():
        if len(_regimes(each)) != 2:
            raise ParameterError(f"the fee of {name!r} has {len(_regimes(each))} periods in the sample: give it two")
    tasks = [
        (name, each, tuple(range(first, min(first + 10, draws))), seed, confidence, simulated_samples)
        for name, each in worlds.items()
        for first in range(0, draws, 10)
    ]
    estimates = pd.concat(run_tasks(_breaks, tasks, jobs), ignore_index=True)
    return BreakCoverage(estimates=estimates, worlds=worlds, draws=draws, seed=seed, confidence=confidence)


def _worlds(noises: Sequence[str] | Mapping[str, World], world: World) -> dict[str, World]:
    """Return the worlds of a study by name."""
    if isinstance(noises, str):
        raise ParameterError(f"noises is {noises!r}: give a list of names, such as [{noises!r}]")
    worlds = dict(noises) if isinstance(noises, Mapping) else noise_worlds(noises, world)
    if not worlds:
        raise ParameterError("noises is empty: name at least one kind")
    return worlds


def run_tasks(function: Callable[..., Made], tasks: Sequence[tuple[Any, ...]], jobs: int) -> list[Made]:
    """Return what a function makes of all tasks, in their order, from one process or several.

    Parameters
    ----------
    function : callable
        Of a module, so that another process can find it.
    tasks : sequence of tuple
        Its arguments, a tuple a call.
    jobs : int
        Processes, from 1.

    Raises
    ------
    ParameterError
        If `jobs` is no whole number from 1.
    """
    whole("jobs", jobs, 1)
    if jobs == 1:
        return [function(*task) for task in tasks]
    # A fresh interpreter for each process: a fork would carry over the threads of the numerical libraries.
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as pool:
        return [future.result() for future in [pool.submit(function, *task) for task in tasks]]


@dataclass(frozen=True, eq=False)
class _Sample:
    """One fund on one basis: what is estimated, and what each driver has to do with it.

    `drivers` holds name, exposure (the column whose coefficient is the driver's own) and gain over the sample.
    """

    basis: Basis
    level: pd.Series[float]
    exposures: pd.DataFrame
    drivers: Sequence[tuple[str, str, float]]
    positions: npt.NDArray[np.int64] | None = None
    rounding: Mapping[str, float] = field(default_factory=dict)
    identities: frozenset[str] = frozenset()


def _estimates(
    name: str,
    world: World,
    draws: tuple[int, ...],
    seed: int,
    confidence: float,
    grouped: bool,
    options: dict[str, Any],
) -> pd.DataFrame:
    """Return one row for each fund, basis and driver."""
    panel = simulate_panel(world, draws, seed)
    best = BestEstimator(panel)
    rows: list[tuple[object, ...]] = []
    for i, draw in enumerate(draws):
        for sample in _observed(panel, i) if _is_plain(world) else _measured(panel, i, grouped):
            found = identify(
                sample.level,
                sample.exposures,
                positions=sample.positions,
                rounding=sample.rounding,
                identities=sample.identities,
                **options,
            )
            rows.extend(
                (name, world.sessions, sample.basis, draw, *figures)
                for figures in _figures(sample, found, best, i, confidence)
            )
    return pd.DataFrame(rows, columns=["noise", "sessions", "basis", "draw", *_FOUND])


def _is_plain(world: World) -> bool:
    """Tell whether a fund's drivers can be written down without its history: the same numbers, several times faster."""
    flat = all(period.is_flat for period in world.schedule.periods) and world.schedule.paid is None
    return world.kind == "spot" and flat and world.missing_rate == 0.0 and world.clock_offset_hours == 0.0


def _observed(panel: Panel, row: int) -> Iterator[_Sample]:
    """Yield level and drivers on each basis straight from the panel."""
    index = panel.sessions
    fee = panel.components["expense_ratio"][row]
    nav, benchmark = np.log(panel.nav[row]), np.log(panel.benchmark[row])
    charged = ("expense_ratio", "expense_ratio", float(fee[-1] - fee[0]))
    yield _Sample("nav", pd.Series(nav - benchmark, index), pd.DataFrame({"expense_ratio": fee}, index), [charged])
    if panel.close is not None:
        close = np.log(panel.close[row])
        premium = close - nav
        columns = pd.DataFrame({"expense_ratio": fee, "premium_discount": premium}, index)
        paid = ("premium_discount", "premium_discount", float(premium[-1] - premium[0]))
        rounding = {"premium_discount": rounding_error(panel.nav[row], panel.world.rounding.nav)}
        level, identity = pd.Series(close - benchmark, index), frozenset({"premium_discount"})
        yield _Sample("price", level, columns, [charged, paid], rounding=rounding, identities=identity)


def _measured(panel: Panel, row: int, grouped: bool) -> Iterator[_Sample]:
    """Yield level and drivers on each basis as they are measured from a history."""
    history = history_of(panel, row)
    for basis in history.bases:
        level, found = history.divergence(basis), measure(history, basis)
        if not grouped:
            found = tuple(replace(driver, group="") for driver in found)
        gains = [float(driver.level.iloc[-1] - driver.level.iloc[0]) for driver in found]
        drivers = [(driver.name, driver.exposure, gain) for driver, gain in zip(found, gains, strict=True)]
        rounding = {driver.exposure: driver.rounding for driver in found if driver.rounding > 0.0}
        identities = frozenset(driver.exposure for driver in found if driver.identity)
        yield _Sample(basis, level, exposures(found, level.index), drivers, history.positions, rounding, identities)


def _figures(
    sample: _Sample, found: Identification, best: BestEstimator, row: int, confidence: float
) -> Iterator[tuple[object, ...]]:
    """Yield the columns `_FOUND` of each driver."""
    fit, paths = found.fit, sample.exposures.to_numpy(dtype=float)
    free = np.array([name not in found.imposed for name in sample.exposures.columns])
    moved = sample.level.to_numpy() - paths[:, ~free].sum(axis=1)
    # The regression keeps the order of the columns.
    ideal = best(row, moved, paths[:, free])
    estimated = dict(zip(fit.params.index, zip(fit.params, fit.std_errors, ideal, strict=True), strict=True))
    bounds = fit.conf_int(confidence)
    years = years_between(pd.Timestamp(sample.level.index[0]), pd.Timestamp(sample.level.index[-1]))
    for name, exposure, gain in sample.drivers:
        if exposure in found.identities:  # nothing is estimated, so there is nothing to cover
            continue
        stated = gain / years / BASIS_POINT
        if exposure not in estimated:
            yield name, _TRUTH, math.nan, math.nan, math.nan, math.nan, math.nan, stated
            continue
        value, error, other = (float(figure) for figure in estimated[exposure])
        low, high = float(bounds["lower"][exposure]), float(bounds["upper"][exposure])
        yield name, _TRUTH, value, error, float(low <= _TRUTH <= high), high - low, other, stated


def _regimes(world: World) -> tuple[FeePeriod, ...]:
    return world.schedule.regimes(world.index[0].date(), world.index[-1].date())


def _breaks(
    name: str, world: World, draws: tuple[int, ...], seed: int, confidence: float, samples: int
) -> pd.DataFrame:
    """Return one row for each fund: the day found, its interval and the true day."""
    panel = simulate_panel(world, draws, seed)
    truth = pd.Timestamp(_regimes(world)[1].start)
    rows = []
    for i, draw in enumerate(draws):
        history = history_of(panel, i)
        found = slope_break(
            history.divergence("nav"), confidence=confidence, draws=samples, seed=draw, positions=history.positions
        )
        rows.append((name, draw, truth, found.date, *found.interval))
    return pd.DataFrame(rows, columns=["noise", "draw", "truth", "date", "lower", "upper"])


def _ranges(frame: pd.DataFrame) -> list[str]:
    """Return the Monte-Carlo intervals in words."""
    bounds = zip(100 * frame["lower"], 100 * frame["upper"], strict=True)
    return [f"{low:.1f} to {high:.1f}" for low, high in bounds]


def _descriptions(worlds: Mapping[str, World]) -> tuple[str, ...]:
    """Return a sentence for each named kind of noise."""
    return tuple(f"{name}: {NOISE_KINDS[name].description}." for name in worlds if name in NOISE_KINDS)


def plain_rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows of a table with Python's own numbers, NaN as None.

    Examples
    --------
    >>> plain_rows(pd.DataFrame({"share": [0.5, math.nan]}))
    [{'share': 0.5}, {'share': None}]
    """
    plain = []
    for row in frame.to_dict(orient="records"):
        cells: dict[str, object] = {}
        for key, value in row.items():
            number = value.item() if isinstance(value, np.generic) else value
            cells[str(key)] = None if isinstance(number, float) and math.isnan(number) else number
        plain.append(cells)
    return plain


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that was counted.

    Parameters
    ----------
    count, total : int
        Hits, and trials.

    Returns
    -------
    tuple of float
        Lower and upper bound, fractions; NaN without trials.

    Notes
    -----
    Wilson (1927): stays inside 0 to 1 and holds near the ends, where the normal one does not.

    Examples
    --------
    >>> [round(bound, 4) for bound in share_interval(950, 1000)]
    [0.9347, 0.9619]
    """
    if total == 0:
        return math.nan, math.nan
    z = 1.959963984540054
    share = count / total
    middle = share + z**2 / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return (middle - half) / (1 + z**2 / total), (middle + half) / (1 + z**2 / total)

"""Do the intervals hold? Funds whose truth is known, the toolkit's own estimates, and how often the truth is inside."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.history import Basis
from research.conventions import BASIS_POINT, check_confidence, years_between
from research.decomposition import Identification, identify, slope_break
from research.drivers import exposures, measure
from research.drivers.premium import rounding_error
from research.errors import ParameterError
from research.funds import FeePeriod
from research.simulation.best import BestEstimator
from research.simulation.checks import whole
from research.simulation.noise_kinds import noise_worlds, study_world
from research.simulation.paths import Panel, simulate_panel
from research.simulation.simulate import history_of
from research.simulation.study import BreakCoverage, CoverageStudy
from research.simulation.world import SimulatedKind, World

__all__ = ["break_coverage", "coverage_study"]

_CHUNK = 100
# Every driver of a simulated fund passes through in full.
_TRUTH = 1.0
_FOUND = ("driver", "truth", "estimate", "std_error", "inside", "best", "stated_bp")
_BASIC = ("stationary", "random_walk", "mixed")


def coverage_study(
    noises: Sequence[str] | Mapping[str, World] = _BASIC,
    draws: int = 1000,
    sessions: int = 504,
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
    sessions : int
        Sessions of each fund; of no effect where worlds are given.
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
        Further arguments of `research.decomposition.identify`: ``policy``, ``cov_type`` and so on.

    Returns
    -------
    CoverageStudy
        One row for each kind, basis and driver.

    Raises
    ------
    UnknownNameError
        If a kind does not exist.
    ParameterError
        If `draws`, `jobs` or `confidence` is out of range.

    Notes
    -----
    Each fund goes the way of a real one: its drivers are measured from the history, identified and estimated as
    `research.decompose` does by default. A driver that a fund's data do not identify is imposed and has no interval.

    Examples
    --------
    >>> study = coverage_study(["random_walk"], draws=20, sessions=120)
    >>> study.frame[["basis", "driver"]].values.tolist()
    [['nav', 'expense_ratio'], ['price', 'expense_ratio'], ['price', 'premium_discount']]
    """
    whole("draws", draws, 2)
    whole("seed", seed, 0)
    check_confidence(confidence)
    worlds = _worlds(noises, world or study_world(sessions, kind))
    tasks = [
        (name, each, tuple(range(first, min(first + _CHUNK, draws))), seed, confidence, grouped, options)
        for name, each in worlds.items()
        for first in range(0, draws, _CHUNK)
    ]
    estimates = pd.concat(_run(_estimates, tasks, jobs), ignore_index=True)
    return CoverageStudy(estimates=estimates, worlds=worlds, draws=draws, seed=seed, confidence=confidence)


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
    estimates = pd.concat(_run(_breaks, tasks, jobs), ignore_index=True)
    return BreakCoverage(estimates=estimates, worlds=worlds, draws=draws, seed=seed, confidence=confidence)


def _worlds(noises: Sequence[str] | Mapping[str, World], world: World) -> dict[str, World]:
    """Return the worlds of a study by name."""
    if isinstance(noises, str):
        raise ParameterError(f"noises is {noises!r}: give a list of names, such as [{noises!r}]")
    worlds = dict(noises) if isinstance(noises, Mapping) else noise_worlds(noises, world)
    if not worlds:
        raise ParameterError("noises is empty: name at least one kind")
    return worlds


def _run(function: Callable[..., pd.DataFrame], tasks: Sequence[tuple[Any, ...]], jobs: int) -> list[pd.DataFrame]:
    """Return the tables of all tasks in order, from one process or several."""
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
                sample.level, sample.exposures, positions=sample.positions, rounding=sample.rounding, **options
            )
            rows.extend(
                (name, sample.basis, draw, *figures) for figures in _figures(sample, found, best, i, confidence)
            )
    return pd.DataFrame(rows, columns=["noise", "basis", "draw", *_FOUND])


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
        yield _Sample("price", pd.Series(close - benchmark, index), columns, [charged, paid], rounding=rounding)


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
        yield _Sample(basis, level, exposures(found, level.index), drivers, history.positions, rounding)


def _figures(
    sample: _Sample, found: Identification, best: BestEstimator, row: int, confidence: float
) -> Iterator[tuple[object, ...]]:
    """Yield driver, truth, estimate, standard error, whether the truth is inside, the best estimate, and bp a year."""
    fit, paths = found.fit, sample.exposures.to_numpy(dtype=float)
    free = np.array([name not in found.imposed for name in sample.exposures.columns])
    moved = sample.level.to_numpy() - paths[:, ~free].sum(axis=1)
    # The regression keeps the order of the columns.
    ideal = best(row, moved, paths[:, free])
    estimated = dict(zip(fit.params.index, zip(fit.params, fit.std_errors, ideal, strict=True), strict=True))
    half = fit.quantile(confidence)
    years = years_between(pd.Timestamp(sample.level.index[0]), pd.Timestamp(sample.level.index[-1]))
    for name, exposure, gain in sample.drivers:
        stated = gain / years / BASIS_POINT
        if exposure not in estimated:
            yield name, _TRUTH, math.nan, math.nan, math.nan, math.nan, stated
            continue
        value, error, other = (float(figure) for figure in estimated[exposure])
        yield name, _TRUTH, value, error, float(abs(value - _TRUTH) <= half * error), other, stated


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

"""How often is a verdict false? Funds with nothing wrong and with one thing wrong, and what is said of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from research.alignment.history import Basis, History
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition, decompose, fee_regimes, slope_break
from research.decomposition.estimates import DriverEstimate
from research.decomposition.identification import Policy
from research.drivers import exposures, measure
from research.errors import ParameterError, UnknownNameError
from research.simulation.checks import whole
from research.simulation.coverage import plain_rows, run_tasks, share_interval
from research.simulation.deviations import DEVIATIONS, Deviation
from research.simulation.examples import SIMULATED_FUNDS
from research.simulation.noise_kinds import NOISE_KINDS
from research.simulation.world import World
from research.tables import Result, Table

__all__ = ["BUNDLED", "VERDICTS", "VerdictStudy", "verdict_study"]

BUNDLED: Final = "bundled"
"""Noise that the bundled simulated fund of a kind has."""

VERDICTS: Final[Mapping[str, str]] = {
    "driver": "a driver, or the drivers of a group, not as stated",
    "combination": "drivers that cannot be told apart, or one and a drift, together not as stated",
    "remainder": "the remainder more than chance",
    "fee_period": "the fee of a period not the one stated",
    "break": "a change of the drift",
}
"""What can be said of a fund, in words."""

_OF_A_DECOMPOSITION = ("driver", "combination", "remainder")
_KINDS = ("spot", "futures", "leveraged", "staking")
_NOISES = ("stationary", "random_walk", "walk_03", "autocorrelated")
# A verdict of a change needs a p-value of one per cent, which takes as many samples to reach.
_SAMPLES = 99
_CHUNK = 10
_KEYS = ["fund", "noise", "deviation"]


@dataclass(frozen=True, eq=False)
class VerdictStudy(Result):
    """Result of `verdict_study`.

    Parameters
    ----------
    claims : pandas.DataFrame
        One row a fund and verdict: ``fund``, ``noise``, ``deviation``, ``draw``, ``verdict`` (see `VERDICTS`),
        ``said`` and, of what was said, ``false`` and ``right``. A verdict that is not given of a fund has no row.
    intervals : pandas.DataFrame
        Every interval that was printed of a fund with nothing wrong: ``fund``, ``noise``, ``draw``, ``row``,
        ``truth_bp``, ``inside``, ``width_bp``.
    draws, sessions, seed : int
        Funds of each kind, noise and deviation; sessions of each; what seeded them.
    basis : str
        ``"nav"`` or ``"price"``.
    imposed : tuple of str
        Drivers that were imposed.
    """

    claims: pd.DataFrame = field(repr=False)
    intervals: pd.DataFrame = field(repr=False)
    draws: int
    sessions: int
    seed: int
    basis: Basis
    imposed: tuple[str, ...]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row for each kind of fund, noise and deviation.

        ``draws``; for each verdict ``<verdict>_given`` (funds), ``<verdict>_false`` (share of those in which it was
        false) and its Wilson interval ``<verdict>_lower`` to ``<verdict>_upper``; ``blamed`` (share of all funds in
        which a driver or a group was blamed that is as stated), ``found`` (share in which a verdict of the
        decomposition was right) and ``missed`` (share in which none of them said anything). The last two are NaN where
        none could be right.
        """
        rows = []
        for key, group in self.claims.groupby(_KEYS, sort=False):
            fund, noise, name = map(str, key)
            row: dict[str, object] = {"fund": fund, "noise": noise, "deviation": name}
            row["draws"] = int(group["draw"].nunique())
            rows.append(row | _rates(group, DEVIATIONS[name].can_be_named))
        return pd.DataFrame(rows)

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """How often the intervals of funds with nothing wrong held the truth, by fund, noise and row of the table.

        ``draws``, ``coverage``, its Wilson interval ``lower`` to ``upper``, and the mean ``width_bp``.
        """
        rows = []
        for key, group in self.intervals.groupby(["fund", "noise", "row"], sort=False):
            count, inside = len(group), int(group["inside"].sum())
            rows.append(
                (*map(str, key), count, inside / count, *share_interval(inside, count), float(group["width_bp"].mean()))
            )
        columns = ["fund", "noise", "row", "draws", "coverage", "lower", "upper", "width_bp"]
        return pd.DataFrame(rows, columns=columns)

    def pooled(self, verdict: str, deviation: str = "nothing") -> tuple[int, int]:
        """Return how often a verdict was false, over all kinds of fund and noise, and how often it was given.

        Parameters
        ----------
        verdict : str
            One of `VERDICTS`.
        deviation : str
            One of `DEVIATIONS`.

        Raises
        ------
        UnknownNameError
            If either does not exist.
        """
        _known([verdict], "verdict", VERDICTS)
        _known([deviation], "deviation", DEVIATIONS)
        part = self.claims[(self.claims["verdict"] == verdict) & (self.claims["deviation"] == deviation)]
        return int(part["false"].sum()), len(part)

    def summary(self) -> Table:
        """Return the study as a table for readers, shares in percent."""
        frame = self.frame
        shown = pd.DataFrame({"noise": frame["noise"], "what is wrong": frame["deviation"]})
        for verdict in VERDICTS:
            if f"{verdict}_false" in frame:
                shown[verdict.replace("_", " ")] = [_shown(row, verdict) for _, row in frame.iterrows()]
        for name in ("blamed", "found", "missed"):
            shown[name] = 100 * frame[name]
        names = {name for name in frame["deviation"] if name != "nothing"}
        fixed = f" {', '.join(self.imposed)} imposed." if self.imposed else ""
        notes = (
            "False verdicts, with their 95 % Monte-Carlo interval; empty where a report gives no such verdict.",
            "Of the decomposition: blamed, a driver was named that is as stated; found, a verdict was right; missed, "
            "nothing was said.",
            *(f"{name}: {DEVIATIONS[name].description}." for name in DEVIATIONS if name in names),
        )
        caption = (
            f"False verdicts, % of {self.draws} simulated funds of {self.sessions} sessions each, basis {self.basis}, "
            f"seed {self.seed}.{fixed}"
        )
        shown = shown.set_index(frame["fund"].rename(None))
        return Table(shown, caption, dict.fromkeys(("blamed", "found", "missed"), ".1f"), notes)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of `frame`."""
        return self.frame.copy()

    def to_dict(self) -> dict[str, object]:
        """Return the study as plain numbers, ready for JSON."""
        return {
            "draws": self.draws,
            "sessions": self.sessions,
            "seed": self.seed,
            "basis": self.basis,
            "imposed": list(self.imposed),
            "rows": plain_rows(self.frame),
            "coverage": plain_rows(self.coverage),
        }


def _rates(group: pd.DataFrame, can_be_named: bool) -> dict[str, object]:
    """Return the shares of one kind of fund, noise and deviation."""
    row: dict[str, object] = {}
    for verdict, part in group.groupby("verdict", sort=False):
        given, false = len(part), int(part["false"].sum())
        low, high = share_interval(false, given)
        row |= {f"{verdict}_given": given, f"{verdict}_false": false / given}
        row |= {f"{verdict}_lower": low, f"{verdict}_upper": high}
    decomposed = group[group["verdict"].isin(_OF_A_DECOMPOSITION)]
    blamed = decomposed["false"] & (decomposed["verdict"] == "driver")
    share = decomposed.assign(blamed=blamed).groupby("draw")[["said", "right", "blamed"]].any().mean()
    row["blamed"] = float(share["blamed"])
    row["found"] = float(share["right"]) if can_be_named else math.nan
    row["missed"] = 1.0 - float(share["said"]) if can_be_named else math.nan
    return row


def _shown(row: pd.Series, verdict: str) -> str:
    """Return a share with its interval, in percent."""
    share, low, high = (100.0 * float(row[f"{verdict}_{part}"]) for part in ("false", "lower", "upper"))
    return "" if math.isnan(share) else f"{share:.1f} ({low:.0f} to {high:.0f})"


def verdict_study(
    funds: Sequence[str] = _KINDS,
    noises: Sequence[str] = _NOISES,
    deviations: Sequence[str] = tuple(DEVIATIONS),
    draws: int = 10,
    sessions: int = 504,
    *,
    basis: Basis = "nav",
    impose: Sequence[str] = (),
    breaks: bool = True,
    seed: int = 0,
    jobs: int = 1,
) -> VerdictStudy:
    """Measure how often each verdict is false, with nothing wrong and with one thing wrong.

    Parameters
    ----------
    funds : sequence of str
        Kinds of fund: spot, futures, leveraged, staking, each with the terms of the bundled simulated one.
    noises : sequence of str
        Kinds of noise, see `NOISE_KINDS`; ``"bundled"`` for that of the bundled fund.
    deviations : sequence of str
        What is wrong, see `DEVIATIONS`; one that cannot happen to a kind of fund is left out.
    draws : int
        Funds of each kind, noise and deviation.
    sessions : int
        Sessions of each fund, from 120.
    basis : {"nav", "price"}
        What is decomposed.
    impose : sequence of str
        Drivers to impose, such as the fee.
    breaks : bool
        Whether a change of the drift is looked for, which takes as long as the rest.
    seed : int
        Seeds everything; fund i of any row is made with seed and draw i.
    jobs : int
        Processes. The numbers do not depend on it.

    Returns
    -------
    VerdictStudy
        One row for each kind of fund, noise and deviation.

    Raises
    ------
    UnknownNameError
        If a fund, noise or deviation does not exist; the nearest is offered.
    ParameterError
        If `draws`, `sessions`, `seed` or `jobs` is out of range, or nothing is left to study.

    Notes
    -----
    A verdict is false where it names what is as stated. "Not as stated" of a driver, a group or the fee of a period is
    right where one of its drivers moved, of a combination also where something drifts that is no multiple of a driver;
    the remainder is right to be more than chance where that is so or a driver that moved was imposed; a change of the
    drift is right where the rate that is truly charged changes, and the interval of its day holds that day.

    Examples
    --------
    >>> study = verdict_study(["spot"], ["random_walk"], ["nothing", "drift"], draws=2, sessions=150, breaks=False)
    >>> study.frame["deviation"].tolist()
    ['nothing', 'drift']
    """
    whole("draws", draws, 1)
    whole("sessions", sessions, 120)
    whole("seed", seed, 0)
    worlds = _worlds(funds, noises, sessions)
    _known(deviations, "deviation", DEVIATIONS)
    tasks = [
        (fund, noise, world, name, tuple(range(first, min(first + _CHUNK, draws))), seed, basis, tuple(impose), breaks)
        for (fund, noise), world in worlds.items()
        for name in deviations
        if DEVIATIONS[name].applies(world)
        for first in range(0, draws, _CHUNK)
    ]
    if not tasks:
        raise ParameterError("no fund, noise and deviation go together: name at least one of each that do")
    tables = run_tasks(_looked_at, tasks, jobs)
    claims, intervals = (pd.concat(some, ignore_index=True) for some in zip(*tables, strict=True))
    return VerdictStudy(claims, intervals, draws, sessions, seed, basis, tuple(impose))


def _known(names: Iterable[str], what: str, choices: Iterable[str]) -> None:
    known = tuple(choices)
    for name in names:
        if name not in known:
            raise UnknownNameError(what, name, known)


def _worlds(funds: Sequence[str], noises: Sequence[str], sessions: int) -> dict[tuple[str, str], World]:
    """Return the worlds by kind of fund and noise."""
    _known(funds, "kind of fund", _KINDS)
    _known(noises, "kind of noise", (*NOISE_KINDS, BUNDLED))
    worlds = {}
    for fund in funds:
        world = replace(SIMULATED_FUNDS[f"SIM-{fund.upper()}"].world, sessions=sessions)
        for noise in noises:
            worlds[fund, noise] = world if noise == BUNDLED else NOISE_KINDS[noise].put_on(world)
    return worlds


@dataclass(frozen=True)
class _Claim:
    """What one verdict said of one fund."""

    verdict: str
    said: bool
    right: bool

    @property
    def false(self) -> bool:
        return self.said and not self.right


def _looked_at(
    fund: str,
    noise: str,
    world: World,
    name: str,
    draws: tuple[int, ...],
    seed: int,
    basis: Basis,
    imposed: tuple[str, ...],
    breaks: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what was claimed of some funds, and the intervals that were printed where nothing is wrong."""
    deviation = DEVIATIONS[name]
    claims: list[tuple[Any, ...]] = []
    intervals: list[tuple[Any, ...]] = []
    for draw in draws:
        history = deviation.history(world, seed, draw)
        policy: dict[str, Policy] = dict.fromkeys(imposed, "impose")
        result = decompose(history, basis, policy=policy, horizons=(1,))
        said = [*_of_decomposition(result, deviation), *_of_fee(history, deviation)]
        if breaks:
            said.append(_of_break(history, deviation.made(world), seed=draw))
        claims += [(fund, noise, name, draw, one.verdict, one.said, one.false, one.said and one.right) for one in said]
        if name == "nothing":
            intervals += [(fund, noise, draw, *row) for row in _printed(result)]
    columns = [*_KEYS, "draw", "verdict", "said", "false", "right"]
    shown = ["fund", "noise", "draw", "row", "truth_bp", "inside", "width_bp"]
    return pd.DataFrame(claims, columns=columns), pd.DataFrame(intervals, columns=shown)


def _of_decomposition(result: Decomposition, deviation: Deviation) -> list[_Claim]:
    """Return what a decomposition said; of several drivers one claim, false where any of them was."""
    claims = []
    alone = [part for part in (*result.drivers, *result.groups) if part.verdict is not None]
    if alone:
        said = [part for part in alone if part.verdict == "not as stated"]
        claims.append(_Claim("driver", bool(said), all(_names(part) & deviation.moved for part in said)))
    or_drift = [part for part in alone if part.verdict == "it or a drift is not as stated"]
    together = [part for part in result.combinations if part.verdict is not None]
    if together or or_drift:
        said = [*or_drift, *(part for part in together if part.verdict == "not as stated")]
        right = all(deviation.drifts or _names(part) & deviation.moved for part in said)
        claims.append(_Claim("combination", bool(said), right))
    if result.remainder.more_than_chance is not None:
        kept = {part.name for part in result.drivers if part.identified == "imposed"}
        right = deviation.drifts or bool(kept & deviation.moved)
        claims.append(_Claim("remainder", result.remainder.more_than_chance, right))
    return claims


def _names(part: DriverEstimate) -> frozenset[str]:
    return frozenset(part.members or (part.name,))


def _of_fee(history: History, deviation: Deviation) -> list[_Claim]:
    found = fee_regimes(history)
    if found is None:
        return []
    disagrees = any(not regime.agrees for regime in found.regimes)
    return [_Claim("fee_period", disagrees, "expense_ratio" in deviation.moved)]


def _of_break(history: History, true: World, *, seed: int) -> _Claim:
    """Return whether a change was found, looked for as a report does: without the drivers that know the schedule."""
    level = history.divergence("nav")
    known = {"expense_ratio", "accrued_fee"}
    others = exposures((driver for driver in measure(history, "nav") if driver.name not in known), level.index)
    found = slope_break(level, others, draws=_SAMPLES, seed=seed, positions=history.positions)
    low, high = found.interval
    changes = [pd.Timestamp(period.start) for period in true.schedule.regimes(low.date(), high.date())]
    changes = [day for day in changes if low <= day <= high and day > history.start]
    starts = {pd.Timestamp(period.start) for period in true.schedule.periods[1:]}
    return _Claim("break", found.is_real, bool(starts & set(changes)))


def _printed(result: Decomposition) -> list[tuple[str, float, bool, float]]:
    """Return row, truth, whether the interval holds it, and its width, of a fund that is as stated."""
    known = [(part.name, part.stated, part.interval) for part in (*result.drivers, *result.groups)]
    known += [("combination", part.stated, part.interval) for part in result.combinations]
    known.append(("remainder", 0.0, result.unexplained.interval))
    rows = []
    for name, truth, (low, high) in known:
        if not np.isnan(low):
            rows.append((name, truth / BASIS_POINT, low <= truth <= high, (high - low) / BASIS_POINT))
    return rows

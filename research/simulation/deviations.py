"""One thing that is wrong with a fund: what is true of it, what is said of it, and which drivers are not as stated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from research.alignment.history import History
from research.conventions import BASIS_POINT, DAYS_PER_YEAR
from research.simulation.simulate import SimulatedHistory, simulate
from research.simulation.world import SimulatedKind, World, fee_schedule
from research.tables import Result, Table

__all__ = ["DEVIATIONS", "Deviation"]

DRIFT = 30.0 * BASIS_POINT
"""Drift a year that no driver explains."""

_FEE = 30.0 * BASIS_POINT
_STAKING_FEE, _CLOCK, _STALE = 0.25, 3.0, 10
_ROLLED: Final = ("roll_yield", "curve_shift", "roll_cost")
_STAKED: Final = ("staking_reward", "staking_fee", "staking_tax")


@dataclass(frozen=True)
class Deviation(Result):
    """One thing that is wrong, or nothing.

    Parameters
    ----------
    description : str
        What it is, in words.
    made : callable
        From the world that is stated to the one that is true.
    told : callable
        From the stated world and the true history to the history that an analyst would be given.
    moved : frozenset of str
        Drivers that are not as stated: a verdict that names another one is false.
    drifts : bool
        Whether something drifts that is no multiple of a driver: the remainder is right to say so.
    applies : callable
        Whether it can happen to a fund of the world.
    """

    description: str
    made: Callable[[World], World]
    told: Callable[[World, SimulatedHistory], History]
    moved: frozenset[str] = frozenset()
    drifts: bool = False
    applies: Callable[[World], bool] = lambda _: True

    @property
    def can_be_named(self) -> bool:
        """Whether one of the verdicts is right to speak."""
        return self.drifts or bool(self.moved)

    def history(self, world: World, seed: int, draw: int) -> History:
        """Return a fund of the world with this deviation.

        Parameters
        ----------
        world : World
            What is stated.
        seed, draw : int
            As in `simulate`.
        """
        return self.told(world, simulate(self.made(world), seed, draw=draw))

    def summary(self) -> Table:
        """Return what it is and which drivers it moves."""
        moved = ", ".join(sorted(self.moved)) or "none"
        return Table.of(
            {"deviation": self.description, "drivers that are not as stated": moved}, "One thing that is wrong"
        )


def _as_stated(world: World) -> World:
    return world


def _as_it_is(world: World, history: SimulatedHistory) -> History:  # noqa: ARG001 - one form for all
    return history


def _scaled(history: History, factor: npt.NDArray[np.float64]) -> History:
    """Return the history with what the fund is worth multiplied on each session."""
    prices = [name for name in ("nav", "close") if name in history.frame]
    return replace(history, frame=history.frame.assign(**{name: history.frame[name] * factor for name in prices}))


def _drift(world: World, history: SimulatedHistory) -> History:  # noqa: ARG001
    return _scaled(history, np.exp(-DRIFT * history.days / DAYS_PER_YEAR))


def _half_rolled(world: World, history: SimulatedHistory) -> History:  # noqa: ARG001
    rolled = history.truth.components[[name for name in _ROLLED if name in history.truth.components]].sum(axis=1)
    return _scaled(history, np.exp(-0.5 * rolled.to_numpy(dtype=float)))


def _dearer(world: World) -> World:
    """Return the fund that charges 30 bp a year, waived as long as is stated."""
    last = world.schedule.periods[0].end if len(world.schedule.periods) > 1 else None
    return replace(world, fee=fee_schedule(_FEE, world.index[0], waived_until=None if last is None else str(last)))


def _charged(world: World) -> World:
    """Return the fund that charges its last rate from its first day."""
    return replace(world, fee=world.schedule.periods[-1].tiers[-1].rate)


def _fee_stated(world: World, history: SimulatedHistory) -> History:
    return replace(history, fund=history.fund.model_copy(update={"fee": world.schedule}))


def _staking_stated(world: World, history: SimulatedHistory) -> History:
    terms = history.fund.staking
    if terms is None or terms.fee_share is None:
        return history
    stated = terms.fee_share.model_copy(update={"value": world.staking.fee_share})
    fund = history.fund.model_copy(update={"staking": terms.model_copy(update={"fee_share": stated})})
    return replace(history, fund=fund)


def _clock_not_told(world: World, history: SimulatedHistory) -> History:  # noqa: ARG001
    inputs = {name: value for name, value in history.inputs.items() if name != "benchmark_at_fund_clock"}
    return replace(history, clocks=dict.fromkeys(history.clocks, history.clocks["nav"]), inputs=inputs)


def _stale(world: World, history: SimulatedHistory) -> History:  # noqa: ARG001
    """Repeat the net asset value, and the close if there is one, for two weeks in the third quarter of the sample."""
    first = 5 * len(history.frame) // 8
    rows = np.arange(len(history.frame))
    rows[first : first + _STALE] = first - 1
    repeated = {name: history.frame[name].to_numpy()[rows] for name in ("nav", "close") if name in history.frame}
    return replace(history, frame=history.frame.assign(**repeated))


def _only(kind: SimulatedKind) -> Callable[[World], bool]:
    return lambda world: world.kind == kind


DEVIATIONS: Final[Mapping[str, Deviation]] = {
    "nothing": Deviation("nothing is wrong", _as_stated, _as_it_is),
    "drift": Deviation("30 bp a year are lost that no driver explains", _as_stated, _drift, drifts=True),
    "fee": Deviation("30 bp a year are charged", _dearer, _fee_stated, frozenset({"expense_ratio"})),
    "waiver_charged": Deviation(
        "the fee was charged while it was waived",
        _charged,
        _fee_stated,
        frozenset({"expense_ratio"}),
        drifts=True,
        applies=lambda world: len(world.schedule.periods) > 1,
    ),
    "half_roll": Deviation(
        "half the exposure is rolled", _as_stated, _half_rolled, frozenset(_ROLLED), applies=_only("futures")
    ),
    "staking_fee": Deviation(
        "a quarter of the staking reward is kept",
        lambda world: replace(world, staking=replace(world.staking, fee_share=_STAKING_FEE)),
        _staking_stated,
        frozenset(_STAKED),
        applies=_only("staking"),
    ),
    "clock": Deviation(
        "the benchmark is sampled three hours late and nobody says so",
        lambda world: replace(world, clock_offset_hours=_CLOCK),
        _clock_not_told,
        applies=lambda world: world.kind != "leveraged",
    ),
    "stale": Deviation("net asset value and close are repeated for ten sessions", _as_stated, _stale),
}
"""Every deviation by name."""

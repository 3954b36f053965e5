"""The sessions of simulated funds: which have a row, and how long each holding interval is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.conventions import DAYS_PER_YEAR
from research.simulation.noise import Streams
from research.simulation.world import World

__all__ = ["Grid", "Parts"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Grid:
    """Sessions of D funds; on a session without a row nothing is struck, and the interval reaches over it.

    Parameters
    ----------
    sessions : pandas.DatetimeIndex, length n
        Sessions of the exchange.
    kept : numpy.ndarray of bool, shape (D, n)
        Sessions that have a row; the first and the last always do.
    """

    sessions: pd.DatetimeIndex
    kept: npt.NDArray[np.bool_]
    previous: npt.NDArray[np.intp] = field(init=False, repr=False)
    days: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        places = np.where(self.kept, np.arange(self.kept.shape[1]), 0)
        last = np.maximum.accumulate(places, axis=1)
        previous = np.concatenate([np.zeros_like(last[:, :1]), last[:, :-1]], axis=1)
        elapsed = (self.sessions - self.sessions[0]).days.to_numpy(dtype=float)
        object.__setattr__(self, "previous", previous)
        object.__setattr__(self, "days", np.where(self.kept, elapsed - elapsed[previous], 0.0))

    @classmethod
    def of(cls, world: World, streams: Streams) -> Grid:
        """Return the sessions of a world; each session but the first and last is missing with its probability."""
        kept = np.ones((len(streams.draws), world.sessions), dtype=bool)
        if world.missing_rate > 0.0:
            chance = np.array([rng.random(world.sessions - 2) for rng in streams("missing")])
            kept[:, 1:-1] = chance.reshape(-1, world.sessions - 2) >= world.missing_rate
        return cls(world.index, kept)

    @property
    def shape(self) -> tuple[int, int]:
        """Funds and sessions."""
        return self.kept.shape[0], self.kept.shape[1]

    def before(self, values: Array) -> Array:
        """Return the value at the last row before each session; at the first session its own."""
        return np.take_along_axis(values, self.previous, axis=1)

    def cumulate(self, steps: Array) -> Array:
        """Return the sum of the steps of the sessions with rows, 0 at the first session."""
        counted = np.where(self.kept, steps, 0.0)
        counted[:, 0] = 0.0
        return np.cumsum(counted, axis=1)

    def accrue(self, rate: Array) -> Array:
        """Return the cumulated log return of an annual rate: that of the session over the days since the row before."""
        return self.cumulate(rate * self.days / DAYS_PER_YEAR)


@dataclass(frozen=True, eq=False)
class Parts:
    """What a kind of fund adds to a world.

    Parameters
    ----------
    components : dict of str to numpy.ndarray, shape (D, n)
        Drivers, cumulated log returns of the fund over its benchmark.
    benchmark : numpy.ndarray, optional
        What the benchmark itself earns beside the market, cumulated; `components` are already net of it.
    inputs : dict of str to numpy.ndarray, shape (D, n)
        Series that an analyst would have.
    tables : dict of str to list of pandas.DataFrame
        Tables that an analyst would have, one for each fund.
    payouts : numpy.ndarray, optional
        Log of what a distribution takes out of net asset value on each session.
    """

    components: dict[str, Array] = field(default_factory=dict)
    benchmark: Array | None = None
    inputs: dict[str, Array] = field(default_factory=dict)
    tables: dict[str, list[pd.DataFrame]] = field(default_factory=dict)
    payouts: Array | None = None

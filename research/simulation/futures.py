"""A simulated futures fund: monthly contracts on a curve that comes back, held by a roll schedule, over bills."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.sessions import sessions as calendar_sessions
from research.conventions import DAYS_PER_YEAR
from research.drivers.futures import FuturesCurve, Schedule, hold, roll_last_days
from research.simulation.grid import Grid, Parts
from research.simulation.leveraged import money_market
from research.simulation.noise import Streams, reverting
from research.simulation.world import World

__all__ = ["contracts", "futures_parts"]

Array = npt.NDArray[np.float64]

_LISTED_DAYS = 130
_BILL_DAYS = 91.0


@dataclass(frozen=True, eq=False)
class Contracts:
    """The contracts that exist over a sample and how many of each a fund holds.

    Parameters
    ----------
    left : numpy.ndarray, shape (n, contracts)
        Calendar days to expiry.
    listed : numpy.ndarray of bool, shape (n, contracts)
        Where a contract has a price.
    schedule : Schedule
        Positions after each close.
    """

    left: Array
    listed: npt.NDArray[np.bool_]
    schedule: Schedule

    @property
    def expiries(self) -> pd.DatetimeIndex:
        """Day of the last settlement of each contract."""
        return pd.DatetimeIndex(self.schedule.weights.columns)


@lru_cache(maxsize=16)
def contracts(calendar: str, first: pd.Timestamp, count: int, roll_days: int) -> Contracts:
    """Return the monthly contracts of a sample: each expires on the last Friday of its month, or the session before.

    Parameters
    ----------
    calendar : str
        Exchange calendar.
    first : pandas.Timestamp
        First session.
    count : int
        Sessions.
    roll_days : int
        Sessions over which a contract is exchanged for the next.

    Returns
    -------
    Contracts
    """
    known = calendar_sessions(calendar, first, first + pd.Timedelta(days=int(1.6 * count) + 30 + 2 * _LISTED_DAYS))
    index = known[:count]
    months = pd.date_range(first, index[-1] + pd.Timedelta(days=_LISTED_DAYS), freq="MS").to_period("M")
    months = months.union(pd.PeriodIndex([first.to_period("M")]))
    ends = pd.DatetimeIndex([month.to_timestamp(how="end").normalize() for month in months])
    fridays = ends - pd.to_timedelta((ends.day_of_week - 4) % 7, unit="D")
    expiries = known[known.searchsorted(fridays, side="right") - 1]
    # The first contract outlives the first roll, or there would be nothing to begin with.
    expiries = expiries[expiries > index[min(roll_days + 1, count - 1)]].unique()
    left = (expiries.to_numpy()[None, :] - index.to_numpy()[:, None]) / np.timedelta64(1, "D")
    listed = (left >= 0.0) & (left <= _LISTED_DAYS)
    frame = pd.DataFrame(np.where(listed, 1.0, np.nan), index=index, columns=expiries)
    return Contracts(left, listed, roll_last_days(FuturesCurve(frame), roll_days, known))


def futures_parts(world: World, grid: Grid, streams: Streams, market: Array) -> Parts:
    """Return roll yield, curve shift, roll cost and collateral of funds that hold futures.

    Parameters
    ----------
    world : World
        Its `curve` and `rates`.
    grid : Grid
        Sessions.
    streams : Streams
        Sources ``curve`` and ``rates``.
    market : numpy.ndarray, shape (D, n)
        Log level of the asset at the fund's clock.

    Returns
    -------
    Parts
        Components ``roll_yield``, ``curve_shift``, ``collateral`` and, where trading costs, ``roll_cost``; tables
        ``held_futures`` and ``futures_curve`` (settlement prices, sessions x expiries).

    Notes
    -----
    What a fund earns is what its contracts earn, from one close to the next; how that splits is the definition of
    `research.drivers.futures.hold`.

    Examples
    --------
    >>> world, streams = World(kind="futures", sessions=60), Streams(0, (0,))
    >>> parts = futures_parts(world, Grid.of(world, streams), streams, np.zeros((1, 60)))
    >>> sorted(parts.components), sorted(parts.tables)
    (['collateral', 'curve_shift', 'roll_yield'], ['futures_curve', 'held_futures'])
    """
    terms, index = world.curve, grid.sessions
    listed = contracts(world.calendar, index[0], len(index), terms.roll_days)
    deviations = reverting(streams("curve"), world.sessions, 0.0, terms.sd, terms.half_life)
    parts = {name: np.zeros(grid.shape) for name in ("roll_yield", "curve_shift", "cost")}
    held, curves = [], []
    for row, (asset, deviation) in enumerate(zip(market, deviations, strict=True)):
        spot = pd.Series(world.market.benchmark * np.exp(asset), index)
        prices = _prices(world, spot.to_numpy(), deviation, listed)
        curves.append(pd.DataFrame(prices, index=index, columns=listed.expiries))
        table = hold(FuturesCurve(curves[-1]), listed.schedule, spot, cost=terms.cost).intervals
        held.append(table)
        for name, path in parts.items():
            path[row, 1:] = np.cumsum(table[name].to_numpy())
    cost = parts.pop("cost")
    if terms.cost > 0.0:
        parts["roll_cost"] = cost
    quotes = money_market(world, streams)
    simple = (1.0 - _BILL_DAYS / 360.0 * grid.before(quotes)) ** (-grid.days / _BILL_DAYS) - 1.0
    parts["collateral"] = grid.cumulate(np.log1p(terms.collateral_share * simple))
    return Parts(components=parts, inputs={"bill_rate": quotes}, tables={"held_futures": held, "futures_curve": curves})


def _prices(world: World, spot: Array, deviation: Array, listed: Contracts) -> Array:
    """Return the settlement of each contract, NaN where it is not listed."""
    terms = world.curve
    # Speed of reversion a year: sessions of the sample over its calendar time.
    sessions_a_year = DAYS_PER_YEAR * (len(spot) - 1) / max(float(listed.left[0, 0] - listed.left[-1, 0]), 1.0)
    speed = math.log(2.0) * sessions_a_year / terms.half_life
    years = np.where(listed.listed, listed.left, 0.0) / DAYS_PER_YEAR
    basis = terms.mean * years + deviation[:, None] * -np.expm1(-speed * years) / speed
    return np.where(listed.listed, spot[:, None] * np.exp(basis), np.nan)

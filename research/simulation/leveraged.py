"""A simulated leveraged fund: what compounding makes of its multiple, and what borrowing costs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from research.conventions import DAYS_PER_YEAR
from research.errors import ParameterError
from research.simulation.grid import Grid, Parts
from research.simulation.noise import Streams, reverting
from research.simulation.world import World

__all__ = ["HIGHEST_RATE", "leverage_parts", "money_market"]

Array = npt.NDArray[np.float64]

HIGHEST_RATE = 0.24
"""Where simulated quotes are cut off: above it a bill rate reads as percent in place of a fraction."""


def money_market(world: World, streams: Streams) -> Array:
    """Return the path of the money-market rate, a fraction a year.

    Parameters
    ----------
    world : World
        Its `rates`.
    streams : Streams
        Source ``rates``.

    Returns
    -------
    numpy.ndarray, shape (D, n)
    """
    terms = world.rates
    path = reverting(streams("rates"), world.sessions, terms.mean, terms.sd, terms.half_life)
    return np.clip(path, 0.0, HIGHEST_RATE)


def leverage_parts(world: World, grid: Grid, streams: Streams, market: Array) -> Parts:
    """Return compounding and financing of leveraged funds.

    Parameters
    ----------
    world : World
        Its `leverage` and `rates`.
    grid : Grid
        Sessions.
    streams : Streams
        Source ``rates``.
    market : numpy.ndarray, shape (D, n)
        Log level of the asset.

    Returns
    -------
    Parts
        Components ``leverage`` and ``financing``, of the fund over its multiple of the benchmark.

    Raises
    ------
    ParameterError
        If a fund loses everything between two resets.

    Notes
    -----
    The fund's value grows by ``1 + L·R`` between resets, R the asset's simple return since the last one. The rate known
    at the start of an interval is paid over it.

    Examples
    --------
    >>> world, streams = World(kind="leveraged", sessions=60), Streams(0, (0,))
    >>> parts = leverage_parts(world, Grid.of(world, streams), streams, np.zeros((1, 60)))
    >>> sorted(parts.components)
    ['financing', 'leverage']
    """
    multiple = world.leverage.multiple
    base = _reset_rows(world, grid)
    since = np.expm1(market - np.take_along_axis(market, base, axis=1))
    factor = np.where(grid.kept, 1.0 + multiple * since, 1.0)
    if (factor <= 0.0).any():
        row, place = (int(at) for at in np.argwhere(factor <= 0.0)[0])
        raise ParameterError(
            f"leverage.multiple is {multiple:g}: fund {streams.draws[row]} loses everything on "
            f"{grid.sessions[place]:%Y-%m-%d}; lower it or market.volatility"
        )
    value = np.log(factor)
    for t in range(1, world.sessions):
        value[:, t] += np.take_along_axis(value, base[:, t : t + 1], axis=1)[:, 0]
    rate = money_market(world, streams)
    paid = (1.0 - multiple) * grid.before(rate) * grid.days / DAYS_PER_YEAR
    components = {
        "leverage": value - multiple * market,
        "financing": grid.cumulate(paid),
    }
    return Parts(components=components, inputs={"financing_rate": rate})


def _reset_rows(world: World, grid: Grid) -> npt.NDArray[np.intp]:
    """Return, for each session, the row at whose close the exposure was last brought back to the multiple."""
    if world.leverage.reset == "daily":
        return grid.previous
    months = np.asarray(grid.sessions.year * 12 + grid.sessions.month)
    base = np.zeros(grid.shape, dtype=np.intp)
    for row, previous in enumerate(grid.previous):
        turns = months != months[previous]
        base[row] = np.maximum.accumulate(np.where(turns & grid.kept[row], previous, 0))
    return base

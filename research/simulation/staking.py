"""A simulated fund that stakes: reward, what providers keep, tax, and perhaps cash paid out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.dates import as_date
from research.simulation.grid import Grid, Parts
from research.simulation.noise import Streams, reverting
from research.simulation.world import World

__all__ = ["first_staking_day", "staking_parts"]

Array = npt.NDArray[np.float64]


def staking_parts(world: World, grid: Grid, streams: Streams) -> Parts:
    """Return reward, staking fee, tax and distributions of funds that stake.

    Parameters
    ----------
    world : World
        Its `staking` terms.
    grid : Grid
        Sessions.
    streams : Streams
        Sources ``reward`` and ``share``.

    Returns
    -------
    Parts
        Components ``staking_reward``, ``staking_fee`` and, where there is one, ``staking_tax`` and ``distributions``.

    Notes
    -----
    The yield and share of a session hold since the row before, as the drivers have it.

    Examples
    --------
    >>> world, streams = World(kind="staking", sessions=60), Streams(0, (0,))
    >>> sorted(staking_parts(world, Grid.of(world, streams), streams).components)
    ['staking_fee', 'staking_reward']
    """
    terms, count = world.staking, world.sessions
    reward = reverting(streams("reward"), count, terms.reward, terms.reward_sd, terms.reward_half_life)
    share = reverting(streams("share"), count, terms.share, terms.share_sd, terms.share_half_life)
    reward, share = np.clip(reward, 0.0, 1.0), np.clip(share, 0.0, 1.0)
    if terms.since is not None:
        share = share * np.asarray(grid.sessions >= as_date(terms.since, "staking.since"))
    gross = grid.accrue(reward * share)
    rates = reward * share
    parts = {"staking_reward": gross, "staking_fee": grid.accrue(-terms.fee_share * rates)}
    inputs = {"staking_yield": reward, "staked_share": share}
    if terms.tax_rate > 0.0:
        parts["staking_tax"] = grid.accrue(-terms.tax_rate * (1.0 - terms.fee_share) * rates)
        inputs["staking_tax_rate"] = np.full(grid.shape, terms.tax_rate)
    net = np.sum(list(parts.values()), axis=0)
    payouts = _payouts(grid, net) if terms.paid_out else None
    if payouts is not None:
        parts["distributions"] = -np.cumsum(payouts, axis=1)
    benchmark = None
    if terms.benchmark_earns:
        benchmark = grid.accrue(reward)
        parts["staking_reward"] = gross - benchmark
        inputs["benchmark_staking_yield"] = reward
    return Parts(components=parts, benchmark=benchmark, inputs=inputs, payouts=payouts)


def _payouts(grid: Grid, net: Array) -> Array:
    """Return what is paid on the first row of each month: the net reward since the last payment, as a log."""
    payouts = np.zeros(grid.shape)
    months = np.asarray(grid.sessions.year * 12 + grid.sessions.month)
    for row, kept in enumerate(grid.kept):
        rows = np.flatnonzero(kept)
        paid_on = rows[1:][np.diff(months[rows]) > 0]
        payouts[row, paid_on] = np.diff(net[row, paid_on], prepend=0.0)
    return payouts


def first_staking_day(world: World) -> pd.Timestamp:
    """Return the first day on which a fund stakes.

    Examples
    --------
    >>> f"{first_staking_day(World(kind='staking', sessions=10)):%Y-%m-%d}"
    '2024-07-23'
    """
    since = world.staking.since
    return world.index[0] if since is None else as_date(since, "staking.since")

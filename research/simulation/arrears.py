"""A fee that is paid in arrears: what a simulated fund owes its sponsor gears it until it is paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.conventions import DAYS_PER_YEAR
from research.simulation.grid import Grid
from research.simulation.world import World

__all__ = ["PERIODS", "arrears"]

Array = npt.NDArray[np.float64]

PERIODS: Final = {"monthly": "M", "quarterly": "Q"}
"""Calendar periods at whose end a fee falls due."""


def arrears(world: World, grid: Grid, log_nav: Array, market: Array, printed: Callable[[Array], Array]) -> Array:
    """Return what the unpaid fee adds to net asset value, a cumulated log return.

    Parameters
    ----------
    world : World
        Its fee, of one rate at a time, says how often it is paid.
    grid : Grid
        Sessions.
    log_nav : numpy.ndarray, shape (D, n)
        Log net asset value without this effect.
    market : numpy.ndarray, shape (D, n)
        Log level of the asset.
    printed : callable
        From log net asset value to the one that is published, on which the fee is charged.

    Returns
    -------
    numpy.ndarray, shape (D, n)

    Notes
    -----
    Over an interval each day accrues rate/365 of the value struck last, in dollars. A fund that owes the share ℓ holds
    1 + ℓ of the asset, so that its log return gains ``ln(1 + ℓ·(1 − e^{−r}))``. What has accrued to the end of a month
    or quarter is paid on the first session after it.
    """
    charged, due, turns = _charges(world, grid.sessions)
    gained = np.zeros(grid.shape)
    # State of each fund at its last row: where it was, what it was worth, what it had accrued and what it had paid.
    place = np.zeros(grid.shape[0], dtype=np.intp)
    value, accrued, paid = printed(log_nav[:, 0]), np.zeros(grid.shape[0]), np.zeros(grid.shape[0])
    owed = np.zeros(grid.shape[0])
    rows = np.arange(grid.shape[0])
    for t in range(1, grid.shape[1]):
        kept = grid.kept[:, t]
        move = market[:, t] - market[rows, place]
        gain = np.where(kept, np.log1p(-owed * np.expm1(-move)), 0.0)
        gained[:, t] = gained[:, t - 1] + gain
        now = printed(log_nav[:, t] + gained[:, t])
        settled = accrued + value * (due[t] - charged[place])
        total = accrued + value * (charged[t] - charged[place])
        paid = np.where(kept & (turns[t] != turns[place]), settled, paid)
        accrued, value, place = np.where(kept, total, accrued), np.where(kept, now, value), np.where(kept, t, place)
        owed = np.where(kept, (accrued - paid) / value, owed)
    return gained


def _charges(world: World, sessions: pd.DatetimeIndex) -> tuple[Array, Array, npt.NDArray[np.int64]]:
    """Return, by session, the rate accrued since the first one, that accrued before its period, and the period."""
    days = pd.date_range(sessions[0] + pd.Timedelta(days=1), sessions[-1], freq="D")
    daily = np.concatenate([[0.0], np.cumsum(world.schedule.rates(days).to_numpy() / DAYS_PER_YEAR)])
    periods = sessions.to_period(PERIODS[str(world.schedule.paid)])
    before = np.asarray((periods.start_time.normalize() - sessions[0]).days) - 1
    at = np.asarray((sessions - sessions[0]).days)
    return daily[at], daily[np.maximum(before, 0)], np.asarray(periods.asi8, dtype=np.int64)

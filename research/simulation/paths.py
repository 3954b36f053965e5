"""Many funds of one world at once: arrays with one row for each fund, in which every part of the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.conventions import BASIS_POINT, DAYS_PER_YEAR, years_between
from research.simulation.checks import whole
from research.simulation.futures import futures_parts
from research.simulation.grid import Grid, Parts
from research.simulation.leveraged import leverage_parts
from research.simulation.noise import NORMAL, Streams, autoregressive, persistence, unit_shocks
from research.simulation.staking import staking_parts
from research.simulation.world import World
from research.tables import Result, Table, signed

__all__ = ["NAV_NOISE", "Panel", "simulate_panel"]

Array = npt.NDArray[np.float64]

NAV_NOISE = ("permanent", "transitory", "rounding")
"""Parts of the divergence of net asset value that are no driver."""

_PERIODS: Final = {"monthly": "M", "quarterly": "Q"}
"""Calendar periods at whose end a fee that is paid in arrears falls due."""


@dataclass(frozen=True, eq=False)
class Panel(Result):
    """Simulated funds of one world.

    Parameters
    ----------
    world : World
        What they have in common.
    seed : int
        What they were made from.
    draws : tuple of int, length D
        Number of each fund; the same number and seed always give the same fund.
    sessions : pandas.DatetimeIndex, length n
        Sessions of the exchange.
    kept : numpy.ndarray of bool, shape (D, n)
        Sessions that have a row.
    nav, benchmark, assets : numpy.ndarray, shape (D, n)
        As printed, rounding included.
    close : numpy.ndarray or None, shape (D, n)
        The same for the market's close.
    components : mapping of str to numpy.ndarray, shape (D, n)
        True parts of ln nav − L·ln benchmark with L the fund's multiple (1 for most), cumulated logs that are 0 at the
        first session: each driver, then ``permanent``, ``transitory`` and ``rounding``.
    premium : numpy.ndarray or None, shape (D, n)
        ln close − ln nav before rounding.
    inputs : mapping of str to numpy.ndarray, shape (D, n)
        Further observed series, by the key under which a history holds them.
    tables : mapping of str to list of pandas.DataFrame
        The same for tables, one for each fund.
    """

    world: World
    seed: int
    draws: tuple[int, ...]
    sessions: pd.DatetimeIndex
    kept: npt.NDArray[np.bool_]
    nav: Array
    benchmark: Array
    assets: Array
    close: Array | None
    components: Mapping[str, Array]
    premium: Array | None
    inputs: Mapping[str, Array] = field(default_factory=dict)
    tables: Mapping[str, Sequence[pd.DataFrame]] = field(default_factory=dict)

    @property
    def drivers(self) -> tuple[str, ...]:
        """Names of the drivers on the basis of net asset value."""
        return tuple(name for name in self.components if name not in NAV_NOISE)

    def summary(self) -> Table:
        """Return what each part contributed, in basis points a year: mean and standard deviation over the funds."""
        years = years_between(self.sessions[0], self.sessions[-1])
        gains = {name: path[:, -1] / years / BASIS_POINT for name, path in self.components.items()}
        frame = pd.DataFrame(
            {
                "mean": [float(np.mean(gain)) if gain.size else np.nan for gain in gains.values()],
                "sd": [float(np.std(gain, ddof=1)) if gain.size > 1 else np.nan for gain in gains.values()],
            },
            index=list(gains),
        )
        caption = (
            f"Parts of {len(self.draws)} simulated {self.world.kind} funds of {len(self.sessions)} sessions, bp a year"
        )
        return Table(frame, caption, dict.fromkeys(frame.columns, signed(2)), (f"Seed {self.seed}.",))


@dataclass(frozen=True, eq=False)
class _Market:
    """Log levels of the asset at the fund's clock and at the benchmark's, 0 at the fund's first session."""

    at_fund: Array
    at_benchmark: Array


def simulate_panel(world: World, draws: int | Sequence[int], seed: int = 0) -> Panel:
    """Make many funds of one world.

    Parameters
    ----------
    world : World
        What they have in common.
    draws : int or sequence of int
        How many funds, or the numbers of the funds wanted.
    seed : int
        Seeds everything, from 0.

    Returns
    -------
    Panel
        Fund i of a panel equals ``simulate(world, seed, draw=i)``, whatever else the panel holds.

    Raises
    ------
    ParameterError
        If `draws` or `seed` is negative or no whole number.

    Notes
    -----
    ``ln N = L·S + Σ X_k + μ + ε`` with S the asset at the fund's clock, X the drivers, μ a random walk and ε a
    stationary deviation; ``ln P = ln N + π``. What is printed is rounded afterwards.

    Examples
    --------
    >>> panel = simulate_panel(World(sessions=60), draws=3, seed=1)
    >>> gap = np.log(panel.nav / panel.benchmark) - sum(panel.components.values())
    >>> bool(np.ptp(gap, axis=1).max() < 1e-12)
    True
    """
    whole("seed", seed, 0)
    numbers = tuple(range(whole("draws", draws, 0))) if isinstance(draws, int) else tuple(draws)
    for number in numbers:
        whole("draw", number, 0)
    return _panel(world, Streams(seed, numbers))


def _panel(world: World, streams: Streams) -> Panel:
    """Return the funds, once the request is known to be good."""
    grid = Grid.of(world, streams)
    market = _market(world, streams, grid.sessions)
    assets = _assets(world, streams, market)
    kind = _kind_parts(world, grid, streams, market.at_fund)
    components = {"expense_ratio": _fees(world, grid, assets)} | kind.components
    inputs = dict(kind.inputs)
    # The benchmark's own reward is in the fund's drivers, which are net of it.
    earned = 0.0 if kind.benchmark is None else kind.benchmark
    noise = _tracking_noise(world, streams)
    log_nav = (
        np.log(world.nav) + world.multiple * market.at_fund + earned + sum(components.values()) + sum(noise.values())
    )
    log_benchmark = np.log(world.market.benchmark) + market.at_benchmark + earned
    if world.clock_offset_hours != 0.0:
        components["clock"] = market.at_fund - market.at_benchmark
        inputs["benchmark_at_fund_clock"] = np.exp(np.log(world.market.benchmark) + market.at_fund + earned)
    if world.schedule.paid in _PERIODS:
        components["accrued_fee"] = _arrears(
            world, grid, log_nav, market.at_fund, lambda log: _printed(log, world.rounding.nav)
        )
        log_nav = log_nav + components["accrued_fee"]
    nav = _printed(log_nav, world.rounding.nav)
    benchmark = _printed(log_benchmark, world.rounding.benchmark)
    rounding = (np.log(nav) - log_nav) - world.multiple * (np.log(benchmark) - log_benchmark)
    if kind.payouts is not None:
        inputs["distributions"] = np.expm1(kind.payouts) * nav
    premium = _premium(world, streams)
    return Panel(
        world=world,
        seed=streams.seed,
        draws=streams.draws,
        sessions=grid.sessions,
        kept=grid.kept,
        nav=nav,
        benchmark=benchmark,
        assets=assets,
        close=None if premium is None else _printed(log_nav + premium, world.rounding.close),
        components={key: _from_start(part) for key, part in (components | noise | {"rounding": rounding}).items()},
        premium=premium,
        inputs=inputs,
        tables=kind.tables,
    )


def _kind_parts(world: World, grid: Grid, streams: Streams, market: Array) -> Parts:
    """Return what the kind of fund adds to a spot fund."""
    if world.kind == "futures":
        return futures_parts(world, grid, streams, market)
    if world.kind == "staking":
        return staking_parts(world, grid, streams)
    if world.kind == "leveraged":
        return leverage_parts(world, grid, streams, market)
    return Parts()


def _from_start(path: Array) -> Array:
    return path - path[:, :1]


def _printed(log_value: Array, tick: float | None) -> Array:
    """Return the value as it is printed: rounded to a tick, or in full."""
    value = np.exp(log_value)
    if tick is None:
        return value
    steps = np.maximum(np.round(value / tick), 1.0)
    # 1 / 0.01 is exact where 0.01 is not: dividing by it keeps a cent-rounded price the double nearest to its decimals.
    return steps / (1.0 / tick) if tick < 1.0 else steps * tick


def _market(world: World, streams: Streams, index: pd.DatetimeIndex) -> _Market:
    """Return the asset's path; variance gathers with calendar time, because the asset trades around the clock."""
    # One interval before the first session and one after the last, for a benchmark with another clock.
    days = np.concatenate([[1.0], np.diff(index.to_numpy()) / np.timedelta64(1, "D"), [1.0]])
    years = days / DAYS_PER_YEAR
    steps = unit_shocks(streams("market"), days.size, world.market.shocks)
    steps = world.market.drift * years + world.market.volatility * np.sqrt(years) * steps
    at_fund = np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps[:, 1:-1], axis=1)], axis=1)
    offset = world.clock_offset_hours
    if offset == 0.0:
        return _Market(at_fund, at_fund)
    # The benchmark's instant lies inside a holding interval: a Brownian bridge between the ends of that interval.
    span, step = (days[1:], steps[:, 1:]) if offset > 0.0 else (days[:-1], -steps[:, :-1])
    share = abs(offset) / (24.0 * span)
    spread = world.market.volatility * np.sqrt(span / DAYS_PER_YEAR * share * (1.0 - share))
    bridge = share * step + spread * unit_shocks(streams("clock"), span.size, NORMAL)
    return _Market(at_fund, at_fund + bridge)


def _assets(world: World, streams: Streams, market: _Market) -> Array:
    """Return the assets: the market and flows, without the fund's own noise, so that a fee can depend on them."""
    flows = world.flows * unit_shocks(streams("flows"), world.sessions)
    flows[:, 0] = 0.0
    return np.asarray(world.assets * np.exp(market.at_fund + np.cumsum(flows, axis=1)))


def _fees(world: World, grid: Grid, assets: Array) -> Array:
    """Return the cumulated fee of every draw, in between where a session has no row and so no known assets."""
    schedule, index = world.schedule, grid.sessions
    if all(period.is_flat for period in schedule.periods):
        return np.broadcast_to(schedule.accrual(index).to_numpy(), assets.shape)
    fees = np.empty_like(assets)
    for row, (amounts, known) in enumerate(zip(assets, grid.kept, strict=True)):
        rows = index[known]
        accrued = schedule.accrual(rows, pd.Series(amounts[known], rows)).to_numpy()
        fees[row] = np.interp(np.arange(index.size), np.flatnonzero(known), accrued)
    return fees


def _arrears(world: World, grid: Grid, log_nav: Array, market: Array, printed: Callable[[Array], Array]) -> Array:
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
    periods = sessions.to_period(_PERIODS[str(world.schedule.paid)])
    before = np.asarray((periods.start_time.normalize() - sessions[0]).days) - 1
    at = np.asarray((sessions - sessions[0]).days)
    return daily[at], daily[np.maximum(before, 0)], np.asarray(periods.asi8, dtype=np.int64)


def _tracking_noise(world: World, streams: Streams) -> dict[str, Array]:
    """Return the random walk and the stationary deviation of the net asset value."""
    noise, count = world.noise, world.sessions
    walk = np.cumsum(noise.permanent * unit_shocks(streams("permanent"), count, noise.shocks), axis=1)
    around = unit_shocks(streams("transitory"), count, noise.shocks)
    return {
        "permanent": _from_start(walk),
        "transitory": noise.transitory * autoregressive(around, noise.autocorrelation),
    }


def _premium(world: World, streams: Streams) -> Array | None:
    """Return the log premium."""
    terms = world.premium
    if terms is None:
        return None
    slow = autoregressive(unit_shocks(streams("premium"), world.sessions, terms.shocks), persistence(terms.half_life))
    return terms.sd * slow + terms.noise * unit_shocks(streams("bounce"), world.sessions, terms.shocks)

"""One simulated fund as a history: what an analyst would see, with the truth beside it."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import numpy as np
import pandas as pd

from research.alignment.losses import LossReport
from research.drivers.collateral import COLLATERAL_SHARE
from research.funds import Fact, Fund, LeverageTerms, Role, StakingTerms
from research.loaders import SourceRecord
from research.simulation.paths import Panel, simulate_panel
from research.simulation.staking import first_staking_day
from research.simulation.truth import SimulatedHistory, Truth
from research.simulation.world import World

__all__ = ["history_of", "simulate"]

_SOURCE = "simulated; no such fund exists"
_NAMES = {"spot": "spot fund", "futures": "futures fund", "staking": "staking fund", "leveraged": "leveraged fund"}
_DESCRIPTIONS = {
    "nav": "net asset value a share, simulated",
    "close": "market close, simulated",
    "benchmark": "benchmark, simulated",
}


def simulate(world: World, seed: int = 0, *, draw: int = 0, ticker: str | None = None) -> SimulatedHistory:
    """Make one fund of a world.

    Parameters
    ----------
    world : World
        Every parameter.
    seed : int
        Seeds everything, from 0.
    draw : int
        Number of the fund: other numbers are other funds of the same world.
    ticker : str, optional
        What the fund is called; by default ``SIM-`` and its kind.

    Returns
    -------
    SimulatedHistory
        A `History` whose fund says that it is simulated, and whose ``truth`` holds every part of the divergence.

    Raises
    ------
    ParameterError
        If seed or draw is negative or no whole number.

    Examples
    --------
    >>> history = simulate(World(sessions=100), seed=7)
    >>> history.fund.name, history.fund.simulated, len(history.frame)
    ('Simulated spot fund', True, 100)
    >>> gap = history.truth.components.sum(axis=1) - history.divergence("nav").diff().cumsum()
    >>> bool(gap.abs().max() < 1e-12)
    True
    """
    return history_of(simulate_panel(world, [draw], seed), 0, ticker=ticker)


def history_of(panel: Panel, row: int, *, ticker: str | None = None) -> SimulatedHistory:
    """Return one fund of a panel as a history.

    Parameters
    ----------
    panel : Panel
        Simulated funds.
    row : int
        Which of them, counted from 0.
    ticker : str, optional
        What the fund is called.

    Returns
    -------
    SimulatedHistory

    Examples
    --------
    >>> panel = simulate_panel(World(sessions=50), draws=2)
    >>> history_of(panel, 1).frame.equals(simulate(World(sessions=50), draw=1).frame)
    True
    """
    world, kept = panel.world, panel.kept[row]
    labels = panel.sessions[kept]
    columns = {"nav": panel.nav, "close": panel.close, "benchmark": panel.benchmark, "assets": panel.assets}
    frame = pd.DataFrame(
        {name: values[row, kept] for name, values in columns.items() if values is not None}, index=labels
    )
    clocks = _clocks(world, list(frame.columns))
    return SimulatedHistory(
        fund=_fund(world, panel.sessions, ticker),
        frame=frame,
        sessions=panel.sessions,
        clocks=clocks,
        losses=_losses(panel.sessions, kept),
        sources=_sources(frame, world, clocks),
        inputs=_inputs(panel, row),
        truth=_truth(panel, row, labels),
    )


def _fund(world: World, sessions: pd.DatetimeIndex, ticker: str | None) -> Fund:
    """Return a registry entry that nobody can take for a real fund."""
    return Fund(
        ticker=ticker or f"SIM-{world.kind.upper()}",
        name=f"Simulated {_NAMES[world.kind]}",
        issuer="Simulated",
        kind=world.kind,
        asset="simulated asset",
        calendar=world.calendar,
        listed=_fact(sessions[0].date()),
        benchmark=_fact("Simulated benchmark"),
        fee=world.schedule,
        simulated=True,
        **_terms(world),
    )


def _terms(world: World) -> dict[str, Any]:
    """Return what a fund of this kind says about itself beyond its fee."""
    if world.kind == "staking":
        since = first_staking_day(world).date()
        return {"staking": StakingTerms(since=_fact(since), fee_share=_fact(world.staking.fee_share))}
    if world.kind == "leveraged":
        terms = LeverageTerms(
            multiple=world.leverage.multiple, reset=world.leverage.reset, source=_SOURCE, status="CHECKED"
        )
        return {"leverage": terms}
    if world.kind == "futures":
        return {"facts": {COLLATERAL_SHARE: _fact(world.curve.collateral_share)}}
    return {}


def _fact(value: dt.date | float | str) -> Fact:
    return Fact(value=value, source=_SOURCE, status="CHECKED")


def _inputs(panel: Panel, row: int) -> dict[str, pd.Series | pd.DataFrame]:
    """Return the further series of one fund: on its rows, but for quotes and contracts, which every session has."""
    kept = panel.kept[row]
    series: dict[str, pd.Series | pd.DataFrame] = {}
    for name, values in panel.inputs.items():
        mask = np.ones_like(kept) if name == "bill_rate" else kept
        series[name] = pd.Series(values[row, mask], panel.sessions[mask], name=name)
    return series | {name: tables[row] for name, tables in panel.tables.items()}


def _clocks(world: World, columns: list[str]) -> dict[str, str]:
    """Return the wall time of each column; the benchmark's may lie before or after the others'."""
    clocks = dict.fromkeys(columns, "16:00 America/New_York")
    minutes = round((16.0 + world.clock_offset_hours) * 60.0)
    clocks["benchmark"] = f"{minutes // 60:02d}:{minutes % 60:02d} America/New_York"
    return clocks


def _losses(sessions: pd.DatetimeIndex, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> LossReport:
    missing = sessions[~kept]
    count = len(missing)
    dropped = pd.DataFrame(
        {"date": missing, "rule": ["no_row"] * count, "detail": ["left out by the simulation"] * count}
    )
    return LossReport(len(sessions) - count, len(sessions) - count, dropped, sessions=len(sessions))


def _sources(frame: pd.DataFrame, world: World, clocks: dict[str, str]) -> tuple[SourceRecord, ...]:
    """Return a record of each series; its hash is that of the values themselves."""
    records = []
    units: dict[Role, str] = {"nav": "USD", "close": "USD", "benchmark": "points"}
    for role, unit in units.items():
        if role not in frame:
            continue
        values = frame[role].to_numpy(dtype="<f8")
        records.append(
            SourceRecord(
                name=f"simulated {role}",
                role=role,
                provider="research.simulation",
                description=_DESCRIPTIONS[role],
                clock=clocks[role],
                unit=unit,
                tick=getattr(world.rounding, role),
                rows=len(frame),
                sha256=hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest(),
                simulated=True,
                measures="Simulated benchmark" if role == "benchmark" else "",
            )
        )
    return tuple(records)


def _truth(panel: Panel, row: int, labels: pd.DatetimeIndex) -> Truth:
    """Return the parts of one fund on the sessions that it has rows for."""
    kept = panel.kept[row]
    parts = pd.DataFrame({name: path[row, kept] for name, path in panel.components.items()}, index=labels)
    premium = observed = None
    if panel.close is not None and panel.premium is not None:
        premium = pd.Series(panel.premium[row, kept], labels, name="premium")
        printed = np.log(panel.close[row, kept]) - np.log(panel.nav[row, kept])
        observed = pd.Series(printed, labels, name="premium_discount")
    names = (*panel.drivers, *(("premium_discount",) if premium is not None else ()))
    return Truth(
        world=panel.world,
        seed=panel.seed,
        draw=panel.draws[row],
        coefficients=dict.fromkeys(names, 1.0),
        components=parts - parts.iloc[0],
        premium=premium,
        observed_premium=observed,
    )

"""One simulated fund as a history: what an analyst would see, with the truth beside it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from research.alignment.history import Basis, History
from research.alignment.losses import LossReport
from research.conventions import BASIS_POINT, years_between
from research.drivers.collateral import COLLATERAL_SHARE
from research.errors import ParameterError
from research.funds import Fact, Fund, LeverageTerms, Role, StakingTerms
from research.loaders import SourceRecord
from research.simulation.paths import NAV_NOISE, Panel, simulate_panel
from research.simulation.staking import first_staking_day
from research.simulation.world import World
from research.tables import Result, Table

__all__ = ["SimulatedHistory", "Truth", "history_of", "simulate"]

_SOURCE = "simulated; no such fund exists"
_NAMES = {"spot": "spot fund", "futures": "futures fund", "staking": "staking fund", "leveraged": "leveraged fund"}
_DESCRIPTIONS = {
    "nav": "net asset value a share, simulated",
    "close": "market close, simulated",
    "benchmark": "benchmark, simulated",
}


@dataclass(frozen=True, eq=False)
class Truth(Result):
    """The parts of which a simulated fund was made, on the sessions of its history.

    Parameters
    ----------
    world : World
        Every parameter.
    seed, draw : int
        What the fund was made from: ``simulate(world, seed, draw=draw)`` makes it again.
    coefficients : mapping of str to float
        True coefficient of each driver.
    components : pandas.DataFrame, shape (T + 1, K)
        Cumulated log return of each driver, of ``permanent`` and ``transitory`` noise and of ``rounding``, 0 at the
        first session. On the basis of net asset value they add up to the divergence.
    premium, observed_premium : pandas.Series, optional
        Log premium before rounding, and as the printed prices show it.
    """

    world: World
    seed: int
    draw: int
    coefficients: Mapping[str, float]
    components: pd.DataFrame = field(repr=False)
    premium: pd.Series[float] | None = field(default=None, repr=False)
    observed_premium: pd.Series[float] | None = field(default=None, repr=False)

    def parts(self, basis: Basis = "nav") -> pd.DataFrame:
        """Return the parts that add up to the divergence on a basis.

        Parameters
        ----------
        basis : {"nav", "price"}
            Net asset value or market close.

        Returns
        -------
        pandas.DataFrame
            Cumulated log returns from the first session. On price basis the premium as it is observed is
            ``premium_discount``, rounding of both prices included, since that is the one that closes the sum.

        Raises
        ------
        ParameterError
            If the basis does not exist or the fund has no close.

        Examples
        --------
        >>> from research.simulation import World, simulate
        >>> history = simulate(World(sessions=40), seed=1)
        >>> gap = history.truth.parts("price").sum(axis=1) - history.divergence("price").diff().cumsum()
        >>> bool(gap.abs().max() < 1e-12)
        True
        """
        if basis == "nav":
            return self.components
        observed = self.observed_premium
        if basis != "price" or observed is None:
            raise ParameterError(f"basis is {basis!r}: give 'nav', or 'price' where the fund has a market close")
        return self.components.assign(premium_discount=observed - observed.iloc[0])

    def between(self, labels: pd.DatetimeIndex) -> Truth:
        """Return the truth on some of its sessions, cumulated from the first of them."""
        part = self.components.loc[labels]
        return replace(
            self,
            components=part - part.iloc[0],
            premium=None if self.premium is None else self.premium.loc[labels],
            observed_premium=None if self.observed_premium is None else self.observed_premium.loc[labels],
        )

    def summary(self) -> Table:
        """Return what each part contributed, in basis points a year."""
        frame = self.components
        years = years_between(pd.Timestamp(frame.index[0]), pd.Timestamp(frame.index[-1]))
        gains = frame.iloc[-1] / years / BASIS_POINT
        table = pd.DataFrame(
            {
                "coefficient": [self.coefficients.get(str(name), np.nan) for name in frame.columns],
                "bp a year": gains.to_numpy(),
            },
            index=frame.columns,
        )
        notes = (f"Simulated with seed {self.seed}, fund {self.draw}.",)
        return Table(table, "True parts of the tracking difference", {"coefficient": ".2f", "bp a year": "+.2f"}, notes)

    @property
    def drivers(self) -> tuple[str, ...]:
        """Names of the drivers on the basis of net asset value."""
        return tuple(str(name) for name in self.components.columns if name not in NAV_NOISE)


@dataclass(frozen=True, eq=False)
class SimulatedHistory(History):
    """A history that was made, with the truth about it."""

    truth: Truth = field(kw_only=True)

    def between(self, start: pd.Timestamp | str, end: pd.Timestamp | str) -> SimulatedHistory:
        """Return the part of the history from `start` to `end`, and the truth about that part."""
        part = super().between(start, end)
        assert isinstance(part, SimulatedHistory)
        return replace(part, truth=self.truth.between(pd.DatetimeIndex(part.frame.index)))


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
        asset="simulated ether" if world.kind == "staking" else "simulated asset",
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

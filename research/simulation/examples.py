"""Simulated funds that come with the package: one of each kind, always the same, and never to be taken for real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import pandas as pd

from research.alignment.dates import as_date
from research.errors import SampleError, UnknownNameError
from research.funds import Fund
from research.simulation.noise import Shocks
from research.simulation.simulate import SimulatedHistory, simulate
from research.simulation.world import Curve, Leverage, Market, Noise, Premium, Rounding, Staking, World, fee_schedule
from research.tables import Result, Table

__all__ = ["SIMULATED_FUNDS", "SimulatedFund", "load_simulated", "simulated", "simulated_funds"]

_MINIMUM_SESSIONS = 30


@dataclass(frozen=True)
class SimulatedFund(Result):
    """A named world with a fixed seed.

    Parameters
    ----------
    ticker : str
        Begins with ``SIM-``.
    world : World
        Every parameter.
    seed : int
        What the fund is made from.
    description : str
        What it shows.
    """

    ticker: str
    world: World
    seed: int
    description: str

    def summary(self) -> Table:
        """Return the parameters that it is made from."""
        seeded = (f"Simulated with seed {self.seed}.",)
        return replace(self.world.summary(), caption=f"{self.ticker}: {self.description}", notes=seeded)

    @property
    def history(self) -> SimulatedHistory:
        """The whole history, with the truth."""
        return _history(self.ticker)

    @property
    def fund(self) -> Fund:
        """What a registry would say of it."""
        return self.history.fund


_FEE = fee_schedule(0.0025, waived_until="2025-01-22")
_MARKET = Market(shocks=Shocks(df=6.0, arch=0.08, garch=0.88))
_PRINTED = Rounding(nav=1e-4, close=0.01)

_FUNDS = (
    SimulatedFund(
        "SIM-SPOT",
        World(fee=_FEE, market=_MARKET, rounding=_PRINTED, noise=Noise(2e-6, 2e-5)),
        11,
        "a spot fund whose fee is waived for half a year",
    ),
    SimulatedFund(
        "SIM-FUTURES",
        World(
            kind="futures",
            fee=0.0095,
            market=_MARKET,
            rounding=_PRINTED,
            noise=Noise(2e-5, 5e-5),
            curve=Curve(mean=0.08, sd=0.06, half_life=20.0, cost=0.0002),
        ),
        12,
        "a fund of monthly futures in contango, rolled over five sessions, with bills as collateral",
    ),
    SimulatedFund(
        "SIM-STAKING",
        World(
            kind="staking",
            fee=_FEE,
            market=_MARKET,
            rounding=_PRINTED,
            noise=Noise(2e-6, 2e-5),
            staking=Staking(since="2025-03-03", share=0.70, fee_share=0.08, tax_rate=0.15),
        ),
        13,
        "a spot fund that begins to stake, with a staking fee and a tax that the fund withholds",
    ),
    SimulatedFund(
        "SIM-LEVERAGED",
        World(
            kind="leveraged",
            fee=0.0130,
            market=Market(volatility=0.55, shocks=Shocks(arch=0.08, garch=0.88)),
            rounding=_PRINTED,
            noise=Noise(2e-5, 5e-5),
            premium=Premium(sd=0.002),
            leverage=Leverage(2.0),
        ),
        14,
        "a fund of twice the benchmark's daily return, financed at the money-market rate",
    ),
)

SIMULATED_FUNDS: Final[Mapping[str, SimulatedFund]] = {fund.ticker: fund for fund in _FUNDS}
"""The bundled simulated funds by ticker."""


@lru_cache(maxsize=8)
def _history(ticker: str) -> SimulatedHistory:
    found = SIMULATED_FUNDS[ticker]
    history = simulate(found.world, found.seed, ticker=ticker)
    return replace(history, fund=history.fund.model_copy(update={"name": f"Simulated: {found.description}"}))


def simulated_funds() -> tuple[Fund, ...]:
    """Return the registry entries of the bundled simulated funds.

    Returns
    -------
    tuple of Fund

    Examples
    --------
    >>> [fund.ticker for fund in simulated_funds()]
    ['SIM-SPOT', 'SIM-FUTURES', 'SIM-STAKING', 'SIM-LEVERAGED']
    """
    return tuple(found.fund for found in _FUNDS)


def simulated(ticker: str) -> SimulatedFund:
    """Return one bundled simulated fund.

    Parameters
    ----------
    ticker : str
        Case does not count.

    Returns
    -------
    SimulatedFund

    Raises
    ------
    UnknownNameError
        If there is no such fund; the nearest is offered.

    Examples
    --------
    >>> simulated("sim-spot").world.kind
    'spot'
    """
    found = SIMULATED_FUNDS.get(ticker.upper())
    if found is None:
        raise UnknownNameError("simulated fund", ticker, SIMULATED_FUNDS)
    return found


def load_simulated(
    ticker: str, start: pd.Timestamp | str | None = None, end: pd.Timestamp | str | None = None
) -> SimulatedHistory:
    """Return the history of a bundled simulated fund.

    Parameters
    ----------
    ticker : str
        Case does not count.
    start, end : pandas.Timestamp or str, optional
        First and last day; by default the whole history.

    Returns
    -------
    SimulatedHistory
        A `History` with the truth beside it.

    Raises
    ------
    UnknownNameError
        If there is no such fund.
    SampleError
        If the end lies before the start, or fewer than 30 sessions remain.

    Examples
    --------
    >>> history = load_simulated("SIM-FUTURES", end="2025-07-22")
    >>> history.fund.simulated, len(history.frame)
    (True, 250)
    """
    history = simulated(ticker).history
    if start is None and end is None:
        # The histories are kept; what a caller writes into a frame must not reach the next one.
        return replace(history, frame=history.frame.copy())
    first = history.start if start is None else as_date(start, "start")
    last = history.end if end is None else as_date(end, "end")
    if last < first:
        raise SampleError(f"end {last:%Y-%m-%d} lies before start {first:%Y-%m-%d}: swap them")
    part = history.between(first, last)
    if len(part.frame) < _MINIMUM_SESSIONS:
        raise SampleError(
            f"{history.fund.ticker} has {len(part.frame)} sessions from {first:%Y-%m-%d} to {last:%Y-%m-%d}: "
            f"give at least {_MINIMUM_SESSIONS}"
        )
    return part

"""Named kinds of tracking noise: what the coverage of an interval is measured under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from research.errors import UnknownNameError
from research.simulation.noise import Shocks
from research.simulation.world import (
    Curve,
    Market,
    Noise,
    Rounding,
    SimulatedKind,
    Staking,
    World,
    fee_schedule,
    shown_parameters,
)
from research.tables import Result, Table

__all__ = ["NOISE_KINDS", "NoiseKind", "driver_worlds", "noise_worlds", "study_world"]


@dataclass(frozen=True)
class NoiseKind(Result):
    """One kind of tracking noise.

    Parameters
    ----------
    noise : Noise
        Its parameters.
    description : str
        What it is, in words.
    rounding : Rounding
        Steps to which prices are printed.
    drift : float, optional
        Mean log return of the market a year, where the kind depends on it: rounding weighs more on a price that fell.
    """

    noise: Noise
    description: str
    rounding: Rounding = field(default_factory=Rounding)
    drift: float | None = None

    def summary(self) -> Table:
        """Return its parameters, one row each."""
        rows = shown_parameters("noise", self.noise) | shown_parameters("rounding", self.rounding)
        if self.drift is not None:
            rows |= shown_parameters("market.drift", self.drift)
        return Table.of(dict(rows), f"Tracking noise: {self.description}")

    def put_on(self, world: World) -> World:
        """Return the world with this noise in the place of its own."""
        market = world.market if self.drift is None else replace(world.market, drift=self.drift)
        return replace(world, noise=self.noise, rounding=self.rounding, market=market)


_FINE, _COARSE = Rounding(nav=1e-4, close=0.01), Rounding(nav=0.01, close=0.01)

NOISE_KINDS: Final[Mapping[str, NoiseKind]] = {
    "stationary": NoiseKind(Noise(0.0, 1e-4), "1 bp a session that comes back"),
    "random_walk": NoiseKind(Noise(2e-5, 0.0), "0.2 bp a session that stays"),
    "mixed": NoiseKind(Noise(2e-5, 1e-4), "0.2 bp that stays, 1 bp that comes back"),
    "faint_walk": NoiseKind(Noise(1e-6, 1e-4), "0.01 bp that stays under 1 bp that comes back: hard to tell from none"),
    "fat_tailed": NoiseKind(Noise(2e-5, 1e-4, shocks=Shocks(df=4.0)), "mixed, Student t with 4 degrees of freedom"),
    "volatility_clustered": NoiseKind(
        Noise(2e-5, 1e-4, shocks=Shocks(arch=0.15, garch=0.80)), "mixed, GARCH(1,1) with 0.15 and 0.80"
    ),
    "printed": NoiseKind(
        Noise(2e-5, 0.0), "0.2 bp that stays, net asset value of $25 printed to 0.01 cent and close to the cent", _FINE
    ),
    "rounded": NoiseKind(
        Noise(2e-5, 0.0), "0.2 bp that stays, net asset value and close of $25 printed to the cent", _COARSE
    ),
    "autocorrelated": NoiseKind(Noise(0.0, 1e-4, autocorrelation=0.8), "1 bp that comes back slowly: AR(1) of 0.8"),
    "walk_02": NoiseKind(Noise(2e-6, 1e-4), "0.02 bp that stays under 1 bp that comes back"),
    "walk_03": NoiseKind(Noise(3e-6, 1e-4), "0.03 bp that stays under 1 bp that comes back"),
    "walk_05": NoiseKind(Noise(5e-6, 1e-4), "0.05 bp that stays under 1 bp that comes back"),
    "autocorrelated_walk": NoiseKind(
        Noise(5e-6, 1e-4, autocorrelation=0.8), "0.05 bp that stays under 1 bp that comes back slowly: AR(1) of 0.8"
    ),
    "rounded_rising": NoiseKind(
        Noise(2e-5, 0.0), "0.2 bp that stays, printed to the cent from $25 in a market that rises", _COARSE, drift=0.6
    ),
    "rounded_falling": NoiseKind(
        Noise(2e-5, 0.0), "0.2 bp that stays, printed to the cent from $25 in a market that falls", _COARSE, drift=-0.6
    ),
    "student_3": NoiseKind(Noise(2e-5, 1e-4, shocks=Shocks(df=3.0)), "mixed, Student t with 3 degrees of freedom"),
    "volatility_persistent": NoiseKind(
        Noise(2e-5, 1e-4, shocks=Shocks(arch=0.08, garch=0.91)), "mixed, GARCH(1,1) with 0.08 and 0.91"
    ),
}
"""Every kind by name."""


def study_world(sessions: int = 504, kind: SimulatedKind = "spot") -> World:
    """Return the fund of the coverage study: 0.25 % a year after a first half that is waived, every driver moving.

    Parameters
    ----------
    sessions : int
        Length of the sample.
    kind : str
        Kind of fund.

    Returns
    -------
    World

    Examples
    --------
    >>> study_world().schedule.headline
    0.0025
    """
    index = World(sessions=sessions).index
    fee = fee_schedule(0.0025, index[0], waived_until=index[len(index) // 2])
    staking = Staking(since=index[len(index) // 4].date(), tax_rate=0.15)
    # Twice the moves of ether would take a share of $25 to cents within the sample, and its rounding to percents.
    market = Market(volatility=0.35) if kind == "leveraged" else Market()
    return World(kind=kind, sessions=sessions, fee=fee, market=market, curve=Curve(cost=0.0005), staking=staking)


def driver_worlds(noise: str = "mixed", sessions: int = 504) -> dict[str, World]:
    """Return worlds in which, together, every driver occurs.

    Parameters
    ----------
    noise : str
        Kind of tracking noise.
    sessions : int
        Length of the sample.

    Returns
    -------
    dict of str to World
        By name: ``spot``, ``futures``, ``staking``, ``leveraged``, ``clock`` (a benchmark sampled three hours late),
        ``distributions`` (staking rewards paid out in cash) and ``arrears`` (a fee that is paid every quarter).

    Raises
    ------
    UnknownNameError
        If the kind of noise does not exist.

    Examples
    --------
    >>> list(driver_worlds())
    ['spot', 'futures', 'staking', 'leveraged', 'clock', 'distributions', 'arrears']
    """
    kinds: tuple[SimulatedKind, ...] = ("spot", "futures", "staking", "leveraged")
    worlds: dict[str, World] = {kind: study_world(sessions, kind) for kind in kinds}
    worlds["clock"] = replace(worlds["spot"], clock_offset_hours=3.0)
    worlds["distributions"] = replace(worlds["staking"], staking=replace(worlds["staking"].staking, paid_out=True))
    fee = worlds["spot"].schedule.model_copy(update={"paid": "quarterly"})
    worlds["arrears"] = replace(worlds["spot"], fee=fee)
    return {name: noise_worlds([noise], world)[noise] for name, world in worlds.items()}


def noise_worlds(noises: Iterable[str], world: World) -> dict[str, World]:
    """Return the world under each kind of noise.

    Parameters
    ----------
    noises : iterable of str
        Names in `NOISE_KINDS`.
    world : World
        Everything else.

    Returns
    -------
    dict of str to World

    Raises
    ------
    UnknownNameError
        If a kind does not exist; the nearest is offered.

    Examples
    --------
    >>> noise_worlds(["random_walk"], World())["random_walk"].noise.permanent
    2e-05
    """
    worlds = {}
    for name in noises:
        if name not in NOISE_KINDS:
            raise UnknownNameError("kind of noise", name, NOISE_KINDS)
        worlds[name] = NOISE_KINDS[name].put_on(world)
    return worlds

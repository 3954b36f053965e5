"""Parts of a simulated world: market, premium, tracking noise and rounding."""

from __future__ import annotations

from dataclasses import dataclass, field

from research.errors import ParameterError
from research.simulation.checks import between
from research.simulation.noise import Shocks

__all__ = ["Market", "Noise", "Premium", "Rounding"]


@dataclass(frozen=True)
class Market:
    """The asset that fund and benchmark follow; it trades around the clock.

    Parameters
    ----------
    volatility : float
        Standard deviation of its log return over a year of calendar time, a fraction.
    drift : float
        Mean log return a year.
    level : float
        First value of the benchmark.
    shocks : Shocks
        Law of the returns over one holding interval.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    """

    volatility: float = 0.70
    drift: float = 0.0
    level: float = 3500.0
    shocks: Shocks = field(default_factory=Shocks)

    def __post_init__(self) -> None:
        between("market.volatility", self.volatility, 0.0, 10.0)
        between("market.drift", self.drift, -5.0, 5.0)
        between("market.level", self.level, 0.0, open_low=True)


@dataclass(frozen=True)
class Premium:
    """What the market pays above net asset value, in logs: a part that reverts and a part that lasts one session.

    Parameters
    ----------
    sd : float
        Standard deviation of the reverting part.
    half_life : float
        Sessions until half of it is gone; 0 for none that lasts.
    noise : float
        Standard deviation of the part that is new every session (a bounce between bid and ask).
    shocks : Shocks
        Law of both.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    """

    sd: float = 0.003
    half_life: float = 1.0
    noise: float = 0.0005
    shocks: Shocks = field(default_factory=Shocks)

    def __post_init__(self) -> None:
        between("premium.sd", self.sd, 0.0, 0.5)
        between("premium.half_life", self.half_life, 0.0, 1e4)
        between("premium.noise", self.noise, 0.0, 0.5)


@dataclass(frozen=True)
class Noise:
    """What no driver explains: tracking noise of the net asset value, in logs a session.

    Parameters
    ----------
    permanent : float
        Standard deviation s_η of the step that stays.
    transitory : float
        Standard deviation s_ε of the deviation that comes back.
    autocorrelation : float
        First-order autocorrelation of that deviation, from 0 to below 1.
    shocks : Shocks
        Law of both.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    """

    permanent: float = 1e-5
    transitory: float = 5e-5
    autocorrelation: float = 0.0
    shocks: Shocks = field(default_factory=Shocks)

    def __post_init__(self) -> None:
        between("noise.permanent", self.permanent, 0.0, 0.1)
        between("noise.transitory", self.transitory, 0.0, 0.1)
        between("noise.autocorrelation", self.autocorrelation, 0.0, 1.0, open_high=True)


@dataclass(frozen=True)
class Rounding:
    """Steps to which the publisher rounds; None where every digit is printed.

    Parameters
    ----------
    nav, close : float, optional
        In dollars; 0.01 is a cent.
    benchmark : float, optional
        In index points.

    Raises
    ------
    ParameterError
        If a tick is not above 0 or is as coarse as a price.
    """

    nav: float | None = None
    close: float | None = None
    benchmark: float | None = None

    def __post_init__(self) -> None:
        for name in ("nav", "close", "benchmark"):
            tick = getattr(self, name)
            if tick is not None:
                between(f"rounding.{name}", tick, 0.0, open_low=True)

    def check_against(self, prices: dict[str, float]) -> None:
        """Raise where a tick is more than a tenth of the price that it rounds.

        Raises
        ------
        ParameterError
            Naming the tick.
        """
        for name, price in prices.items():
            tick = getattr(self, name)
            if tick is not None and tick > price / 10.0:
                raise ParameterError(f"rounding.{name} is {tick:g} on a value of {price:g}: give a tenth of it at most")

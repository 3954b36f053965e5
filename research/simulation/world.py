"""Every parameter of a simulated fund, checked when it is stated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property, lru_cache
from typing import Final, Literal, get_args

import pandas as pd

from research.alignment.dates import as_date
from research.alignment.sessions import check_calendar
from research.alignment.sessions import sessions as calendar_sessions
from research.errors import ParameterError, SampleError, UnknownNameError
from research.funds import FeePeriod, FeeSchedule, FeeTier
from research.simulation.checks import between, formerly, whole
from research.simulation.noise import Shocks
from research.tables import Result, Table

__all__ = [
    "Curve",
    "Leverage",
    "Market",
    "Noise",
    "Premium",
    "Rates",
    "Rounding",
    "SimulatedKind",
    "Staking",
    "World",
    "fee_schedule",
    "shown_parameters",
    "world_sessions",
]

SimulatedKind = Literal["spot", "futures", "staking", "leveraged"]
"""What sort of fund can be simulated."""

_ONLY_OF: Final[Mapping[str, frozenset[str]]] = {
    "rates": frozenset({"futures", "leveraged"}),
    "curve": frozenset({"futures"}),
    "staking": frozenset({"staking"}),
    "leverage": frozenset({"leveraged"}),
}
"""Parts of a world that only some kinds of fund have."""

_LISTED = "2024-07-23"
_SOURCE = "simulated: the data were made with this schedule"


@formerly(benchmark="level")
@dataclass(frozen=True)
class Market:
    """The asset that fund and benchmark follow; it trades around the clock.

    Parameters
    ----------
    volatility : float
        Standard deviation of its log return over a year of calendar time, a fraction.
    drift : float
        Mean log return a year.
    benchmark : float
        First value of the benchmark, in index points.
    shocks : Shocks
        Law of the returns over one holding interval.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    """

    volatility: float = 0.70
    drift: float = 0.0
    benchmark: float = 3500.0
    shocks: Shocks = field(default_factory=Shocks)

    def __post_init__(self) -> None:
        between("market.volatility", self.volatility, 0.0, 10.0)
        between("market.drift", self.drift, -5.0, 5.0)
        between("market.benchmark", self.benchmark, 0.0, open_low=True)


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


@formerly(mean="level")
@dataclass(frozen=True)
class Rates:
    """Money market: the quote of Treasury bills (bank discount) and what borrowing costs, one path for both.

    Parameters
    ----------
    mean : float
        A fraction a year.
    sd : float
        Standard deviation about it in the long run; quotes are cut off at 0 and 24 %.
    half_life : float
        Sessions until half a deviation is gone.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    """

    mean: float = 0.045
    sd: float = 0.01
    half_life: float = 120.0

    def __post_init__(self) -> None:
        between("rates.mean", self.mean, 0.0, 0.2)
        between("rates.sd", self.sd, 0.0, 0.1)
        between("rates.half_life", self.half_life, 0.0, 1e5)


@formerly(mean="level")
@dataclass(frozen=True)
class Curve:
    """Monthly futures, and how a fund holds them.

    Parameters
    ----------
    mean, sd : float
        Mean and standard deviation of the annualised basis of a contract that is about to expire; above 0 is contango.
    half_life : float
        Sessions until half a deviation of the basis is gone.
    roll_days : int
        Sessions over which a contract is exchanged for the next, in equal parts.
    cost : float
        Cost of trading as a fraction of the value traded.
    collateral_share : float
        Share of assets that earns bills.

    Raises
    ------
    ParameterError
        If a parameter is out of range.

    Notes
    -----
    ``ln F(τ)/S = mean·τ + x·(1 − e^{−κτ})/κ`` with x the deviation of the basis and κ its speed of reversion (Gibson &
    Schwartz 1990): far contracts move less in annualised basis, as they do.
    """

    mean: float = 0.10
    sd: float = 0.06
    half_life: float = 20.0
    roll_days: int = 5
    cost: float = 0.0
    collateral_share: float = 1.0

    def __post_init__(self) -> None:
        between("curve.mean", self.mean, -2.0, 2.0)
        between("curve.sd", self.sd, 0.0, 2.0)
        between("curve.half_life", self.half_life, 0.0, 1e5, open_low=True)
        whole("curve.roll_days", self.roll_days, 1, 15)
        between("curve.cost", self.cost, 0.0, 0.1, open_high=True)
        between("curve.collateral_share", self.collateral_share, 0.0, 1.0)


@dataclass(frozen=True)
class Staking:
    """What a fund that stakes earns, and what is taken from it.

    Parameters
    ----------
    reward : float
        Mean gross reward on staked coins, a fraction a year.
    reward_sd, reward_half_life : float
        Standard deviation about the mean, and sessions until half a deviation is gone; cut off at 0.
    share : float
        Mean fraction of the coins that is staked.
    share_sd, share_half_life : float
        The same for that fraction; cut off at 0 and 1.
    since : str or date, optional
        First day on which the fund stakes; None for from the start.
    fee_share : float
        Fraction of the reward that providers and sponsor keep.
    tax_rate : float
        Fraction of the rest that is withheld from the fund.
    benchmark_earns : bool
        Whether the benchmark is a total-return index that earns the reward on all its coins.
    paid_out : bool
        Whether the net reward is paid out in cash on the first session of each month; else it accrues.

    Raises
    ------
    ParameterError
        If a parameter is out of range: a share above 1, a tax of 30 in place of 0.30.
    """

    reward: float = 0.030
    reward_sd: float = 0.006
    reward_half_life: float = 10.0
    share: float = 0.60
    share_sd: float = 0.10
    share_half_life: float = 40.0
    since: dt.date | str | None = None
    fee_share: float = 0.10
    tax_rate: float = 0.0
    benchmark_earns: bool = False
    paid_out: bool = False

    def __post_init__(self) -> None:
        between("staking.reward", self.reward, 0.0, 1.0, advice="a fraction a year, as in 0.03 for 3 %")
        between("staking.reward_sd", self.reward_sd, 0.0, 1.0)
        between("staking.reward_half_life", self.reward_half_life, 0.0, 1e5)
        between("staking.share", self.share, 0.0, 1.0, advice="a fraction of the coins, as in 0.6")
        between("staking.share_sd", self.share_sd, 0.0, 1.0)
        between("staking.share_half_life", self.share_half_life, 0.0, 1e5)
        between("staking.fee_share", self.fee_share, 0.0, 1.0, advice="a fraction of the reward, as in 0.1")
        between("staking.tax_rate", self.tax_rate, 0.0, 1.0, advice="a fraction, as in 0.30 for 30 %")
        if self.since is not None:
            as_date(self.since, "staking.since")


@dataclass(frozen=True)
class Leverage:
    """A multiple of the benchmark's return that is reset.

    Parameters
    ----------
    multiple : float
        2 for a fund that doubles, −1 for an inverse one; from −5 to 5, not 0.
    reset : {"daily", "monthly"}
        How often the exposure is brought back.

    Raises
    ------
    ParameterError
        If the multiple is 0 or out of range.
    UnknownNameError
        If `reset` is neither.
    """

    multiple: float = 2.0
    reset: Literal["daily", "monthly"] = "daily"

    def __post_init__(self) -> None:
        between("leverage.multiple", self.multiple, -5.0, 5.0)
        if self.multiple == 0.0:
            raise ParameterError("leverage.multiple is 0: a fund without exposure follows nothing; give 2, −1 or 1")
        if self.reset not in ("daily", "monthly"):
            raise UnknownNameError("reset", str(self.reset), ("daily", "monthly"))


def fee_schedule(
    rate: float,
    start: pd.Timestamp | str = _LISTED,
    *,
    waived_until: pd.Timestamp | str | None = None,
    waived_below: float | None = None,
    waived_rate: float = 0.0,
    paid: Literal["daily", "monthly", "quarterly"] | None = None,
) -> FeeSchedule:
    """Return the fee of a simulated fund: one rate, after a waiver if there is one.

    Parameters
    ----------
    rate : float
        Fraction a year.
    start : pandas.Timestamp or str
        First day of the schedule.
    waived_until : pandas.Timestamp or str, optional
        Last day of the waiver.
    waived_below : float, optional
        The waiver holds on assets below this many dollars only, and `rate` beyond; None for a waiver on everything.
    waived_rate : float
        Rate while and where the fee is waived.
    paid : {"daily", "monthly", "quarterly"}, optional
        When what has accrued leaves the fund; until then it is a debt that gears the fund a little.

    Returns
    -------
    FeeSchedule

    Examples
    --------
    >>> [str(period) for period in fee_schedule(0.002, waived_until="2025-07-22").periods]
    ['2024-07-23 to 2025-07-22: 0.00 %', 'from 2025-07-23: 0.20 %']
    """
    between("rate", rate, 0.0, 0.2, open_high=True)
    first = as_date(start, "start")
    if waived_until is None:
        return FeeSchedule(periods=(_period(first, None, rate),), source=_SOURCE, status="CHECKED", paid=paid)
    last = as_date(waived_until, "waived_until")
    if last < first:
        raise ParameterError(f"waived_until is {last:%Y-%m-%d}, before the schedule starts on {first:%Y-%m-%d}")
    waiver = _period(first, last, rate, below=waived_below, low_rate=waived_rate)
    charged = _period(last + pd.Timedelta(days=1), None, rate)
    return FeeSchedule(periods=(waiver, charged), source=_SOURCE, status="CHECKED", paid=paid)


def _period(
    start: pd.Timestamp,
    end: pd.Timestamp | None,
    rate: float,
    *,
    below: float | None = None,
    low_rate: float | None = None,
) -> FeePeriod:
    """Return one period; `low_rate` is its rate, or the rate `below` an amount of assets."""
    if low_rate is None:
        tiers: tuple[FeeTier, ...] = (FeeTier(rate=rate),)
    elif below is None:
        tiers = (FeeTier(rate=low_rate),)
    else:
        tiers = (FeeTier(rate=low_rate, up_to=below), FeeTier(rate=rate))
    return FeePeriod(start=start.date(), end=None if end is None else end.date(), tiers=tiers)


@dataclass(frozen=True)
class World(Result):
    """A fund that does not exist, and everything that is true of it.

    Parameters
    ----------
    kind : str
        What sort of fund it is: one of `SimulatedKind`.
    sessions : int
        Sessions of the exchange from the first to the last, from 3.
    start : str or date
        The first session is the first one of the calendar from this day.
    calendar : str
        Name of the exchange's calendar.
    fee : FeeSchedule or float
        What is charged: a schedule, see `fee_schedule`, or one rate as a fraction a year.
    nav : float
        First net asset value, dollars a share.
    assets : float
        First assets of the fund in dollars; they move with the market and with `flows`.
    flows : float
        Standard deviation of the assets' further log change a session.
    market : Market
    premium : Premium, optional
        None for a fund without a market close.
    noise : Noise
    rounding : Rounding
    rates : Rates
        Of kinds futures and leveraged.
    curve : Curve
        Of kind futures.
    staking : Staking
        Of kind staking.
    leverage : Leverage
        Of kind leveraged.
    clock_offset_hours : float
        Hours by which the benchmark is sampled after the fund's net asset value; negative for before.
    missing_rate : float
        Probability that a session between the first and the last has no row.

    Raises
    ------
    ParameterError
        If a parameter is out of range; the message names it.
    UnknownNameError
        If there is no such kind or calendar; the nearest is offered.

    Examples
    --------
    >>> World(noise=Noise(permanent=-1.0))
    Traceback (most recent call last):
    ...
    research.errors.ParameterError: noise.permanent is -1.0: give a number from 0 to 0.1
    """

    kind: SimulatedKind = "spot"
    sessions: int = 504
    start: dt.date | str = _LISTED
    calendar: str = "XNYS"
    fee: FeeSchedule | float = 0.0025
    nav: float = 25.0
    assets: float = 5e8
    flows: float = 0.01
    market: Market = field(default_factory=Market)
    premium: Premium | None = field(default_factory=Premium)
    noise: Noise = field(default_factory=Noise)
    rounding: Rounding = field(default_factory=Rounding)
    rates: Rates = field(default_factory=Rates)
    curve: Curve = field(default_factory=Curve)
    staking: Staking = field(default_factory=Staking)
    leverage: Leverage = field(default_factory=Leverage)
    clock_offset_hours: float = 0.0
    missing_rate: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(SimulatedKind):
            raise UnknownNameError("kind of simulated fund", str(self.kind), get_args(SimulatedKind))
        whole("sessions", self.sessions, 3, 20_000)
        check_calendar(self.calendar)
        between("nav", self.nav, 0.0, open_low=True)
        between("assets", self.assets, 0.0, open_low=True)
        between("flows", self.flows, 0.0, 1.0)
        between(
            "clock_offset_hours",
            self.clock_offset_hours,
            -12.0,
            8.0,
            advice="the benchmark's clock stays on the day of the fund's, whose 24:00 is eight hours after 16:00",
        )
        if self.kind == "leveraged" and self.clock_offset_hours != 0.0:
            raise ParameterError(
                f"clock_offset_hours is {self.clock_offset_hours:g} of a leveraged fund: its drivers are measured on "
                "the benchmark, whose clock must be its own; give 0"
            )
        in_arrears = self.schedule.paid in ("monthly", "quarterly")
        if in_arrears and (self.kind == "leveraged" or not all(period.is_flat for period in self.schedule.periods)):
            raise ParameterError(
                f"fee is paid {self.schedule.paid}: that is simulated for a fee without tiers of a fund without "
                "leverage; give paid='daily'"
            )
        between("missing_rate", self.missing_rate, 0.0, 1.0, open_high=True)
        prices = {"nav": self.nav, "close": self.nav, "benchmark": self.market.benchmark}
        self.rounding.check_against(prices)
        first, opened = self.index[0].date(), self.schedule.periods[0].start
        if first < opened:
            raise ParameterError(
                f"fee starts on {opened}, after the first session on {first}: start it there or before"
            )

    def summary(self) -> Table:
        """Return every parameter that this kind of fund uses, one row each."""
        idle = {name for name, kinds in _ONLY_OF.items() if self.kind not in kinds}
        rows: dict[str, object] = {}
        for name in (one.name for one in fields(self) if one.name not in idle):
            fee = "; ".join(map(str, self.schedule.periods))
            rows |= {"fee": fee} if name == "fee" else shown_parameters(name, getattr(self, name))
        return Table.of(rows, f"World of a simulated {self.kind} fund")

    @cached_property
    def schedule(self) -> FeeSchedule:
        """What is charged, as a schedule."""
        if isinstance(self.fee, FeeSchedule):
            return self.fee
        between("fee", self.fee, 0.0, 0.2, open_high=True)
        return fee_schedule(self.fee, self.index[0])

    @property
    def multiple(self) -> float:
        """Multiple of the benchmark's return that the fund aims at; 1 without leverage."""
        return self.leverage.multiple if self.kind == "leveraged" else 1.0

    @property
    def index(self) -> pd.DatetimeIndex:
        """Session labels, naive days."""
        return world_sessions(self.calendar, pd.Timestamp(as_date(self.start, "start")), self.sessions)


def shown_parameters(name: str, value: object) -> dict[str, str]:
    """Return a parameter as it reads in a table, one row each where it has parts."""
    if isinstance(value, Shocks):
        return {name: str(value)}
    if is_dataclass(value):
        parts = (shown_parameters(f"{name}.{part.name}", getattr(value, part.name)) for part in fields(value))
        return {label: shown for part in parts for label, shown in part.items()}
    return {name: f"{value:g}" if isinstance(value, float) else "–" if value is None else str(value)}


@lru_cache(maxsize=64)
def world_sessions(calendar: str, start: pd.Timestamp, count: int) -> pd.DatetimeIndex:
    """Return the first `count` sessions of an exchange from `start`.

    Parameters
    ----------
    calendar : str
        Name of the exchange's calendar.
    start : pandas.Timestamp
        A day.
    count : int
        Sessions wanted.

    Returns
    -------
    pandas.DatetimeIndex, length `count`
        Naive, normalised labels.

    Examples
    --------
    >>> [f"{day:%a}" for day in world_sessions("XNYS", pd.Timestamp("2024-07-26"), 2)]
    ['Fri', 'Mon']
    """
    # An exchange with five sessions a week and holidays needs about 1.46 calendar days for each.
    end = min(start + pd.Timedelta(days=int(1.6 * count) + 30), pd.Timestamp("2200-12-31"))
    found = calendar_sessions(calendar, start, end)
    if len(found) < count:
        raise SampleError(
            f"calendar {calendar} has {len(found)} sessions from {start:%Y-%m-%d} to {end:%Y-%m-%d} and {count} are "
            "wanted: ask for fewer sessions"
        )
    return found[:count]

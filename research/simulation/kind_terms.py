"""Parts of a simulated world that only some kinds of fund have: futures curve, interest rates, staking, leverage."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from research.alignment.dates import as_date
from research.errors import ParameterError, UnknownNameError
from research.simulation.checks import between, whole

__all__ = ["Curve", "Leverage", "Rates", "Staking"]


@dataclass(frozen=True)
class Rates:
    """Money market: the quote of Treasury bills (bank discount) and what borrowing costs, one path for both.

    Parameters
    ----------
    level : float
        Mean, a fraction a year.
    sd : float
        Standard deviation about it in the long run; quotes are cut off at 0 and 24 %.
    half_life : float
        Sessions until half a deviation is gone.

    Raises
    ------
    ParameterError
        If a parameter is out of range.
    """

    level: float = 0.045
    sd: float = 0.01
    half_life: float = 120.0

    def __post_init__(self) -> None:
        between("rates.level", self.level, 0.0, 0.2)
        between("rates.sd", self.sd, 0.0, 0.1)
        between("rates.half_life", self.half_life, 0.0, 1e5)


@dataclass(frozen=True)
class Curve:
    """Monthly futures, and how a fund holds them.

    Parameters
    ----------
    level, sd : float
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
    ``ln F(τ)/S = level·τ + x·(1 − e^{−κτ})/κ`` with x the deviation of the basis and κ its speed of reversion (Gibson &
    Schwartz 1990): far contracts move less in annualised basis, as they do.
    """

    level: float = 0.10
    sd: float = 0.06
    half_life: float = 20.0
    roll_days: int = 5
    cost: float = 0.0
    collateral_share: float = 1.0

    def __post_init__(self) -> None:
        between("curve.level", self.level, -2.0, 2.0)
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

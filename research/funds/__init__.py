"""What a fund is: fee schedule, staking terms, leverage, benchmark and clock, and the registry of known funds."""

from research.funds.fact import STATUS_MEANING, Fact, LeverageTerms, StakingTerms, Status
from research.funds.fund import Fund, Kind
from research.funds.period import FeePeriod, FeeTier
from research.funds.registry import fund, funds, read_funds
from research.funds.schedule import FeeSchedule
from research.funds.series import ROLES, Role, SeriesSource

__all__ = [
    "ROLES",
    "STATUS_MEANING",
    "Fact",
    "FeePeriod",
    "FeeSchedule",
    "FeeTier",
    "Fund",
    "Kind",
    "LeverageTerms",
    "Role",
    "SeriesSource",
    "StakingTerms",
    "Status",
    "fund",
    "funds",
    "read_funds",
]

"""What a fund is: fee schedule, staking terms, leverage, benchmark and clock, and the registry of known funds."""

from research.funds.fact import STATUS_MEANING, Fact, Status
from research.funds.fund import Fund, Kind
from research.funds.known import SCREEN_RULES, KnownFinding
from research.funds.registry import data_folder, described, funds, read_funds, read_tables
from research.funds.schedule import FeePeriod, FeeSchedule, FeeTier
from research.funds.series import INPUTS, ROLES, FileSource, InputName, Role, SeriesSource, TableSource
from research.funds.terms import FuturesTerms, LeverageTerms, StakingTerms
from research.funds.unit import Unit

__all__ = [
    "INPUTS",
    "ROLES",
    "SCREEN_RULES",
    "STATUS_MEANING",
    "Fact",
    "FeePeriod",
    "FeeSchedule",
    "FeeTier",
    "FileSource",
    "Fund",
    "FuturesTerms",
    "InputName",
    "Kind",
    "KnownFinding",
    "LeverageTerms",
    "Role",
    "SeriesSource",
    "StakingTerms",
    "Status",
    "TableSource",
    "Unit",
    "data_folder",
    "described",
    "funds",
    "read_funds",
    "read_tables",
]

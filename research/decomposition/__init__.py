"""Decomposition: the local-level regression, what it identifies, shares of variance, breaks, and the result object."""

from research.decomposition.averaged import AveragedResult, averaged_level
from research.decomposition.averaged_panel import AveragedPanel, averaged_panel
from research.decomposition.bootstrap import BootstrapDecomposition, bootstrap_decomposition
from research.decomposition.breaks import SlopeBreak, detectable_change, slope_break
from research.decomposition.chance import Chance, chance_of_difference, chance_of_remainder
from research.decomposition.diagnostics import (
    AutocorrelationTest,
    autocorrelation_test,
    compare_estimators,
    newey_west_lags,
)
from research.decomposition.estimates import DriverEstimate
from research.decomposition.identification import Identification, identify, identify_drivers, variance_inflation
from research.decomposition.local_level import LocalLevelResult, local_level
from research.decomposition.panel import LocalLevelPanel, local_level_panel
from research.decomposition.regimes import FeeRegime, FeeRegimes, fee_regimes
from research.decomposition.result import Decomposition, decompose
from research.decomposition.shares import euler_share_intervals, euler_shares, johnson, lmg, lmg_shares

__all__ = [
    "AutocorrelationTest",
    "AveragedPanel",
    "AveragedResult",
    "BootstrapDecomposition",
    "Chance",
    "Decomposition",
    "DriverEstimate",
    "FeeRegime",
    "FeeRegimes",
    "Identification",
    "LocalLevelPanel",
    "LocalLevelResult",
    "SlopeBreak",
    "autocorrelation_test",
    "averaged_level",
    "averaged_panel",
    "bootstrap_decomposition",
    "chance_of_difference",
    "chance_of_remainder",
    "compare_estimators",
    "decompose",
    "detectable_change",
    "euler_share_intervals",
    "euler_shares",
    "fee_regimes",
    "identify",
    "identify_drivers",
    "johnson",
    "lmg",
    "lmg_shares",
    "local_level",
    "local_level_panel",
    "newey_west_lags",
    "slope_break",
    "variance_inflation",
]

"""Simulated funds whose truth is known, and the coverage study that they make possible."""

from research.simulation.coverage import BreakCoverage, CoverageStudy, break_coverage, coverage_study
from research.simulation.deviations import DEVIATIONS, Deviation
from research.simulation.examples import (
    SIMULATED_FUNDS,
    SimulatedFund,
    load_simulated,
    simulated,
    simulated_funds,
)
from research.simulation.noise import Shocks
from research.simulation.noise_kinds import NOISE_KINDS, NoiseKind, driver_worlds, noise_worlds, study_world
from research.simulation.paths import Panel, simulate_panel
from research.simulation.simulate import SimulatedHistory, Truth, history_of, simulate
from research.simulation.verdicts import VERDICTS, VerdictStudy, verdict_study
from research.simulation.world import (
    Curve,
    Leverage,
    Market,
    Noise,
    Premium,
    Rates,
    Rounding,
    SimulatedKind,
    Staking,
    World,
    fee_schedule,
)

__all__ = [
    "DEVIATIONS",
    "NOISE_KINDS",
    "SIMULATED_FUNDS",
    "VERDICTS",
    "BreakCoverage",
    "CoverageStudy",
    "Curve",
    "Deviation",
    "Leverage",
    "Market",
    "Noise",
    "NoiseKind",
    "Panel",
    "Premium",
    "Rates",
    "Rounding",
    "Shocks",
    "SimulatedFund",
    "SimulatedHistory",
    "SimulatedKind",
    "Staking",
    "Truth",
    "VerdictStudy",
    "World",
    "break_coverage",
    "coverage_study",
    "driver_worlds",
    "fee_schedule",
    "history_of",
    "load_simulated",
    "noise_worlds",
    "simulate",
    "simulate_panel",
    "simulated",
    "simulated_funds",
    "study_world",
    "verdict_study",
]

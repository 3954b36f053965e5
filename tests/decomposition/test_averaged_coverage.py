"""Do averaged intervals hold where plug-in ones do not? The fee of simulated funds, a reduced design of the study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtrit

from research.decomposition import local_level_panel
from research.decomposition.averaged_panel import averaged_panel
from research.simulation.noise import Shocks
from research.simulation.noise_kinds import NOISE_KINDS, study_world
from research.simulation.paths import simulate_panel
from research.simulation.world import Market, Noise, fee_schedule

DRAWS = 400
SHOCKS = {"t3": Shocks(df=3.0), "clusters": Shocks(arch=0.08, garch=0.91)}
NOISES = {
    **{name: kind.noise for name, kind in NOISE_KINDS.items() if kind.rounding.nav is None},
    **{f"walk_{hundredths:02d}": Noise(hundredths * 1e-6, 1e-4) for hundredths in (2, 3, 5)},
    "autocorrelated_walk": Noise(5e-6, 1e-4, autocorrelation=0.8),
    **{name: Noise(2e-5, 1e-4, shocks=law) for name, law in SHOCKS.items()},
}
BASE = replace(study_world(504), fee=fee_schedule(0.0025, study_world(504).index[0]))
WORLDS = {name: replace(BASE, noise=noise) for name, noise in NOISES.items()} | {
    f"rounded_{way}": replace(
        BASE,
        noise=NOISE_KINDS["rounded"].noise,
        rounding=NOISE_KINDS["rounded"].rounding,
        market=Market(drift=drift),
    )
    for way, drift in {"rising": 0.6, "falling": -0.6}.items()
}


@pytest.fixture(scope="module")
def study():
    """Return coverage of and mean width in bp a year of 95 % intervals, averaged and plugged in, for each world."""
    rows = {}
    for name, world in WORLDS.items():
        panel = simulate_panel(world, tuple(range(DRAWS)), seed=5)
        levels = pd.DataFrame((np.log(panel.nav) - np.log(panel.benchmark)).T, panel.sessions)
        fee = pd.DataFrame({"fee": panel.components["expense_ratio"][0]}, panel.sessions)
        averaged, plugged = averaged_panel(levels, fee), local_level_panel(levels, fee)
        half = stdtrit(502, 0.975) * plugged.std_errors["fee"]
        inside = (averaged.lower["fee"] <= 1) & (averaged.upper["fee"] >= 1)
        rows[name] = {
            "averaged": inside.mean(),
            "width": 25 * (averaged.upper["fee"] - averaged.lower["fee"]).mean(),
            "plugged": ((plugged.params["fee"] - 1).abs() <= half).mean(),
            "plugged_width": 25 * 2 * half.mean(),
        }
    return pd.DataFrame(rows).T


@pytest.mark.parametrize("name", WORLDS)
def test_intervals_hold(study, name):
    coverage = study.loc[name, "averaged"]
    assert coverage + 2 * np.sqrt(coverage * (1 - coverage) / DRAWS) >= 0.92


def test_the_plugged_in_ones_do_not(study):
    faint = study.loc[["faint_walk", "walk_02", "walk_03"], "plugged"]
    assert (faint + 2 * np.sqrt(faint * (1 - faint) / DRAWS) < 0.92).all()


def test_they_are_wider_only_where_they_must_be(study):
    """Where the noise is plain to see nothing is paid; where it comes back slowly the interval shrinks many times."""
    ratio = study["width"] / study["plugged_width"]
    assert (ratio[["random_walk", "mixed", "t3", "clusters", "fat_tailed"]] < 1.1).all()
    assert ratio["autocorrelated"] < 0.2
    assert ratio.max() < 2.5

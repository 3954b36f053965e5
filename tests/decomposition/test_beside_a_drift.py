"""A driver is not blamed for what drifts as steadily as it: the two are named together."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from research.decomposition import decompose, identify
from research.simulation import DEVIATIONS, Noise, World, fee_schedule

NOISE = Noise(2e-5, 0.0)
FLAT, WAIVED = 0.0025, fee_schedule(0.0025, waived_until="2025-01-22")


@pytest.mark.parametrize("fee", [FLAT, WAIVED])
def test_a_drift_is_not_the_fee(fee):
    result = decompose(DEVIATIONS["drift"].history(World(fee=fee, noise=Noise(2e-6, 2e-5)), 1, 0))
    assert result.drivers[0].verdict == "it or a drift is not as stated"


def test_a_fee_that_steps_is_told_from_a_drift():
    history = DEVIATIONS["nothing"].history(World(fee=WAIVED, noise=Noise(2e-6, 2e-5)), 1, 0)
    twice = history.fund.model_copy(update={"fee": fee_schedule(0.0050, waived_until="2025-01-22")})
    assert decompose(replace(history, fund=twice)).drivers[0].verdict == "not as stated"


def test_p_values_are_those_of_a_regression_with_a_constant():
    """Under a random walk a drift is the constant of a regression of changes, of one step a session."""
    days = pd.bdate_range("2024-01-01", periods=300)
    rng = np.random.default_rng(1)
    driver = pd.Series(rng.standard_normal(300).cumsum(), days)
    calendar = np.asarray((days - days[0]).days, dtype=float)
    level = pd.Series(1.2 * driver + 0.2 * calendar + 3 * rng.standard_normal(300).cumsum(), days)
    found = identify(level, driver.to_frame("driver"), "estimate", error="noise", cov_type="classical")
    design = np.column_stack([np.diff(driver), np.diff(calendar)])
    fit = sm.OLS(np.diff(level), design).fit()
    expected = fit.t_test("x1 = 1").pvalue
    assert found.p_values_beside_a_drift()["driver"] == pytest.approx(float(expected), rel=0.05)


def test_a_driver_that_is_the_drift_cannot_be_told_from_it():
    history = DEVIATIONS["nothing"].history(World(fee=FLAT, noise=NOISE), 1, 0)
    level = history.divergence("nav")
    line = pd.DataFrame({"fee": -history.days * FLAT / 365}, level.index)
    found = identify(level, line, "estimate")
    assert found.p_values_beside_a_drift()["fee"] == 1.0

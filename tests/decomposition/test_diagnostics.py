"""What an answer owes to the model of its error: persistent noise is noticed, other estimators are statsmodels'."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

import research as rs
from research.decomposition import autocorrelation_test, compare_estimators, newey_west_lags
from research.drivers import expense_ratio


@pytest.mark.slow
def test_the_diagnostic_recommends_it_where_it_helps_and_not_elsewhere(persistent):
    slow = [autocorrelation_test(*persistent(seed)).recommended for seed in range(30)]
    noise = [autocorrelation_test(*persistent(seed, phi=0.0)).recommended for seed in range(30)]
    walk = [
        autocorrelation_test(*persistent(seed, phi=0.0, spread=1e-9, permanent=5e-5)).recommended for seed in range(30)
    ]
    assert np.mean(slow) > 0.95
    assert np.mean(noise) < 0.1
    assert np.mean(walk) < 0.1


def test_other_estimators_stand_beside():
    """The regressions in changes and in levels, against statsmodels called by hand."""
    ethv = rs.load("ETHV")
    fee = expense_ratio(ethv).level.to_frame("fee")
    level = ethv.divergence("nav")
    table = compare_estimators(level, fee)
    lags = newey_west_lags(len(level) - 1)
    changes = OLS(level.diff().iloc[1:].to_numpy(), fee.diff().iloc[1:].to_numpy()).fit()
    hac = changes.get_robustcov_results("HAC", maxlags=lags, use_correction=True)
    row = table.loc[("changes", "fee")]
    assert row["coefficient"] == pytest.approx(changes.params[0])
    assert row["std_error"] == pytest.approx(hac.bse[0])
    estimators = set(table.index.get_level_values("estimator"))
    assert {"local level", "levels, HAC", "levels, AR(1)", "changes with constant"} <= estimators

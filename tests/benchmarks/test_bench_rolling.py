"""Rolling tracking error of a large panel against pandas' own rolling, and against copying the memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research import metrics

SESSIONS, FUNDS, WINDOW = 2_520, 2_000, 60


@pytest.mark.bench
def test_rolling_tracking_error(race):
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2015-01-02", periods=SESSIONS)
    reference = pd.Series(rng.normal(0, 0.03, SESSIONS), days)
    noise = rng.normal(0, 1e-3, (SESSIONS, FUNDS)) * rng.uniform(0.1, 3, FUNDS)
    funds = pd.DataFrame(reference.to_numpy()[:, None] + noise, days)

    def ours():
        return metrics.rolling_tracking_error(funds, reference, window=WINDOW, periods_per_year=252)

    def pandas():
        return funds.sub(reference, axis=0).rolling(WINDOW).std() * 252**0.5

    np.testing.assert_allclose(ours(), pandas(), rtol=1e-9)
    seconds = race(
        f"rolling tracking error, {SESSIONS:,} sessions × {FUNDS:,} funds",
        9,
        ours=ours,
        pandas=pandas,
        copy=lambda: funds.to_numpy().copy(),
    )
    assert seconds["pandas"] >= 5 * seconds["ours"]
    assert seconds["ours"] <= 10 * seconds["copy"]

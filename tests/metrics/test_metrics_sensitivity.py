"""One fund against several benchmarks: identities that must hold exactly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research import metrics
from research.errors import AlignmentError, ParameterError, SampleError
from research.metrics import benchmark_sensitivity

RNG = np.random.default_rng(51)
INDEX = pd.bdate_range("2024-01-02", periods=250)
SPOT = RNG.normal(0, 0.03, 250)
REFERENCES = pd.DataFrame({name: SPOT + RNG.normal(0, s, 250) for name, s in (("A", 1e-4), ("B", 1e-3), ("C", 5e-3))})
REFERENCES.index = INDEX
FUND = pd.Series(SPOT - 1e-5 + RNG.normal(0, 2e-4, 250), INDEX)
GIVEN = {"years": 1.0, "periods_per_year": 252}


def test_rows_are_the_measures():
    found = benchmark_sensitivity(FUND, REFERENCES, **GIVEN)
    for name in REFERENCES:
        pair = FUND, REFERENCES[name]
        row = found.measures.loc[name]
        assert row["tracking_difference_log"] == metrics.tracking_difference_log(*pair, years=1.0)
        assert row["tracking_error"] == metrics.tracking_error(*pair, periods_per_year=252)
        assert row["beta"] == metrics.beta(*pair)
    assert found.nobs == 250


def test_mismatch_adds_up():
    funds = FUND.copy()
    funds.iloc[4] = np.nan
    references = REFERENCES.copy()
    references.iloc[9, 1] = np.nan
    found = benchmark_sensitivity(funds, references, **GIVEN)
    assert found.nobs == 248
    drift = found.measures["tracking_difference_log"]
    for i in REFERENCES:
        for j in REFERENCES:
            assert drift[j] == pytest.approx(drift[i] + found.mismatch.loc[i, j], abs=1e-14)
    np.testing.assert_allclose(found.mismatch, -found.mismatch.T, atol=1e-15)
    np.testing.assert_allclose(found.mismatch_error, found.mismatch_error.T, rtol=1e-12)
    assert (np.diag(found.mismatch_error) == 0).all()


def test_mismatch_error_bounds_the_change_of_tracking_error():
    found = benchmark_sensitivity(FUND, REFERENCES, **GIVEN)
    error = found.measures["tracking_error"]
    for i in REFERENCES:
        for j in REFERENCES:
            assert abs(error[i] - error[j]) <= found.mismatch_error.loc[i, j] + 1e-15
    assert found.spread["tracking_error"] == error.max() - error.min()


def test_words():
    found = benchmark_sensitivity(FUND, REFERENCES, **GIVEN)
    assert "One fund against 3 benchmarks" in str(found)
    assert "<table" in found._repr_html_()
    assert set(found.to_dict()["mismatch"]) == {"A", "B", "C"}


def test_refusals():
    with pytest.raises(ParameterError, match="two benchmarks"):
        benchmark_sensitivity(FUND, REFERENCES[["A"]], **GIVEN)
    with pytest.raises(ParameterError, match="one fund"):
        benchmark_sensitivity(REFERENCES, REFERENCES, **GIVEN)
    with pytest.raises(AlignmentError):
        benchmark_sensitivity(FUND.iloc[1:], REFERENCES, **GIVEN)
    with pytest.raises(SampleError):
        benchmark_sensitivity(FUND * np.nan, REFERENCES, **GIVEN)

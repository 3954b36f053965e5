"""Clock and benchmark mismatch: identities, signs and refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from driver_worlds import SESSIONS, make_history, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from research.drivers.clock import clock, log_ratio
from research.drivers.mismatch import benchmark_mismatch
from research.errors import AlignmentError, DataError, ParameterError

seeds = st.integers(0, 200)
BOTH = [(clock, "benchmark_at_fund_clock"), (benchmark_mismatch, "benchmark_stated")]


@settings(max_examples=25)
@given(one=seeds, other=seeds)
def test_exchanging_the_two_benchmarks_changes_the_sign(one, other):
    for function, key in BOTH:
        there = function(make_history(walk(1), walk(one), inputs={key: walk(other)}))
        back = function(make_history(walk(1), walk(other), inputs={key: walk(one)}))
        assert there is not None
        assert back is not None
        np.testing.assert_array_equal(there.level, -back.level)


@settings(max_examples=25)
@given(one=seeds, other=seeds, third=seeds)
def test_mismatches_add_up_along_a_chain(one, other, third):
    names = ("one", "other")
    a, b, c = walk(one), walk(other), walk(third)
    np.testing.assert_allclose(
        log_ratio(a, b, "x", names) + log_ratio(b, c, "x", names), log_ratio(a, c, "x", names), atol=1e-12
    )


@pytest.mark.parametrize(("function", "key"), BOTH)
def test_a_fund_that_follows_the_other_series_is_explained_in_full(function, key):
    other = walk(5)
    history = make_history(other / 100, walk(6), inputs={key: other})
    driver = function(history)
    divergence = history.divergence()
    np.testing.assert_allclose(driver.level, divergence - divergence.iloc[0], atol=1e-12)
    assert function(make_history(other, other, inputs={key: other})).level.abs().max() == 0.0
    assert function(make_history(other, other)) is None


@pytest.mark.parametrize(("function", "key"), BOTH)
def test_impossible_series_are_refused(function, key):
    wrong = walk(5)
    wrong.iloc[9] = np.nan
    with pytest.raises(DataError, match=f"input '{key}' of {SESSIONS[9]:%Y-%m-%d} is nan"):
        function(make_history(walk(1), walk(2), inputs={key: wrong}))
    with pytest.raises(AlignmentError, match=f"'{key}' has no row for {SESSIONS[9]:%Y-%m-%d}"):
        function(make_history(walk(1), walk(2), inputs={key: walk(5).drop(SESSIONS[9])}))
    with pytest.raises(ParameterError, match=r"give one pandas\.Series"):
        function(make_history(walk(1), walk(2), inputs={key: walk(5).to_frame()}))
    with pytest.raises(AlignmentError, match="that are not the 253 sessions"):
        log_ratio(walk(1), walk(1).iloc[1:], "x", ("one", "other"))


def test_the_clock_says_which_clocks():
    driver = clock(make_history(walk(1), walk(2), inputs={"benchmark_at_fund_clock": walk(3)}))
    assert driver is not None
    assert "16:00 America/New_York" in driver.description
    assert isinstance(driver.level.index, pd.DatetimeIndex)

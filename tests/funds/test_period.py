"""Marginal tiers against the arithmetic that defines them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from research.funds import FeePeriod

ETHA = {"start": "2024-07-23", "tiers": [{"rate": 0.0012, "up_to": 2.5e9}, {"rate": 0.0025}]}


@st.composite
def tier_lists(draw):
    rates = draw(st.lists(st.floats(0.0, 0.05), min_size=1, max_size=4))
    steps = draw(st.lists(st.floats(1e6, 5e9), min_size=len(rates) - 1, max_size=len(rates) - 1))
    limits = [*np.cumsum(steps).tolist(), None]
    return [{"rate": rate, "up_to": limit} for rate, limit in zip(rates, limits, strict=True)]


def dollars_by_hand(tiers, assets):
    """One slice after the other, in plain Python."""
    paid, below = 0.0, 0.0
    for tier in tiers:
        top = assets if tier["up_to"] is None else min(assets, tier["up_to"])
        paid += tier["rate"] * max(0.0, top - below)
        below = max(below, top)
    return paid


@given(tier_lists(), st.lists(st.floats(0.0, 2e10), min_size=1, max_size=20))
def test_effective_rate_is_the_sum_over_slices(tiers, assets):
    rates = FeePeriod(start="2024-07-23", tiers=tiers).effective_rate(np.array(assets))
    paid = [dollars_by_hand(tiers, amount) for amount in assets]
    np.testing.assert_allclose(rates * assets, paid, rtol=1e-12, atol=1e-6)


@given(tier_lists(), st.lists(st.floats(0.0, 2e10), min_size=1, max_size=20))
def test_effective_rate_lies_between_the_lowest_and_the_highest(tiers, assets):
    rates = FeePeriod(start="2024-07-23", tiers=tiers).effective_rate(np.array(assets))
    stated = [tier["rate"] for tier in tiers]
    assert rates.min() >= min(stated) - 1e-15
    assert rates.max() <= max(stated) + 1e-15


def test_first_tier_is_exact_also_without_any_assets():
    period = FeePeriod(**ETHA)
    assert period.effective_rate(np.array([0.0, 1.0, 2.5e9])).tolist() == [0.0012, 0.0012, 0.0012]


def test_far_above_the_limit_the_rate_tends_to_the_last_tier():
    assert FeePeriod(**ETHA).effective_rate(np.array([2.5e15]))[0] == pytest.approx(0.0025, abs=2e-9)


@pytest.mark.parametrize(
    ("tiers", "complaint"),
    [
        ([], "at least 1"),
        ([{"rate": 0.001, "up_to": 1e9}], "last tier has a limit"),
        ([{"rate": 0.001}, {"rate": 0.002}], "only the last tier"),
        ([{"rate": 0.001, "up_to": 2e9}, {"rate": 0.002, "up_to": 1e9}, {"rate": 0.003}], "must ascend"),
        ([{"rate": 0.001, "up_to": 1e9}, {"rate": 0.002, "up_to": 1e9}, {"rate": 0.003}], "must ascend"),
        ([{"rate": 0.25}], "less than 0.2"),
        ([{"rate": -0.001}], "greater than or equal to 0"),
        ([{"rate": float("nan")}], "finite"),
        ([{"rate": 0.001, "up_to": 0.0}, {"rate": 0.002}], "greater than 0"),
    ],
)
def test_malformed_tiers_are_refused(tiers, complaint):
    with pytest.raises(ValidationError, match=complaint):
        FeePeriod(start="2024-07-23", tiers=tiers)


def test_a_period_cannot_end_before_it_starts():
    with pytest.raises(ValidationError, match="ends on 2024-07-22, before its start on 2024-07-23"):
        FeePeriod(start="2024-07-23", end="2024-07-22", tiers=[{"rate": 0.001}])


def test_terms_read_like_a_prospectus():
    assert FeePeriod(**ETHA).terms == "0.12 % up to $2.5 bn, 0.25 % beyond"
    assert str(FeePeriod(start="2025-07-23", tiers=[{"rate": 0.002}])) == "from 2025-07-23: 0.20 %"
    same = FeePeriod(start="2025-07-23", tiers=[{"rate": 0.002, "up_to": 5e7}, {"rate": 0.002}])
    assert same.terms == "0.20 %"

"""Protocol issuance against the consensus specification's constants and the published supply."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.drivers.issuance import ISSUANCE_CONSTANT, expected_staking_yield, protocol_issuance
from research.errors import ParameterError


def test_the_identity_of_the_specification():
    assert pytest.approx(166.32, abs=0.005) == ISSUANCE_CONSTANT
    assert pytest.approx(64 * 365.25 * 24 * 3600 / (32 * 12) / math.sqrt(1e9)) == ISSUANCE_CONSTANT


def test_published_issuance_within_two_percent():
    full = protocol_issuance(41_669_700)
    assert round(full, -1) == 1_073_650
    assert full == pytest.approx(1_057_000, rel=0.02)
    assert protocol_issuance(41_669_700, participation=0.984) == pytest.approx(1_057_000, rel=0.001)
    # The published 2.62 % holds what users pay on top of issuance.
    assert expected_staking_yield(41_669_700) == pytest.approx(0.0258, abs=5e-5)
    assert expected_staking_yield(41_669_700, priority_fees=20_000) == pytest.approx(0.0262, abs=1e-4)


@settings(max_examples=25)
@given(staked=st.floats(1e5, 1e8), more=st.floats(1.01, 10.0))
def test_more_stake_dilutes_by_its_root(staked, more):
    ratio = expected_staking_yield(staked) / expected_staking_yield(staked * more)
    assert ratio == pytest.approx(math.sqrt(more))


@pytest.mark.parametrize("staked", [0.0, -1.0, float("nan"), 1e12])
def test_impossible_stakes_are_refused(staked):
    with pytest.raises(ParameterError, match="give the ether staked"):
        protocol_issuance(staked)


def test_impossible_participation_and_fees_are_refused():
    with pytest.raises(ParameterError, match=r"participation is 98\.4"):
        protocol_issuance(4e7, participation=98.4)
    with pytest.raises(ParameterError, match="priority_fees is -1"):
        expected_staking_yield(4e7, priority_fees=-1)

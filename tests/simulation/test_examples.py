"""The bundled simulated funds."""

import pytest

from research.errors import SampleError, UnknownNameError
from research.simulation import load_simulated, simulated, simulated_funds


def test_one_fund_of_each_kind():
    assert {fund.kind for fund in simulated_funds()} == {"spot", "futures", "staking", "leveraged"}
    for fund in simulated_funds():
        assert fund.simulated
        assert fund.ticker.startswith("SIM-")
        assert fund.name.startswith("Simulated")


def test_load_is_the_same_every_time_and_clips():
    whole = load_simulated("sim-staking")
    part = load_simulated("SIM-STAKING", start="2025-01-02", end="2025-06-30")
    assert len(whole.frame) == 504
    assert part.frame.equals(whole.frame.loc["2025-01-02":"2025-06-30"])
    assert set(part.truth.drivers) == {"expense_ratio", "staking_reward", "staking_fee", "staking_tax"}


def test_bad_requests_are_named():
    with pytest.raises(UnknownNameError, match="SIM-SPOT"):
        simulated("SIM-SPOTT")
    with pytest.raises(SampleError, match="swap"):
        load_simulated("SIM-SPOT", start="2025-06-30", end="2025-01-02")
    with pytest.raises(SampleError, match="30"):
        load_simulated("SIM-SPOT", start="2025-01-02", end="2025-01-20")

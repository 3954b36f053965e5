"""The report on staking: published pass-through, known tax, two benchmarks, and words that follow numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import research as rs
from research.analyses.staking.benchmarks import price_return, total_return
from research.analyses.staking.terms import published_terms
from research.errors import ParameterError
from research.simulation import Staking, World, simulate


@pytest.fixture(scope="module")
def report():
    return rs.staking(rs.load("SIM-STAKING"))


def made(**terms):
    return simulate(World(kind="staking", staking=Staking(**terms)), 5)


class TestNumbers:
    def test_published_funds(self):
        """`studies` 4.4: on NAV Grayscale's ETHE carries about -0.80 %, its Mini trust +1.94 %."""
        frame = published_terms((0.0, 0.15, 0.30), 1.0).frame
        assert frame.loc["ETHE", "net, tax 0 %"] == pytest.approx(-80, abs=1)
        assert frame.loc["ETH", "net, tax 0 %"] == pytest.approx(194, abs=1)
        assert frame.loc["ETHE", "net, tax 30 %"] < frame.loc["ETHE", "net, tax 15 %"]
        assert pd.isna(frame.loc["ETHB", "net, tax 0 %"])  # its gross reward is not known

    def test_averages_by_hand(self, report):
        history = report.history
        days = np.diff(history.days)
        staked = history.inputs["staked_share"].to_numpy()[1:] * days
        earned = float((history.inputs["staking_yield"].to_numpy()[1:] * staked).sum())
        assert report.means.staking_yield == pytest.approx(earned / staked.sum(), rel=1e-12)
        assert f"{report.means.since:%Y-%m-%d}" == "2025-03-03"
        assert report.net_yield(0.3) == pytest.approx(
            report.means.staked_share * report.means.staking_yield * 0.92 * 0.7 - 0.0025, rel=1e-12
        )

    @pytest.mark.parametrize("rate", [0.0, 0.15, 0.30])
    def test_the_tax_that_a_fund_withholds_is_found(self, rate):
        found = rs.staking(made(tax_rate=rate)).tax
        assert found.truth == rate
        assert abs(found.rate - rate) < 3 * found.std_error
        assert found.std_error < 0.04  # joint with that of the expense ratio, which drifts too

    @pytest.mark.slow
    def test_intervals_of_the_tax_cover(self):
        inside = []
        for draw in range(60):
            history = simulate(World(kind="staking", staking=Staking(tax_rate=0.15)), 9, draw=draw)
            low, high = rs.staking(history).tax.interval
            inside.append(low <= 0.15 <= high)
        assert np.mean(inside) > 0.86  # 60 draws: three standard deviations below 95 %

    def test_two_benchmarks_differ_by_the_reward(self, report):
        price, total = report.against["price-return"], report.against["total-return"]
        history = report.history
        earned = float((history.inputs["staking_yield"].to_numpy()[1:] * np.diff(history.days)).sum() / 365)
        assert price.tracking_difference - total.tracking_difference == pytest.approx(earned / history.years, rel=1e-9)

    def test_a_total_return_benchmark_is_taken_back_to_prices(self):
        plain, earning = made(), made(benchmark_earns=True)
        back = price_return(earning)
        assert "benchmark_staking_yield" not in back.inputs
        assert np.allclose(back.frame["benchmark"], plain.frame["benchmark"], rtol=1e-9)
        again = total_return(back, earning.inputs["staking_yield"])
        assert np.allclose(again.frame["benchmark"], earning.frame["benchmark"], rtol=1e-9)
        one, other = rs.staking(plain), rs.staking(earning)
        assert one.tax.rate == pytest.approx(other.tax.rate, abs=1e-6)

    def test_issuance(self, report):
        """166.32·√S ether a year on 41,669,700 staked at 98.4 % participation (`studies` 4.4)."""
        assert report.expected == pytest.approx(1_073_650 * 0.984 / 41_669_700, rel=1e-6)


class TestWords:
    def test_the_simulated_fund(self, report):
        said = report.conclusions
        assert said[0].id == "simulated"
        assert said.verdicts("staking_tax.withheld") == ("a scenario",)
        assert said.about("staking_tax.withheld")[0].values["scenarios"] == [0.15]
        assert said.verdicts("staking_reward.benchmarks") == ("sign depends on the benchmark",)
        assert "agrees with a tax of 15 % and with no other scenario. The truth is 15 %." in str(said)
        assert "leads one to expect 2.54 % a year" in str(said)
        assert "(the truth)" in str(report.tax_table())

    def test_words_follow_the_numbers(self):
        assert rs.staking(made(tax_rate=0.0)).withheld == "nothing"
        assert rs.staking(made(tax_rate=0.5)).withheld == "none of the scenarios"

    def test_scenarios_follow_the_parameters(self):
        half = rs.staking(rs.load("SIM-STAKING"), tax_rates=(0.1,), holders=0.5)
        assert list(half.scenarios_table().frame.columns) == ["tax 10%"]
        assert "on 50 % of holders" in str(half.conclusions)
        with pytest.raises(ParameterError, match="30"):
            rs.staking(rs.load("SIM-STAKING"), tax_rates=(30.0,)).net_yield(30.0)

    @pytest.mark.parametrize("asset", ["solana", "ethereum classic"])
    def test_the_issuance_of_ether_says_nothing_of_another_asset(self, asset, valid_result):
        history = rs.load("SIM-STAKING")
        found = rs.staking(replace(history, fund=history.fund.model_copy(update={"asset": asset})))
        assert found.conclusions.about("staking_reward.issuance") == ()
        assert found.limits.verdicts("staking_reward.network") == ("not known",)
        assert f"What the protocol of {asset} issues" in str(found.limits)
        for text in (str(found.conclusions), str(found.limits), str(found)):
            assert "issuance" not in text
            assert "million ether" not in text
        assert found.issuance_figure() is None
        document = valid_result(found, "staking")
        assert document["staking"]["expected_yield"] is document["staking"]["network_staked"] is None
        with pytest.raises(ParameterError, match="participation"):
            rs.staking(history, participation=98.4)

    def test_a_fund_that_does_not_stake_is_refused(self):
        with pytest.raises(ParameterError, match="ETHV is not known to stake"):
            rs.staking(rs.load("ETHV"))

    def test_a_fund_that_holds_published_numbers_constant_says_so(self):
        history = rs.load("SIM-STAKING")
        inputs = {"staking_yield": history.inputs["staking_yield"]}
        terms = history.fund.staking.model_copy(
            update={"staked_share": history.fund.staking.fee_share.model_copy(update={"value": 0.74})}
        )
        fund = history.fund.model_copy(update={"staking": terms})
        found = rs.staking(replace(history, fund=fund, inputs=inputs))
        assert any("held constant" in sentence for sentence in found.limits.texts)
        assert found.means.staked_share == pytest.approx(0.74)


def test_result_and_figures(report, valid_result):
    document = valid_result(report, "staking")
    part = document["staking"]
    assert [one["tax_rate"] for one in part["scenarios"]] == [0.0, 0.15, 0.3]
    assert part["tracking_difference_bp"]["price_return"] > 0 > part["tracking_difference_bp"]["total_return"]
    assert part["implied_tax"]["truth"] == 0.15
    for figure in (report.time_figure(), report.parts_figure(), report.scenarios_figure(), report.issuance_figure()):
        assert "SIM-STAKING" in figure.alt
        assert len(figure.alt) < 600

"""The report on the expense ratio: published dollars, an independent power calculation, words that follow numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import research as rs
from research.analyses.expense_ratio.facts import HacLevels
from research.analyses.expense_ratio.fee_break import DayOfChange, day_of_change
from research.analyses.expense_ratio.tiers import tier_quarters
from research.analyses.expense_ratio.words import change_statements, period_statements
from research.errors import DataError
from research.simulation import DEVIATIONS, Noise, World


@pytest.fixture(scope="module")
def ethv():
    return rs.expense_ratio(rs.load("ETHV"), seed=1, draws=99)


@pytest.fixture(scope="module")
def etha():
    return rs.expense_ratio(rs.load("ETHA"), seed=1, draws=99)


class TestNumbers:
    def test_the_mission_on_ethv(self, ethv):
        """VanEck charges 0.20 % from 23 July 2025, to within half a basis point and to the day."""
        first, last = ethv.regimes.regimes
        assert abs(first.estimated) * 1e4 < 0.5
        assert last.estimated * 1e4 == pytest.approx(20.0, abs=0.5)
        assert ethv.fee_break.date == pd.Timestamp("2025-07-23")

    def test_the_slopes_around_the_day_are_the_fees_of_the_periods(self, ethv):
        """The search accrues what it finds, so it prints no other fee than the schedule's own regression."""
        last = ethv.regimes.regimes[-1]
        assert -ethv.fee_break.slope_after == pytest.approx(last.estimated, abs=last.std_error)

    def test_what_is_convention_and_what_is_data(self, ethv):
        """Days of liability move the accrued fee's coefficient and hardly the fee; a month's end is known from data."""
        found = ethv.conventions
        assert found.gained_by_booking > 50
        assert 19.8 < found.fees[0] * 1e4 < found.used.fee * 1e4 < found.fees[1] * 1e4 < 20.2
        assert 1.0 < found.coefficients[0] < 1.02
        assert 1.08 < found.coefficients[1] < 1.11
        assert found.without.std_error > 5 * found.used.std_error
        halves = [one.fee for one in found.halves]
        assert min(halves) <= found.used.fee <= max(halves)

    def test_estimators_stand_side_by_side(self, ethv):
        frame = ethv.history.frame
        assert ethv.estimators.rates.shape == (6, 2)
        after = np.log(frame["nav"] / frame["benchmark"]).loc["2025-07-22":]
        years = (after.index[-1] - after.index[0]).days / 365
        by_hand = -(after.iloc[-1] - after.iloc[0]) / years
        assert ethv.estimators.rates.loc["first and last day"].iloc[1] == pytest.approx(by_hand, rel=1e-9)
        assert ethv.estimators.rates.loc["local level"].iloc[1] == ethv.regimes.regimes[1].estimated
        # Levels know a slow drift better than changes do: the reason for the method.
        errors = ethv.estimators.errors.iloc[:, 1]
        assert errors["changes with constant"] > 5 * errors["local level"]

    def test_tiers_pay_what_etha_disclosed(self, etha):
        """10-Q for Q1 2025, R11: $791,853 waived; average assets would give $801,370."""
        quarter = next(one for one in etha.quarters if one.label == "2025Q1")
        assert quarter.disclosed == 791_853
        assert quarter.waived == pytest.approx(791_853, rel=0.002)
        assert quarter.shortcut == pytest.approx(801_370, abs=1)
        assert quarter.effective == pytest.approx(0.00153, abs=1e-5)
        assert sum(one.days for one in etha.quarters) == 365

    def test_tier_dollars_by_hand(self, etha):
        quarter = next(one for one in etha.quarters if one.label == "2024Q3")
        assets = etha.history.frame["assets"]
        days = pd.date_range("2024-07-23", "2024-09-30")
        held = np.array([assets.loc[:day].iloc[-1] for day in days])
        assert held.max() < 2.5e9  # the whole of it in the first tier
        assert quarter.charged == pytest.approx((0.0012 * held / 365).sum(), rel=1e-12)
        assert quarter.waived == pytest.approx((0.0013 * held / 365).sum(), rel=1e-12)

    def test_no_tiers_without_assets(self):
        assert tier_quarters(rs.load("ETHV")) == ()

    def test_coins_per_share_show_the_fee(self, ethv):
        history = ethv.history
        coins = 0.02 * np.exp(history.fund.fee_accrual(pd.DatetimeIndex(history.frame.index)))
        known = replace(history, inputs={"coins_per_share": coins})
        report = rs.expense_ratio(known, draws=19)
        assert report.coins.to_numpy() * 1e4 == pytest.approx([0.0, 20.0], abs=1e-9)
        assert "Coins per share fall by 20.0 bp a year" in str(report.conclusions)
        assert "without any price" in str(report.coins_table())


class TestWords:
    def test_ethv(self, ethv):
        said = ethv.conclusions
        assert said.verdicts("expense_ratio.period") == ("agrees", "agrees")
        assert said.verdicts("expense_ratio.day_of_change") == ("to the day",)
        assert "A change of the fee would be noticed (80 % of the time, false alarms 5 %)" in str(said)
        assert "never exceeded $1.5 bn" in str(ethv.tiers())

    def test_conventions_are_said(self, ethv, etha):
        said = ethv.limits.about("expense_ratio.conventions")[0]
        low, high = ethv.conventions.fees
        assert f"the fee from {low * 1e4:.2f} to {high * 1e4:.2f} bp" in said.text
        assert said.verdict == ethv.conventions.larger
        assert "owed to the session's day" in str(ethv.conventions_table())
        assert etha.conventions is None
        assert "owes no fee that is estimated" in etha.conventions_table()

    def test_a_change_near_an_edge_is_called_so(self, ethv):
        found = replace(ethv.fee_break, date=pd.Timestamp("2024-08-23"), sessions=(23, 500), near_edge=True)
        found = replace(found, interval=(pd.Timestamp("2024-08-21"), pd.Timestamp("2024-08-30")))
        change = day_of_change(found, ethv.history.fund)
        (said,) = change_statements(change)
        assert said.verdict == change.verdict == "near an edge"
        assert said.values["near_edge"] is True
        assert "Near an edge of the sample, 23 sessions away" in said.text

    def test_a_wrong_schedule_is_not_confirmed(self, ethv):
        fund = ethv.history.fund
        periods = tuple(
            period.model_copy(update={"tiers": tuple(t.model_copy(update={"rate": 0.0030}) for t in period.tiers)})
            for period in fund.fee.periods
        )
        wrong = fund.model_copy(update={"fee": fund.fee.model_copy(update={"periods": periods})})
        said = rs.expense_ratio(replace(ethv.history, fund=wrong), draws=19).conclusions
        assert said.verdicts("expense_ratio.period") == ("disagrees", "disagrees")
        assert "disagrees with the stated 30.0 bp" in str(said)

    def test_a_drift_is_not_called_a_fee(self):
        """Thirty points a year that no one told of are as steady as a fee, and may be no fee."""
        world = World(fee=0.0025, noise=Noise(2e-6, 2e-5))
        (said,) = period_statements(rs.fee_regimes(DEVIATIONS["drift"].history(world, 1, 0)))
        assert said.verdict == "disagrees"
        assert "data show a fee" not in said.text
        assert "it is the fee, or a cost beside it that drifts as steadily; the data cannot tell" in said.text

    def test_a_change_beside_no_stated_one_is_said_in_whole_words(self, ethv):
        """Of a fund that states no change, none is inside or outside an interval."""
        found = replace(ethv.fee_break, near_edge=True)
        (said,) = change_statements(DayOfChange(found, None, "near an edge"))
        assert "a year. Near an edge" in said.text
        assert "the interval" not in said.text

    def test_days_away_are_counted(self, ethv):
        (exact,) = change_statements(ethv.day_of_change)
        assert "a year: to the day when the stated fee changes." in exact.text
        day = ethv.day_of_change.stated + pd.Timedelta(days=1)
        found = replace(ethv.fee_break, date=day, interval=(ethv.day_of_change.stated, day))
        (said,) = change_statements(day_of_change(found, ethv.history.fund))
        assert "changes on 2025-07-23, 1 day away and inside the interval." in said.text

    def test_levels_with_hac_are_told_of_wandering_only_where_there_is_some(self, ethv):
        """A fund whose noise only comes back has levels that may differ and do not wander."""
        still = DEVIATIONS["nothing"].history(World(fee=0.0025, noise=Noise(0.0, 2e-5)), 1, 0)
        assert ethv.remainder_wanders
        report = rs.expense_ratio(still, draws=19)
        assert not report.remainder_wanders
        vars(report)["hac_levels"] = HacLevels(0.003, 1e-5, 5.0)
        said = report.conclusions.about("expense_ratio.hac_levels")[0]
        assert said.verdict == "apart"
        assert said.text.endswith("5.0 of their own errors away from the local-level estimate.")

    @pytest.mark.parametrize(
        ("gained", "words"),
        [(0.3, "less precision than its"), (1.02, "no more precision than its"), (12.2, "12 times the precision of")],
    )
    def test_precision_is_never_no_times_another(self, ethv, gained, words):
        report = replace(ethv)
        vars(report)["precision_gained"] = gained
        assert words in report.conclusions.about("expense_ratio.precision")[0].text

    def test_a_longer_wait_never_reads_as_a_blunter_test(self, ethv):
        found = pd.Series({5: 9e-4, 21: 2e-4, 63: 1e-4, 126: 7e-4})
        said = replace(ethv, detectable=found).conclusions.about("expense_ratio.power")[0]
        assert said.text.endswith(
            "1.00 bp after 63 sessions. 126 sessions ago it takes more: a stated driver moves alike."
        )
        assert "after_126_sessions_bp" not in said.values

    def test_etha_compares_with_the_filing(self, etha):
        assert "the fund disclosed $791,853 (-0.14 %)" in str(etha.conclusions)
        assert etha.limits.verdicts("benchmark_mismatch") == ("mismatch",)

    def test_a_simulated_fund_says_so_first_and_shows_its_truth(self):
        report = rs.expense_ratio(rs.load("SIM-SPOT"), draws=19)
        assert report.conclusions[0].id == "simulated"
        assert "truth" in report.regimes_table().frame
        assert report.conclusions.about("expense_ratio.truth")[0].values["periods"] == len(report.regimes.regimes)
        assert "simulated" in str(report.summary()).lower()

    def test_an_unknown_fee_is_refused(self, ethv):
        unknown = ethv.history.fund.model_copy(update={"fee": None})
        with pytest.raises(DataError, match="fee of ETHV is not known"):
            rs.expense_ratio(replace(ethv.history, fund=unknown))

    def test_a_short_sample_says_less(self, ethv):
        short = rs.expense_ratio(ethv.history.between("2025-08-01", "2025-09-20"), draws=19)
        assert short.fee_break is None
        assert short.break_figure() is None
        assert short.day_of_change.verdict == "not looked for"
        assert short.conclusions.about("expense_ratio.day_of_change") == ()


def test_result_and_figures(ethv, etha, valid_result):
    document = valid_result(ethv, "expense_ratio")
    assert document["breaks"][0]["date"] == "2025-07-23"
    assert document["expense"]["detectable_change_bp"]["21"] < 1.0
    assert document["expense"]["coins_per_share_bp"] is None
    assert valid_result(etha, "expense_ratio")["expense"]["tiers"][2]["disclosed_waived_usd"] == 791_853
    for figure in (ethv.level_figure(), ethv.break_figure(), ethv.estimators_figure(), ethv.power_figure()):
        assert "ETHV" in figure.alt
        assert "bp" in " ".join(f"{axes.get_xlabel()} {axes.get_ylabel()}" for axes in figure.axes)

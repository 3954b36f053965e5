"""What the report says in words and numbers: generated from the results, and right."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import numpy as np
import pandas as pd
import pytest

import research as rs
from research.analyses.measures import measures_table
from research.analyses.phrases import bp
from research.analyses.show import show
from research.analyses.statement import Statement, Statements
from research.reporting.result import check_result, read_result, write_result
from research.reporting.schema import load_schema
from research.simulation import DEVIATIONS, Noise, World, fee_schedule


@pytest.fixture(scope="module")
def ethv():
    return rs.explain(rs.load("ETHV"), draws=199, seed=1)


@pytest.fixture(scope="module")
def etha():
    return rs.explain(rs.load("ETHA"), draws=199, seed=1)


def complete(explained):
    return {**explained.to_dict(), "notebook": "decomposition", "parameters": {"fund": explained.history.fund.ticker}}


class TestMeasures:
    def test_published_levels(self, ethv):
        """Tracking errors of the mission: NAV about 1 bp, price about 1,086 bp at a day and 231 bp at 21 sessions."""
        assert ethv.measures["nav"].daily * 1e4 == pytest.approx(1.0, abs=0.1)
        assert ethv.measures["price"].daily * 1e4 == pytest.approx(1086, abs=1)
        assert ethv.measures["price"].horizons[5] * 1e4 == pytest.approx(476, abs=1)
        assert ethv.measures["price"].horizons[21] * 1e4 == pytest.approx(231, abs=1)

    def test_definitions_agree_with_pandas(self, ethv):
        frame = ethv.history.frame
        daily = np.log(frame["nav"] / frame["benchmark"]).diff().dropna()
        nav = ethv.measures["nav"]
        assert nav.daily == pytest.approx(daily.std() * np.sqrt(252), rel=1e-9)
        assert nav.variance == pytest.approx(nav.daily**2, rel=1e-12)
        years = (frame.index[-1] - frame.index[0]).days / 365
        assert nav.log == pytest.approx(daily.sum() / years, rel=1e-9)
        fund, index = (frame[name].iloc[-1] / frame[name].iloc[0] for name in ("nav", "benchmark"))
        assert nav.ratio == pytest.approx((fund / index) ** (1 / years) - 1, rel=1e-9)
        assert nav.arithmetic == pytest.approx(fund ** (1 / years) - index ** (1 / years), rel=1e-9)

    def test_rounding_floor_is_below_what_is_seen(self, ethv):
        assert 0 < ethv.measures["nav"].rounding_floor < ethv.measures["nav"].daily

    def test_masked_closes_are_left_out_pairwise(self):
        masked = rs.explain(rs.load("ETHV", mask_flagged=True), draws=19)
        assert masked.measures["price"].observations == 544
        assert masked.measures["price"].daily * 1e4 == pytest.approx(962, abs=1)

    def test_table(self, ethv):
        assert "Tracking error over 21 sessions" in str(measures_table(list(ethv.measures.values())))


class TestWords:
    def test_ethv(self, ethv):
        said = ethv.conclusions
        assert said.verdicts("expense_ratio.period") == ("agrees", "agrees")
        assert said.verdicts("expense_ratio.day_of_change") == ("to the day",)
        assert said.verdicts("screens.stale_close") == ("stale",)
        assert said.verdicts("tracking_error.price") == ("premium that comes back",)
        text = str(said)
        assert "the data show a fee of 0.00 ± 0.03 bp a year, which agrees with the stated waiver" in text
        assert "changes on 2025-07-23" in text
        assert "to the day when the stated fee changes" in text
        assert "The close of 2026-03-06 is stale" in text
        assert "3,181 bp" in text

    def test_a_driver_that_is_not_as_stated_is_not_blamed_alone(self):
        """A fee that steps is told from a steady cost, and not from a cost that steps with it."""
        fee = fee_schedule(0.0025, waived_until="2025-01-22")
        history = DEVIATIONS["nothing"].history(World(fee=fee, noise=Noise(2e-6, 2e-5)), 1, 0)
        twice = history.fund.model_copy(update={"fee": fee_schedule(0.0050, waived_until="2025-01-22")})
        said = rs.explain(pd_replace(history, twice), draws=19).conclusions.about("driver.passes_through")[0]
        assert said.verdict == "not as stated"
        assert "a steady cost beside it would not explain that, one that moves as it does would" in said.text

    @pytest.mark.parametrize("share", [-35.24, 1.4])
    def test_a_share_outside_of_0_to_1_is_called_none(self, ethv, share):
        """A premium that offsets the rest has no share of the variance of both."""
        report = replace(ethv)
        vars(report)["premium_share"] = share
        said = report.conclusions.about("tracking_error.price")[0]
        assert said.verdict == "premium and rest offset"
        assert "their covariance is negative" in said.text
        assert "as they do where close and net asset value are swapped" in said.text
        assert "is the premium" not in said.text

    def test_swapped_columns_look_like_a_premium_that_offsets_the_rest(self, ethv):
        frame = ethv.history.frame.rename(columns={"nav": "close", "close": "nav"})
        swapped = replace(ethv.history, frame=frame)
        said = rs.explain(swapped, draws=19).conclusions
        assert said.verdicts("tracking_error.price") == ("premium and rest offset",)

    def test_a_floor_above_what_is_seen_is_not_said(self, ethv):
        nav = ethv.measures["nav"]
        higher = {**ethv.measures, "nav": replace(nav, rounding_floor=2 * nav.daily)}
        assert "rounding alone" in ethv.conclusions.about("tracking_error.nav")[0].text
        assert "rounding" not in replace(ethv, measures=higher).conclusions.about("tracking_error.nav")[0].text

    def test_nothing_is_neither_gained_nor_lost(self, ethv):
        nav = replace(ethv.bases["nav"], total=1e-6 * ethv.bases["nav"].total)
        said = replace(ethv, bases={**ethv.bases, "nav": nav}).conclusions.about("tracking_difference.nav")[0]
        assert said.verdict == "neither gained nor lost"
        assert "ETHV neither gained nor lost against its benchmark" in said.text

    @pytest.mark.parametrize("share", [0.002, -0.001])
    def test_stale_closes_that_make_none_of_the_variance_are_left_alone(self, ethv, share):
        report = replace(ethv)
        vars(report)["flagged_share"] = share
        assert report.conclusions.about("screens.stale_close") == ()

    def test_weeks_are_called_weeks(self, ethv):
        weekly = {name: replace(one, period="week") for name, one in ethv.measures.items()}
        said = replace(ethv, measures=weekly).conclusions
        told = [one.text for name in ("tails", "clusters") for one in said.about(f"tracking_error.{name}")]
        assert told
        assert not any("session" in text or "day" in text.replace("one day", "") for text in told)

    def test_etha_names_its_mismatch(self, etha):
        assert etha.limits.verdicts("benchmark_mismatch") == ("mismatch",)
        assert etha.conclusions.about("tracking_difference.price") == ()
        assert str(etha.premium()[0][0]).startswith("ETHA has no market close")

    def test_words_follow_the_numbers(self, ethv):
        """A fund whose stated fee is wrong must not be told that it agrees."""
        fund = ethv.history.fund
        periods = tuple(
            period.model_copy(update={"tiers": tuple(t.model_copy(update={"rate": 0.0030}) for t in period.tiers)})
            for period in fund.fee.periods
        )
        wrong = fund.model_copy(update={"fee": fund.fee.model_copy(update={"periods": periods})})
        said = rs.explain(pd_replace(ethv.history, wrong), draws=19).conclusions
        assert said.verdicts("expense_ratio.period") == ("disagrees", "disagrees")
        assert "not as stated" in said.verdicts("driver.passes_through")

    def test_a_waived_fund_says_what_is_imposed(self, ethv):
        waived = rs.explain(ethv.history.between("2024-07-23", "2025-06-30"), draws=99)
        assert "imposed" in waived.limits.verdicts("driver.imposed")
        assert waived.conclusions.verdicts("expense_ratio.day_of_change") == ("none found",)
        assert waived.to_dict()["breaks"] == []

    def test_a_sample_too_short_for_a_break_says_nothing_of_one(self, ethv):
        short = rs.explain(ethv.history.between("2025-08-01", "2025-09-20"))
        assert short.fee_break is None
        assert short.break_figure() is None
        assert short.conclusions.about("expense_ratio.day_of_change") == ()

    @pytest.mark.parametrize(
        ("value", "shown"), [(0.10864, "1,086 bp"), (-0.00112, "-11.2 bp"), (3.6e-6, "0.04 bp"), (-1e-9, "0.00 bp")]
    )
    def test_decimals_follow_size(self, value, shown):
        assert bp(value) == shown


class TestResult:
    @pytest.mark.parametrize("name", ["ethv", "etha"])
    def test_fits_its_schema_by_two_readers(self, name, request, tmp_path):
        explained = request.getfixturevalue(name)
        write_result(tmp_path / "r.json", complete(explained))
        document = read_result(tmp_path / "r.json")
        check_result(document)
        jsonschema.Draft202012Validator(load_schema("result")).validate(document)
        assert (
            document["benchmark"]["mismatch"] is None
            if name == "ethv"
            else "CME CF" in document["benchmark"]["mismatch"]
        )
        rows = document["bases"]["nav"]
        parts = sum(driver["contribution_bp"] for driver in rows["drivers"]) + rows["unexplained"]["contribution_bp"]
        assert parts == pytest.approx(rows["tracking_difference_bp"]["log"], abs=1e-8)
        assert abs(rows["reconciliation_gap"]) < 1e-12

    def test_same_numbers_same_bytes(self, ethv, tmp_path):
        for name in ("a", "b"):
            write_result(tmp_path / name, complete(rs.explain(rs.load("ETHV"), draws=199, seed=1)))
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_breaks_and_regimes(self, ethv):
        document = ethv.to_dict()
        assert document["breaks"][0]["date"] == pd.Timestamp("2025-07-23")
        assert [item["stated_bp"] for item in document["fee_regimes"]] == [0.0, pytest.approx(20.0)]


def test_show_outside_a_notebook_prints(capsys):
    show(("One.", "Two."), None, [Statements([Statement("x", "Three.")])])
    assert capsys.readouterr().out == "- One.\n- Two.\n- Three.\n"


def test_sentences_are_escaped():
    assert "<script>" not in Statements([Statement("x", "<script>")])._repr_html_()


def pd_replace(history, fund):
    from dataclasses import replace

    return replace(history, fund=fund)

"""The report on the premium: statsmodels as oracle, known worlds, real minutes of ether, words that follow numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS

import research as rs
from research.alignment import Clock
from research.analyses.premium_discount.clock import hourly_variance
from research.errors import MissingColumnError

DAYS = pd.bdate_range("2022-01-03", periods=1000)


@pytest.fixture(scope="module")
def ethv():
    return rs.premium_discount(rs.load("ETHV"))


def autoregression(rng, above, below, count=1000):
    level = [0.0]
    for shock in rng.normal(0.0, 0.003, count - 1):
        level.append((above if level[-1] > 0 else below) * level[-1] + shock)
    return pd.Series(level, DAYS[:count])


class TestNumbers:
    def test_bands_by_hand(self, ethv):
        premium = np.log(ethv.history.frame["close"] / ethv.history.frame["nav"])
        table = ethv.bands_table().frame
        assert table["together"].tolist() == [int((premium.abs() > band).sum()) for band in (1e-3, 2.5e-3, 5e-3, 1e-2)]
        assert (table["above"] + table["below"] == table["together"]).all()

    def test_stale_and_early_closes_are_left_out(self, ethv):
        left = ethv.usual.index[ethv.usual.isna()]
        assert [f"{day:%Y-%m-%d}" for day in left] == [
            "2024-11-29",
            "2024-12-24",
            "2025-07-03",
            "2025-11-28",
            "2025-12-24",
            "2026-03-06",
        ]
        assert {one.name: one.sessions for one in ethv.groups} == {
            "stale close": 1,
            "early close": 5,
            "other closes": 541,
        }
        assert sum(one.square_share for one in ethv.groups) == pytest.approx(1.0)

    def test_what_hours_make(self, ethv):
        """Three hours at the variance of weekdays: the mean of a folded normal."""
        early = next(one for one in ethv.groups if one.name == "early close")
        assert early.expected == pytest.approx(np.sqrt(2 / np.pi * 3 * hourly_variance(ethv.history)), rel=1e-12)

    def test_a_known_premium(self):
        report = rs.premium_discount(rs.load("SIM-SPOT"))
        low, high = report.reversion.interval
        assert low < report.truth < high
        assert report.truth == pytest.approx(0.5 * 0.003**2 / (0.003**2 + 0.0005**2))
        assert report.closing.interval(report.closing.nav_catches_up, report.closing.std_errors[0])[0] < 0.0


@pytest.mark.real
def test_the_hour_before_the_close_confirms_that_ethvs_premium_is_a_clock(ethv, real_data):
    """Hourly ether, which the report does not see: the hour before 16:00 explains most of the premium, at a slope of
    a half, as an index that averages that hour makes it; the hour before that and the hour after explain nothing."""
    bars = pd.read_csv(real_data / "crypto" / "binance_ethusdt_1h_2024_2026.csv")
    opens = pd.Series(bars["open"].to_numpy(), pd.to_datetime(bars["timestamp"], utc=True))
    usual = ethv.usual.dropna()
    at = Clock().instants(pd.DatetimeIndex(usual.index))
    logs = {hour: np.log(opens.reindex(at + pd.Timedelta(hours=hour)).to_numpy()) for hour in (-2, -1, 0, 1)}
    frame = pd.DataFrame(
        {"premium": usual.to_numpy(), **{f"h{hour}": logs[hour] - logs[hour - 1] for hour in (-1, 0, 1)}}
    ).dropna()
    design = np.column_stack([np.ones(len(frame)), frame[["h-1", "h0", "h1"]]])
    fit = OLS(frame["premium"].to_numpy(), design).fit(cov_type="HC3")
    assert len(frame) > 400
    assert fit.params[2] == pytest.approx(0.5, abs=0.1)
    assert abs(fit.params[1]) < 0.1
    assert abs(fit.params[3]) < 0.1
    assert fit.rsquared > 0.6
    low, high = ethv.closing.interval(ethv.closing.nav_catches_up, ethv.closing.std_errors[0])
    assert low < fit.rsquared < high


class TestWords:
    def test_ethv(self, ethv):
        said = ethv.conclusions
        assert said.verdicts("premium_discount.closes")[0] in {"overshoots", "gone by the next close"}
        assert said.verdicts("premium_discount.origin") == ("clock",)
        assert said.verdicts("premium_discount.sides") == ("no difference found",)
        assert said.verdicts("premium_discount.holding") == ("entry and exit",)
        assert "1 stale close makes 25 % of all squared premiums" in str(said)
        assert "±100 bp on 21 sessions (3.8 %)" in str(said)

    def made(self, history, premium):
        close = history.frame["nav"] * np.exp(premium.to_numpy())
        return rs.premium_discount(replace(history, frame=history.frame.assign(close=close), findings=()))

    def test_words_follow_the_numbers(self, ethv):
        rng = np.random.default_rng(9)
        history, count = ethv.history, len(ethv.history.frame)
        lasting = self.made(history, autoregression(rng, 0.9, 0.9, count)).conclusions
        assert lasting.verdicts("premium_discount.closes") == ("closes",)
        uneven = self.made(history, autoregression(rng, 0.1, 0.8, count)).conclusions
        assert uneven.verdicts("premium_discount.sides") == ("differ",)
        assert "a discount closes more slowly" in str(uneven)
        wandering = self.made(history, autoregression(rng, 1.0, 1.0, count)).conclusions
        assert wandering.verdicts("premium_discount.holding") == ("holding",)

    def test_a_fund_without_closes_is_refused(self):
        with pytest.raises(MissingColumnError, match="ETHA has no market close"):
            rs.premium_discount(rs.load("ETHA"))


def test_result_and_figures(ethv, valid_result):
    document = valid_result(ethv, "premium_discount")
    part = document["premium"]
    assert part["reversion"]["half_life_sessions"] == 0.0
    assert [band["sessions"] for band in part["bands"]] == [385, 231, 95, 21]
    assert part["closing"]["std_errors"][0] > 0.0
    for figure in (ethv.time_figure(), ethv.quarters_figure(), ethv.next_figure(), ethv.groups_figure()):
        assert "ETHV" in figure.alt
        assert len(figure.alt) < 600


def test_every_statistic_has_its_interval(ethv, valid_result):
    part = valid_result(ethv, "premium_discount")["premium_discount"]
    mean, premium = rs.premium_mean_interval(ethv.usual), ethv.history.premium
    assert part["mean_bp"] == pytest.approx(1e4 * mean.estimate)
    assert part["mean_interval_bp"] == pytest.approx([1e4 * end for end in mean.interval])
    assert part["sd_interval_bp"][0] < part["sd_bp"] < part["sd_interval_bp"][1]
    assert part["usual_sd_interval_bp"][0] < part["usual_sd_bp"] < part["usual_sd_interval_bp"][1]
    for row in part["percentiles"]:
        low, high = row["interval_bp"]
        assert row["value_bp"] == pytest.approx(1e4 * premium.quantile(row["percentile"] / 100))
        assert low is None or low <= row["value_bp"]
        assert high is None or row["value_bp"] <= high
    # Of 547 sessions five lie below the first percentile: their own number is uncertain by more than that.
    assert part["percentiles"][0]["interval_bp"][0] is None
    assert part["percentiles"][3]["interval_bp"][0] is not None

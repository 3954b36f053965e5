"""The report on the futures roll: independent arithmetic, known truth, BITO, and words on what keeps it from 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import research as rs
from research.alignment import sessions
from research.analyses.futures_roll.trades import frozen_return, roll_schedule
from research.analyses.truth import truth_table
from research.drivers.futures import FuturesCurve, hold
from research.errors import DataError


@pytest.fixture(scope="module")
def history():
    return rs.load("SIM-FUTURES")


@pytest.fixture(scope="module")
def report(history):
    return rs.futures_roll(history, cost=0.0002)


def scaled(history, factor):
    """The contracts as they would be given for a fund that holds only `factor` of them."""
    held = history.inputs["held_futures"].copy()
    held[["roll_yield", "curve_shift", "cost"]] /= factor
    return replace(history, inputs={"held_futures": held, "bill_rate": history.inputs["bill_rate"]})


class TestNumbers:
    def test_truth_is_recovered(self, report, history):
        gains = history.truth.components.iloc[-1] / history.years
        for name in ("roll_yield", "curve_shift", "collateral", "roll_cost"):
            part, held = report.part(name), report.result.tested(name)
            error = held.std_error * abs(part.stated)
            assert abs(part.contribution - gains[name]) < 3 * error + 1e-12
        table = truth_table(report.result).frame
        assert table["standard errors away"].abs().max() < 3.0
        assert truth_table(rs.decompose(rs.load("ETHV"), "nav")) is None

    def test_the_position_is_rebuilt_from_curve_and_schedule(self, report):
        assert report.rebuilt_gap < 1e-12

    def test_shares_of_contango_by_hand(self, report, history):
        held = history.inputs["held_futures"]
        assert (report.basis > 0).mean() == pytest.approx((held["roll_yield"] < 0).mean())
        assert report.basis.mean() == pytest.approx((-held["roll_yield"] * 365 / held["days"]).mean(), rel=1e-12)

    def test_basis_by_rank_by_hand(self, report, history):
        day = pd.Timestamp("2025-03-03")
        prices = history.inputs["futures_curve"].loc[day].dropna()
        alive = prices[prices.index > day]
        left = (alive.index[1] - day).days
        days, basis = report.ranks()[2]
        assert days[day] == left
        assert basis[day] == pytest.approx(np.log(alive.iloc[1] / history.frame.loc[day, "benchmark"]) * 365 / left)

    def test_a_spliced_price_books_the_spreads(self, report, history):
        """Splice by hand: the held mix priced at today's weights, its change not that of what was held."""
        curve, weights = report.curve.prices, roll_schedule(report.curve, "XNYS", 5).weights
        logs = np.log(curve.where(weights > 0)).fillna(0.0)
        spliced = (weights * logs).sum(axis=1).diff().iloc[1:]
        held = (weights.shift() * np.log(curve).where(weights.shift() > 0).fillna(0.0)).sum(axis=1).iloc[1:]
        held = held - (weights * logs).sum(axis=1).shift().iloc[1:]
        booked = report.trades.spliced.diff().iloc[1:]
        assert np.allclose(spliced - held, booked, atol=1e-12)
        assert report.trades.booked == pytest.approx(booked.sum() / report.trades.years)

    def test_nothing_is_earned_on_a_frozen_curve_whatever_its_shape(self):
        days = sessions("XNYS", "2024-01-02", "2024-03-28")
        expiries = pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-28", "2024-04-30"])
        steep = pd.DataFrame([[100.0, 140.0, 90.0, 300.0]] * len(days), index=days, columns=expiries)
        steep = steep.where(expiries.to_numpy()[None, :] >= days.to_numpy()[:, None])
        curve = FuturesCurve(steep)
        schedule = roll_schedule(curve, "XNYS", 3)
        assert frozen_return(curve, schedule) == 0.0
        assert hold(curve, schedule).intervals["futures"].abs().max() == 0.0

    def test_other_schedules_stand_beside_the_funds_own(self, report):
        names = list(report.schedules.index)
        assert names[0] == "roll over 5 business days ending 1 before expiry"
        assert names[1:] == ["roll on expiry", *(f"constant maturity of {days} days" for days in (45, 60, 90))]
        assert report.schedules["maturity"].tolist()[2:] == pytest.approx([45, 60, 90])

    def test_a_part_of_the_sample(self, history):
        part = rs.futures_roll(history.between("2025-01-02", "2025-12-31"))
        assert part.curve.sessions.equals(pd.DatetimeIndex(part.history.frame.index))
        assert part.rebuilt_gap == pytest.approx(0.0, abs=1e-12)


class TestWords:
    def test_the_simulated_fund(self, report):
        said = report.conclusions
        assert said[0].id == "simulated"
        assert said.verdicts("roll_yield.basis") == ("contango",)
        assert said.verdicts("roll_yield.passes_through") == ("compatible with full pass-through",)
        assert said.verdicts("collateral") == ("cost",)
        assert said.about("roll_yield.gap") == ()
        assert "in contango over 97 % of the intervals and in backwardation over 3 %" in str(said)
        assert "roll trades themselves earned nothing: on a frozen curve the schedule returns exactly zero" in str(said)

    def test_half_a_position_shows_at_every_horizon(self, history):
        other = rs.futures_roll(scaled(history, 0.5))
        assert other.roll.coefficient == pytest.approx(0.5, abs=0.02)
        assert other.conclusions.verdicts("roll_yield.passes_through") == ("not as stated",)
        assert other.conclusions.verdicts("roll_yield.gap") == ("does not close",)
        assert other.limits.verdicts("roll_yield.no_curve") == ("not given",)
        assert other.trades is None
        assert isinstance(other.rolls_table(), str)
        assert other.curve_figure() is None

    def test_noise_in_spot_comes_back(self, history):
        """Spot seen with noise: the contracts' parts are measured against it, and short changes suffer most."""
        rng = np.random.default_rng(1)
        noise = pd.Series(rng.normal(0.0, 0.001, len(history.frame)), history.frame.index)
        held = history.inputs["held_futures"].copy()
        held["curve_shift"] -= noise.diff().iloc[1:]
        noisy = replace(history, inputs={**history.inputs, "held_futures": held})
        found = rs.futures_roll(noisy)
        table = found.coefficients["coefficient"]
        assert table.is_monotonic_increasing
        assert found.exposure.p_value_unity < 0.05
        assert found.gap == "closes with time"
        assert found.conclusions.verdicts("roll_yield.gap") == ("closes with time",)

    def test_another_schedule_is_said_to_be_another(self, history):
        other = rs.futures_roll(history, roll_days=1)
        assert other.rebuilt_gap > 1e-6
        assert other.limits.verdicts("roll_yield.schedule") == ("another",)

    def test_a_fund_without_futures_is_refused(self):
        with pytest.raises(DataError, match="ETHV has no futures here"):
            rs.futures_roll(rs.load("ETHV"))


@pytest.mark.real
def test_bito(real_data, project, monkeypatch):
    """Against bitcoin at 16:00 New York the roll costs about 290 bp and collateral pays about 190 bp a year."""
    monkeypatch.syspath_prepend(str(project / "tests" / "drivers"))
    from bito import bito

    found = rs.futures_roll(bito(real_data / "crypto").history, horizons=(1, 5))
    roll = sum(part.contribution for part in found.result.drivers if part.name in ("roll_yield", "curve_shift"))
    assert roll * 1e4 == pytest.approx(-290, abs=40)
    collateral = found.part("collateral")
    assert collateral.stated * 1e4 == pytest.approx(190, abs=10)
    assert abs(collateral.contribution - collateral.stated) < 2 * collateral.contribution_std_error
    assert found.conclusions.verdicts("curve_shift") == ("as large as carry",)
    assert found.roll.coefficient == pytest.approx(0.98, abs=0.03)
    assert found.limits.verdicts("roll_yield.no_curve") == ("not given",)


def test_result_and_figures(report, valid_result):
    document = valid_result(report, "futures_roll")
    assert document["simulated"] is True
    assert document["roll"]["frozen_curve_return"] == 0.0
    assert document["roll"]["rolls"] == 24
    names = [driver["name"] for driver in document["bases"]["nav"]["drivers"]]
    assert names == ["expense_ratio", "roll_yield", "curve_shift", "roll_cost", "collateral"]
    assert all("truth_bp" in driver for driver in document["bases"]["nav"]["drivers"])
    for figure in (report.basis_figure(), report.curve_figure(), report.parts_figure(), report.spliced_figure()):
        assert "SIM-FUTURES" in figure.alt
        assert len(figure.alt) < 600

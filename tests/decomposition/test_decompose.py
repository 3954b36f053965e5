"""The decomposition of real funds and of made ones: bars of the mission, the identity, invariances, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import research as rs
from research.decomposition import decompose, fee_regimes
from research.decomposition.estimates import DOUBT
from research.drivers import Driver, expense_ratio, measure
from research.errors import MissingColumnError, ParameterError

IDENTITY = 1e-12


@pytest.fixture(scope="module")
def ethv():
    return rs.load("ETHV")


@pytest.fixture(scope="module")
def etha():
    return rs.load("ETHA")


class TestEthv:
    """VanEck's ether ETF, 2024-07-23 to 2026-09-25, from the bundled table of facts."""

    def test_sample(self, ethv):
        assert (ethv.start, ethv.end) == (pd.Timestamp("2024-07-23"), pd.Timestamp("2026-09-25"))
        assert len(ethv.frame) == 547

    def test_stated_fee_lies_inside_the_interval(self, ethv):
        fee = decompose(ethv, "nav").drivers[0]
        assert fee.name == "expense_ratio"
        assert fee.identified == "estimated"
        # 0.20 % a year: the stated rate is coefficient 1, its error in bp of the rate is 20 times the coefficient's.
        assert abs(fee.coefficient - 1.0) < 2 * fee.std_error
        assert 20 * fee.std_error <= 0.6
        assert fee.interval[0] <= fee.stated <= fee.interval[1]

    def test_waived_year_is_zero_and_charged_year_is_twenty(self, ethv):
        waived, charged = fee_regimes(ethv).regimes
        assert waived.stated == 0.0
        assert waived.interval[0] <= 0.0 <= waived.interval[1]
        assert waived.std_error * 1e4 <= 0.6
        assert charged.stated == pytest.approx(0.0020, rel=1e-9)
        assert charged.interval[0] <= 0.0020 <= charged.interval[1]
        assert charged.std_error * 1e4 <= 0.6
        assert charged.start == pd.Timestamp("2025-07-23")

    def test_without_the_accrued_fee_the_bars_hold_too(self, ethv):
        """The plain regression on the fee alone, as the mission words it: within 0.6 bp and the stated fee inside."""
        fee = expense_ratio(ethv)
        fit = rs.local_level(ethv.divergence("nav"), fee.level.to_frame("fee"))
        assert 20 * fit.std_errors["fee"] <= 0.6
        bounds = fit.conf_int()
        assert bounds["lower"]["fee"] <= 1.0 <= bounds["upper"]["fee"]

    def test_first_day_of_the_fee_is_found_to_the_day(self, ethv):
        found = rs.slope_break(ethv.divergence("nav"), seed=1)
        assert found.date == pd.Timestamp("2025-07-23")
        assert found.interval[0] <= found.date <= found.interval[1]
        assert (found.interval[1] - found.interval[0]).days <= 7
        assert found.p_value <= 0.01

    def test_price_basis_adds_the_premium_and_nothing_else(self, ethv):
        nav, price = decompose(ethv, "nav"), decompose(ethv, "price")
        premium = next(part for part in price.drivers if part.name == "premium_discount")
        assert premium.coefficient == pytest.approx(1.0, abs=1e-3)
        ends = ethv.premium.iloc[-1] - ethv.premium.iloc[0]
        assert price.tracking_difference - nav.tracking_difference == pytest.approx(ends / ethv.years, rel=1e-9)
        assert price.euler.loc["premium_discount", 1] > 0.99

    def test_accrued_fee_is_most_of_the_noise_after_the_fee_began(self, ethv):
        """The unpaid fee gears the fund: leaving it out must cost likelihood, and its coefficient must be near 1."""
        parts = {driver.name: driver.level for driver in measure(ethv, "nav")}
        level = ethv.divergence("nav")
        alone = rs.local_level(level, pd.DataFrame({"fee": parts["expense_ratio"]}))
        both = rs.local_level(level, pd.DataFrame(parts))
        assert both.variance < 0.3 * alone.variance
        assert both.params["accrued_fee"] == pytest.approx(1.0, abs=0.15)

    @pytest.mark.parametrize("basis", ["nav", "price"])
    def test_identity(self, ethv, basis):
        result = decompose(ethv, basis)
        assert result.reconciliation_gap < IDENTITY
        total = ethv.divergence(basis)
        whole = result.components.sum(axis=1) + total.iloc[0]
        assert float((whole - total).abs().max()) < IDENTITY
        parts = sum(part.contribution for part in (*result.drivers, result.unexplained))
        assert parts == pytest.approx(result.tracking_difference, abs=IDENTITY)
        assert float((result.euler.sum() - 1.0).abs().max()) < 1e-9

    def test_masked_closes_are_missing_sessions(self):
        masked = rs.load("ETHV", mask_flagged=True)
        result = decompose(masked, "price")
        assert result.fit.gaps.max() == 2.0
        assert decompose(masked, "price", error="noise").fit.method == "banded Cholesky"
        assert result.reconciliation_gap < IDENTITY
        assert len(result.total) == 546


class TestEtha:
    """iShares' ether ETF on ETHV's index: the same code, with the mismatch in the remainder."""

    def test_two_fee_levels(self, etha):
        first, second = fee_regimes(etha).regimes
        assert 0.0012 < first.stated < 0.0016  # 0.12 % on the first $2.5 bn, 0.25 % beyond, day by day
        assert second.stated == pytest.approx(0.0025, rel=1e-9)
        for regime in (first, second):
            assert regime.interval[0] <= regime.stated <= regime.interval[1]
        assert second.estimated - first.estimated > 0.0008

    def test_the_change_is_found(self, etha):
        found = rs.slope_break(etha.divergence("nav"), seed=1)
        assert found.p_value <= 0.05
        assert found.interval[0] <= pd.Timestamp("2025-07-23") <= found.interval[1]

    def test_no_price_basis(self, etha):
        assert etha.bases == ("nav",)
        with pytest.raises(MissingColumnError, match="ETHA has no market close"):
            decompose(etha, "price")


@given(scale=st.floats(0.01, 1000.0), index_scale=st.floats(0.01, 1000.0))
@settings(max_examples=15)
def test_units_of_nav_and_index_do_not_matter(scale, index_scale):
    history = rs.load("ETHV")
    frame = history.frame.assign(
        nav=history.frame["nav"] * scale,
        close=history.frame["close"] * scale,
        benchmark=history.frame["benchmark"] * index_scale,
    )
    ticks = {"nav": scale, "close": scale, "benchmark": index_scale, "premium_published": scale}
    sources = tuple(replace(source, tick=source.tick * ticks[source.role]) for source in history.sources)
    other = replace(history, frame=frame, sources=sources)
    base, scaled = decompose(history, "price"), decompose(other, "price")
    assert scaled.reconciliation_gap < IDENTITY
    for one, other in zip(base.drivers, scaled.drivers, strict=True):
        assert other.contribution == pytest.approx(one.contribution, abs=1e-9)


@given(cut=st.integers(60, 480))
@settings(max_examples=15)
def test_splitting_the_sample_and_adding(cut):
    """Stated parts are functions of the ends: those of two halves add to the whole, as does the divergence."""
    history = rs.load("ETHV")
    day = history.frame.index[cut]
    halves = [history.between(history.start, day), history.between(day, history.end)]
    whole = decompose(history, "nav", policy="impose")
    parts = [decompose(half, "nav", policy="impose") for half in halves]
    total = sum(part.total.iloc[-1] for part in parts)
    assert total == pytest.approx(whole.total.iloc[-1], abs=IDENTITY)
    fees = sum(part.components["expense_ratio"].iloc[-1] for part in parts)
    assert fees == pytest.approx(whole.components["expense_ratio"].iloc[-1], abs=IDENTITY)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_identity_holds_for_any_drivers(seed):
    history = rs.load("ETHV")
    rng = np.random.default_rng(seed)
    drivers = [
        Driver(f"d{i}", pd.Series(rng.standard_normal(len(history.frame)).cumsum(), history.frame.index), "D", "", "")
        for i in range(3)
    ]
    result = decompose(history, "nav", drivers=drivers)
    assert result.reconciliation_gap < IDENTITY


def test_a_fund_that_is_waived_throughout_is_not_estimated(ethv):
    result = decompose(ethv.between("2024-07-23", "2025-06-30"), "nav")
    fee = result.drivers[0]
    assert fee.identified == "imposed"
    assert fee.contribution == 0.0
    assert np.isnan(fee.std_error)
    assert "imposed" in str(result)


def test_calendar_day_variance_and_classical_errors_are_available(ethv):
    result = decompose(ethv, "nav", variance_per="day", cov_type="classical")
    assert result.fit.variance_per == "day"
    assert result.fit.cov_type == "classical"
    assert abs(result.drivers[0].coefficient - 1) < 0.02


@pytest.mark.parametrize(
    "bad", [{"basis": "market"}, {"confidence": 95}, {"horizons": (0,)}, {"horizons": (1.5,)}, {"policy": "guess"}]
)
def test_refusals(ethv, bad):
    with pytest.raises(ParameterError):
        decompose(ethv, **bad)


def test_results_show_themselves(ethv):
    result = decompose(ethv, "price")
    assert "Premium or discount" in str(result)
    assert "<table" in result.shares()._repr_html_()
    assert result.summary().to_frame().shape[0] == len(result.drivers) + 2
    frame = result.contributions
    assert frame.loc["tracking_difference", "contribution_bp"] == pytest.approx(
        frame["contribution_bp"].iloc[:-1].sum()
    )
    assert "reconciliation_gap" in result.to_dict()


def test_verdict_on_a_period_is_of_one_level_whatever_its_interval(ethv):
    """A narrow interval must not turn a fee that agrees into one that does not."""
    narrow, usual = (fee_regimes(ethv, confidence=confidence).regimes for confidence in (0.5, 0.95))
    assert not narrow[1].interval[0] <= narrow[1].stated <= narrow[1].interval[1]
    assert [one.agrees for one in narrow] == [True, True]
    assert [one.p_value for one in narrow] == [one.p_value for one in usual]


@pytest.mark.parametrize("error", ["averaged", "noise"])
def test_p_value_of_a_period_is_its_intervals_and_grows_with_their_number(ethv, error):
    """At the end of an interval of 99 % a rate has a p of 1 %, and of 2 % as the first of two."""
    regimes = fee_regimes(ethv, confidence=0.99, error=error)
    ends = pd.Series({name: regimes.fit.conf_int(0.99)["upper"][name] for name in regimes.fit.params.index[:2]})
    p_values = regimes.fit.p_values_at(ends)
    assert p_values.to_numpy() == pytest.approx(0.01, rel=1e-6)
    raw = regimes.fit.p_values_at(pd.Series([one.stated for one in regimes.regimes], ends.index))
    assert min(one.p_value for one in regimes.regimes) == pytest.approx(min(1.0, 2 * raw.min()))


def test_verdict_on_a_driver_follows_its_test(ethv):
    """A fee stated at twice its rate passes through by half, which is not as stated; an imposed one is not judged."""
    fee = decompose(ethv, "nav").drivers[0]
    assert fee.verdict == "compatible with full pass-through"
    assert replace(fee, p_value_adjusted=DOUBT).passes_in_full
    assert replace(fee, p_value_adjusted=np.nextafter(DOUBT, 0.0)).verdict == "not as stated"
    assert replace(fee, coefficient_interval=(-0.1, 1.3)).verdict == "cannot be told from nothing"
    doubled = [replace(driver, level=2.0 * driver.level) for driver in measure(ethv, "nav")]
    assert decompose(ethv, "nav", drivers=doubled).drivers[0].verdict == "not as stated"
    assert decompose(ethv, "nav", policy="impose").drivers[0].verdict is None


def test_p_values_of_one_table_are_adjusted_by_holm(ethv):
    from statsmodels.stats.multitest import multipletests

    rows = decompose(ethv, "nav").drivers
    expected = multipletests([row.p_value_unity for row in rows], method="holm")[1]
    assert [row.p_value_adjusted for row in rows] == pytest.approx(expected, rel=1e-12)


def test_the_remainder_has_the_error_that_chance_gives_it(ethv):
    """Imposed drivers add nothing to what chance makes; a fee that is no driver is in the remainder, and shows."""
    free, imposed = decompose(ethv, "nav"), decompose(ethv, "nav", policy="impose")
    assert free.unexplained.interval == free.remainder.interval
    assert free.remainder.more_than_chance is False
    assert imposed.remainder.std_error > 0.0
    missing = [driver for driver in measure(ethv, "nav") if driver.name != "expense_ratio"]
    assert decompose(ethv, "nav", drivers=missing).remainder.more_than_chance is True


@pytest.mark.parametrize("fund", ["SIM-FUTURES", "SIM-LEVERAGED", "SIM-STAKING"])
def test_what_cannot_be_told_apart_is_said_together(fund):
    """Members of a group share one test, and the sum of drivers alike is known better than the best of them."""
    result = decompose(rs.load(fund), "nav")
    for group in result.groups:
        members = [part for part in result.drivers if part.name in group.members]
        assert len(members) > 1
        assert {part.identified for part in members} == {"stated × group"}
        assert {part.coefficient for part in members} == {group.coefficient}
        assert all(np.isnan(part.p_value_unity) and part.verdict is None for part in members)
        assert sum(part.contribution for part in members) == pytest.approx(group.contribution, rel=1e-12)
    [together] = result.combinations
    alone = [row for row in (*result.drivers, *result.groups) if row.contribution_std_error > 0.0]
    alone = [row for row in alone if set(row.members or (row.name,)) <= set(together.members)]
    assert len(alone) > 1
    assert together.contribution_std_error < 0.5 * min(row.contribution_std_error for row in alone)
    assert sum(row.contribution for row in alone) == pytest.approx(together.contribution, rel=1e-12)
    assert not any(part.identified == "imposed" for part in result.drivers)


def test_the_premium_is_an_identity_and_only_estimated_where_that_is_asked(ethv):
    premium = next(part for part in decompose(ethv, "price").drivers if part.name == "premium_discount")
    assert (premium.identified, premium.coefficient, premium.verdict) == ("identity", 1.0, None)
    asked = decompose(ethv, "price", policy={"premium_discount": "estimate"})
    assert next(part for part in asked.drivers if part.name == "premium_discount").identified == "estimated"


def test_a_coarsely_printed_nav_would_bias_the_premium():
    """A NAV of cents is in the premium and, with the other sign, in the remainder: estimated, β would fall below 1."""
    from research.simulation import simulate
    from research.simulation.noise_kinds import noise_worlds, study_world

    world = noise_worlds(["rounded"], study_world(504))["rounded"]
    estimated = []
    for draw in range(12):
        history = simulate(world, 3, draw=draw)
        forced = decompose(history, "price", policy={"premium_discount": "estimate"})
        part = next(p for p in forced.drivers if p.name == "premium_discount")
        estimated.append((part.coefficient - 1) / part.std_error)
    assert np.mean(estimated) < -0.8

"""Accrual against published fee dollars, algebra and the calendar."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from research.errors import DataError, SampleError
from research.funds import FeePeriod, FeeSchedule
from research.loaders import bundled_table
from research.opening import fund

START = pd.Timestamp("2024-07-23")


def schedule(*periods, **more):
    return FeeSchedule(periods=periods, source="by hand", status="READ", **more)


FLAT = schedule({"start": "2024-07-23", "tiers": [{"rate": 0.0025}]})
WAIVED = schedule(
    {"start": "2024-07-23", "end": "2025-07-22", "tiers": [{"rate": 0.0012, "up_to": 2.5e9}, {"rate": 0.0025}]},
    {"start": "2025-07-23", "tiers": [{"rate": 0.0025}]},
)


def weekdays(start, end):
    return pd.date_range(start, end, freq="B")


# ---- published figures


def test_etha_first_quarter_of_2025_pays_what_its_10_q_says():
    """Fee $2,038,502 less $791,853 waived: 0.153 %. Accession 0001437749-25-015164, R11."""
    table = bundled_table("etha")
    assets = (table["nav"] * table["shares_outstanding"]).rename("assets")
    days = pd.date_range("2025-01-01", "2025-03-31")
    rates = fund("ETHA").fee_rates(days, assets)
    held = assets.reindex(pd.date_range(assets.index[0], days[-1])).ffill().reindex(days)
    gross = (0.0025 * held / 365).sum()
    waived = gross - (rates * held / 365).sum()
    shortcut = 0.0013 * min(held.mean(), 2.5e9) * 90 / 365
    assert shortcut == pytest.approx(801_370, abs=1)
    assert waived == pytest.approx(791_853, rel=0.002)
    assert shortcut > 1.01 * waived
    assert gross == pytest.approx(2_038_502, rel=0.005)
    assert 0.0025 * (1 - waived / gross) == pytest.approx(0.00153, abs=1e-5)


def test_ethe_ether_per_share_falls_as_the_10_k_prints():
    """0.0096 on 2023-12-31 and 0.0084 on 2024-12-31, from one count in July and the fee alone."""
    days = pd.to_datetime(["2023-12-31", "2024-07-23", "2024-12-31"])
    accrued = fund("ETHE").fee_accrual(days)
    before, after = 0.0094230, 0.0084807
    first = before * np.exp(accrued.iloc[0] - accrued.iloc[1])
    last = after * np.exp(accrued.iloc[2] - accrued.iloc[1])
    assert first == pytest.approx(0.00956, abs=5e-6)
    assert last == pytest.approx(0.00839, abs=5e-6)
    assert (round(first, 4), round(last, 4)) == (0.0096, 0.0084)


# ---- algebra


def test_a_year_of_ethv_costs_twenty_basis_points():
    sessions = weekdays("2025-07-23", "2026-07-23")
    assert fund("ETHV").fee_accrual(sessions).iloc[-1] == pytest.approx(-0.0020, abs=1e-17 * 400)


def test_the_waived_year_of_ethv_costs_nothing_at_all():
    accrued = fund("ETHV").fee_accrual(weekdays("2024-07-23", "2025-07-22"))
    assert (accrued == 0.0).all()


def test_the_first_day_of_the_fee_is_charged_on_that_day():
    accrued = fund("ETHV").fee_accrual(pd.to_datetime(["2025-07-21", "2025-07-22", "2025-07-23"]))
    np.testing.assert_allclose(accrued, [0.0, 0.0, -0.0020 / 365], atol=1e-18)


def test_a_monday_carries_the_weekend():
    sessions = pd.to_datetime(["2024-08-01", "2024-08-02", "2024-08-05"])
    steps = FLAT.accrual(sessions).diff().dropna() * -365 / 0.0025
    np.testing.assert_allclose(steps, [1.0, 3.0], rtol=1e-12)


def test_a_fee_that_starts_on_saturday_is_charged_for_two_days_on_monday():
    fee = schedule(
        {"start": "2024-07-23", "end": "2024-08-02", "tiers": [{"rate": 0.0}]},
        {"start": "2024-08-03", "tiers": [{"rate": 0.00365}]},
    )
    accrued = fee.accrual(pd.to_datetime(["2024-08-01", "2024-08-02", "2024-08-05"]))
    np.testing.assert_allclose(accrued, [0.0, 0.0, -3e-5], atol=1e-18)
    fee = schedule(
        {"start": "2024-07-23", "end": "2024-08-03", "tiers": [{"rate": 0.0}]},
        {"start": "2024-08-04", "tiers": [{"rate": 0.00365}]},
    )
    assert fee.accrual(pd.to_datetime(["2024-08-02", "2024-08-05"])).iloc[-1] == pytest.approx(-2e-5, abs=1e-18)


def test_a_leap_day_is_a_day_like_any_other():
    fee = schedule({"start": "2024-01-01", "tiers": [{"rate": 0.01}]})
    assert fee.accrual(pd.to_datetime(["2024-01-01", "2025-01-01"])).iloc[-1] == pytest.approx(-0.01 * 366 / 365)


def test_daily_tiers_waive_less_than_tiers_on_average_assets():
    """Jensen: the waived amount min(A, 2.5 bn) is concave, so the average of it lies below it at the average."""
    days = pd.date_range("2025-01-02", periods=90)
    assets = pd.Series(3.31e9 + 1.5e9 * np.sin(np.arange(90) * 2 * np.pi / 90), days)
    paid = (WAIVED.rates(days, assets) * assets).mean()
    flat = pd.Series(assets.mean(), days)
    paid_on_average = (WAIVED.rates(days, flat) * flat).mean()
    assert assets.min() < 2.5e9 < assets.max()
    assert paid > paid_on_average
    assert paid_on_average / assets.mean() == pytest.approx(0.0025 - 0.0013 * 2.5e9 / assets.mean(), rel=1e-12)


def test_without_a_crossing_the_two_agree():
    days = pd.date_range("2025-01-02", periods=90)
    assets = pd.Series(np.linspace(2.6e9, 4e9, 90), days)
    daily = (WAIVED.rates(days, assets) * assets).sum()
    assert daily == pytest.approx((0.0025 * assets - 0.0013 * 2.5e9).sum(), rel=1e-12)


@settings(max_examples=50)
@given(st.sets(st.integers(0, 700), min_size=3, max_size=60), st.data())
def test_accrual_adds_over_splits_of_the_sample(offsets, data):
    offsets = sorted(offsets)
    sessions = START + pd.to_timedelta(offsets, unit="D")
    cut = data.draw(st.integers(1, len(offsets) - 2))
    fee = fund("FETH").fee_schedule
    whole = fee.accrual(sessions)
    left, right = fee.accrual(sessions[: cut + 1]), fee.accrual(sessions[cut:])
    assert whole.iloc[-1] == pytest.approx(left.iloc[-1] + right.iloc[-1], abs=1e-15)
    assert whole.iloc[0] == 0.0
    assert (whole.diff().dropna() <= 0.0).all()


def test_accrual_adds_over_splits_with_tiers_too():
    sessions = weekdays("2024-07-23", "2025-09-30")
    assets = pd.Series(np.linspace(1e9, 6e9, len(sessions)), sessions)
    whole = WAIVED.accrual(sessions, assets)
    for cut in (1, 60, 259, 260, len(sessions) - 2):
        parts = WAIVED.accrual(sessions[: cut + 1], assets).iloc[-1] + WAIVED.accrual(sessions[cut:], assets).iloc[-1]
        assert whole.iloc[-1] == pytest.approx(parts, abs=1e-15)


def test_weekend_days_use_the_assets_of_friday():
    sessions = pd.to_datetime(["2024-08-01", "2024-08-02", "2024-08-05"])
    assets = pd.Series([1e9, 5e9, 2e9], sessions)
    accrued = WAIVED.accrual(sessions, assets)
    friday = (0.0012 + 0.0025) / 2
    np.testing.assert_allclose(accrued.diff().dropna() * -365, [friday, 2 * friday + 0.0012], rtol=1e-12)


def test_labels_units_and_bases_do_not_depend_on_the_resolution_of_the_index():
    sessions = weekdays("2024-07-23", "2024-09-30")
    for unit in ("s", "us", "ns"):
        same = FLAT.accrual(sessions.as_unit(unit))
        np.testing.assert_array_equal(same.to_numpy(), FLAT.accrual(sessions).to_numpy())
        assert same.index.equals(sessions)
        assert same.name == "expense_ratio"


# ---- what stands in for assets


def test_assets_below_decides_only_where_the_first_tier_is_certain():
    tiers = [{"rate": 0.0, "up_to": 1.5e9}, {"rate": 0.002}]
    days = pd.date_range("2024-08-01", periods=2)
    for known, certain in ((1.5e9, True), (1.4e9, True), (1.6e9, False), (None, False)):
        fee = schedule({"start": "2024-07-23", "tiers": tiers}, assets_below=known)
        if certain:
            assert fee.rates(days).tolist() == [0.0, 0.0]
        else:
            with pytest.raises(DataError, match=r"depends on assets .* shares_outstanding .* funds\.toml"):
                fee.rates(days)


def test_given_assets_come_before_the_assumption():
    fee = schedule(
        {"start": "2024-07-23", "tiers": [{"rate": 0.0, "up_to": 1e9}, {"rate": 0.002}]},
        assets_below=1e9,
    )
    days = pd.date_range("2024-08-01", periods=1)
    assert fee.rates(days, pd.Series([2e9], days)).tolist() == [0.001]


def test_assets_are_not_asked_for_where_they_do_not_matter():
    days = pd.date_range("2025-08-01", periods=3)
    assert WAIVED.rates(days).tolist() == [0.0025] * 3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_assets_that_are_no_amount_name_their_day(bad):
    sessions = pd.to_datetime(["2024-08-01", "2024-08-02", "2024-08-05"])
    with pytest.raises(DataError, match="assets of 2024-08-02 are"):
        WAIVED.accrual(sessions, pd.Series([1e9, bad, 1e9], sessions))


def test_a_session_without_assets_is_refused_not_filled():
    sessions = pd.to_datetime(["2024-08-01", "2024-08-02", "2024-08-05"])
    with pytest.raises(DataError, match="assets of 2024-08-02 are nan"):
        WAIVED.accrual(sessions, pd.Series([1e9, 1e9], sessions[[0, 2]]))


def test_old_assets_do_not_speak_for_later_days():
    days = pd.date_range("2024-08-01", periods=9)
    assets = pd.Series([1e9], days[:1])
    assert len(WAIVED.rates(days[:8], assets)) == 8
    with pytest.raises(DataError, match="2024-08-09 depends on assets, and the last known are of 2024-08-01"):
        WAIVED.rates(days, assets)
    with pytest.raises(DataError, match="which begin later"):
        WAIVED.rates(days, assets.shift(1, freq="D"))


# ---- refusals


def test_days_outside_the_schedule_are_refused():
    with pytest.raises(DataError, match="no fee is known for 2024-07-22: the fee schedule begins on 2024-07-23"):
        FLAT.rates(pd.date_range("2024-07-22", periods=2))
    ended = schedule({"start": "2024-07-23", "end": "2024-08-01", "tiers": [{"rate": 0.0}]})
    with pytest.raises(DataError, match="no fee is known for 2024-08-02: the fee schedule ends on 2024-08-01"):
        ended.rates(pd.date_range("2024-08-01", periods=2))


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        (pd.to_datetime(["2024-08-02", "2024-08-01"]), "2024-08-01 does not"),
        (pd.to_datetime(["2024-08-01", "2024-08-01"]), "strictly increase"),
        (pd.to_datetime(["2024-08-01 16:00"]), "without time or zone"),
        (pd.to_datetime(["2024-08-01"]).tz_localize("UTC"), "without time or zone"),
        (pd.DatetimeIndex(["2024-08-01", pd.NaT]), "missing date at position 1"),
        (pd.Index([1, 2]), "DatetimeIndex of days, not Index"),
        (pd.DatetimeIndex([]), "no sessions at all"),
    ],
)
def test_labels_that_are_no_sessions_are_refused(labels, complaint):
    with pytest.raises(DataError, match=complaint):
        FLAT.accrual(labels)


def test_one_session_has_accrued_nothing():
    assert FLAT.accrual(pd.to_datetime(["2024-08-01"])).tolist() == [0.0]


@pytest.mark.parametrize(
    ("periods", "complaint"),
    [
        ([], "at least 1"),
        ([("2024-07-23", None), ("2025-07-23", None)], "has no end but is not the last"),
        ([("2024-07-23", "2025-07-22"), ("2025-07-24", None)], "starts on 2025-07-24 instead of 2025-07-23"),
        ([("2024-07-23", "2025-07-22"), ("2025-07-22", None)], "without gap or overlap"),
    ],
)
def test_periods_must_follow_each_other(periods, complaint):
    with pytest.raises(ValidationError, match=complaint):
        schedule(*({"start": start, "end": end, "tiers": [{"rate": 0.0}]} for start, end in periods))


# ---- regimes


def test_regimes_are_clipped_to_the_sample():
    first, second = fund("ETHV").fee_schedule.regimes(dt.date(2024, 8, 1), dt.date(2026, 9, 25))
    assert (first.start, first.end) == (dt.date(2024, 8, 1), dt.date(2025, 7, 22))
    assert (second.start, second.end) == (dt.date(2025, 7, 23), dt.date(2026, 9, 25))
    only = fund("ETHV").fee_schedule.regimes(pd.Timestamp("2025-07-23"), pd.Timestamp("2025-07-23"))
    assert [(period.start, period.end) for period in only] == [(dt.date(2025, 7, 23), dt.date(2025, 7, 23))]
    assert fund("ETHV").fee_schedule.regimes(dt.date(2020, 1, 1), dt.date(2020, 2, 1)) == ()


def test_regimes_refuse_a_sample_that_runs_backwards():
    with pytest.raises(SampleError, match="from 2025-01-02 to 2025-01-01"):
        FLAT.regimes(dt.date(2025, 1, 2), dt.date(2025, 1, 1))


def test_headline_is_what_the_fact_sheet_prints():
    assert WAIVED.headline == 0.0025
    tiered = schedule({"start": "2024-07-23", "tiers": [{"rate": 0.0012, "up_to": 2.5e9}, {"rate": 0.0025}]})
    assert tiered.headline == 0.0025


# ---- tiers of one period, against the arithmetic that defines them

TIERED = {"start": "2024-07-23", "tiers": [{"rate": 0.0012, "up_to": 2.5e9}, {"rate": 0.0025}]}


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
    period = FeePeriod(**TIERED)
    assert period.effective_rate(np.array([0.0, 1.0, 2.5e9])).tolist() == [0.0012, 0.0012, 0.0012]


def test_far_above_the_limit_the_rate_tends_to_the_last_tier():
    assert FeePeriod(**TIERED).effective_rate(np.array([2.5e15]))[0] == pytest.approx(0.0025, abs=2e-9)


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
    assert FeePeriod(**TIERED).terms == "0.12 % up to $2.5 bn, 0.25 % beyond"
    assert str(FeePeriod(start="2025-07-23", tiers=[{"rate": 0.002}])) == "from 2025-07-23: 0.20 %"
    same = FeePeriod(start="2025-07-23", tiers=[{"rate": 0.002, "up_to": 5e7}, {"rate": 0.002}])
    assert same.terms == "0.20 %"

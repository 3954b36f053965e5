from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from research import alignment, opening
from research.alignment import (
    carried_forward,
    constant_column,
    copied_columns,
    early_close,
    findings_table,
    naive_cost,
    non_positive,
    premium_in_dollars,
    premium_out_of_bounds,
    screen,
    sessions,
    shifted_dates,
    swapped_columns,
    zero_columns,
)
from research.funds import SCREEN_RULES

DAYS = sessions("XNYS", "2024-07-23", "2025-07-22")


def clean(seed=0):
    rng = np.random.default_rng(seed)
    index = pd.Series(3000 * np.exp(np.cumsum(rng.normal(0, 0.04, len(DAYS)))), DAYS).round(2)
    nav = (index / 100).round(4)
    close = (nav * np.exp(rng.normal(0, 0.004, len(DAYS)))).round(2)
    return pd.DataFrame({"nav": nav, "benchmark": index, "close": close})


def rules(findings):
    return {(item.rule, item.series) for item in findings}


def test_a_clean_fund_gives_only_the_note_on_early_closes():
    for seed in range(5):
        found = screen(clean(seed), calendar="XNYS")
        assert rules(found) == {("early_close", "close")}
        assert found[0].value == 3
        assert found[0].severity == "note"
    assert screen(clean().iloc[:0]) == ()


@pytest.mark.parametrize("column", ["shares_outstanding", "premium_published", "staked_share", "bill_rate"])
def test_a_column_of_zeros_is_worth_a_look(column):
    raw = {column: pd.Series(0.0, DAYS)}
    found = [item for item in screen(clean(), raw=raw) if item.rule == "zero_column"]
    assert [(item.series, item.severity) for item in found] == [(column, "warning")]
    raw[column].iloc[7] = 1e-9
    assert zero_columns(raw) == ()
    assert zero_columns({column: pd.Series(np.nan, DAYS)}) == ()


@pytest.mark.parametrize("column", ["distributions", "Stock Splits", "capital_gain", "staking_tax_rate"])
def test_nothing_may_have_been_paid(column):
    assert zero_columns({column: pd.Series(0.0, DAYS)}) == ()


@pytest.mark.parametrize(
    ("times", "rule", "severity"),
    [
        (100.0, "premium_hundredfold", "error"),
        (0.01, "premium_hundredfold", "error"),
        (1000.0, "premium_out_of_bounds", "error"),
        (0.2, "premium_out_of_bounds", "error"),
        (1.5, "premium_out_of_bounds", "warning"),
        (0.51, "premium_out_of_bounds", "warning"),  # Grayscale's bitcoin trust stood there in December 2022
    ],
)
def test_a_premium_beyond_all_bounds_is_named(times, rule, severity):
    frame = clean()
    frame["close"] *= times
    (found,) = premium_out_of_bounds(frame)
    assert (found.rule, found.severity) == (rule, severity)
    assert found.value == pytest.approx(np.log(times), abs=0.01)
    for harmless in (1.0, 1.2, 0.85):
        assert premium_out_of_bounds(clean().assign(close=clean()["nav"] * harmless)) == ()


@pytest.mark.parametrize("multiple", [1.0, 2.0, -1.0])
def test_a_net_asset_value_under_the_name_of_the_close(multiple):
    frame = clean()
    moves = frame["benchmark"].pct_change().fillna(0.0)
    frame["nav"] = 30.0 * (1.0 + multiple * moves).cumprod()
    frame["close"] = frame["nav"] * np.exp(np.random.default_rng(1).normal(0, 0.02, len(frame)))
    assert swapped_columns(frame, multiple=multiple) == ()
    swapped = frame.rename(columns={"nav": "close", "close": "nav"})
    assert rules(swapped_columns(swapped, multiple=multiple)) == {("swapped_columns", "nav")}


@pytest.mark.parametrize("lag", [-1, 1])
@pytest.mark.parametrize("column", ["nav", "close"])
def test_shifted_dates_are_named_with_their_direction(lag, column):
    frame = clean()
    frame[column] = frame[column].shift(lag)
    found = shifted_dates(frame.dropna())
    assert rules(found) == {("shifted_dates", column)}
    assert found[0].value == lag
    assert found[0].severity == "error"
    assert ("before" if lag == 1 else "after") in found[0].message


def of_multiple(multiple, seed=0):
    """A fund that earns a multiple of its benchmark's move each session, but for a basis point of noise."""
    rng = np.random.default_rng(seed)
    moves = np.expm1(rng.normal(0, 0.03, len(DAYS)))
    nav = 20 * np.cumprod(1 + multiple * moves) * np.exp(rng.normal(0, 1e-4, len(DAYS)))
    return pd.DataFrame({"nav": nav, "benchmark": 3000 * np.cumprod(1 + moves)}, DAYS)


MULTIPLES = [-3.0, -2.0, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0, 3.0]


@pytest.mark.parametrize("multiple", MULTIPLES)
def test_a_fund_is_held_against_its_multiple_of_its_own_session(multiple):
    frame = of_multiple(multiple)
    assert shifted_dates(frame, multiple=multiple) == ()
    assert shifted_dates(frame) == ()  # a file does not say its multiple
    assert not [item for item in screen(frame, multiple=multiple) if item.severity != "note"]


@pytest.mark.parametrize("multiple", MULTIPLES)
@pytest.mark.parametrize("lag", [-1, 1])
def test_shifted_dates_of_a_multiple_are_named(multiple, lag):
    frame = of_multiple(multiple)
    frame = frame.assign(nav=frame["nav"].shift(lag)).dropna()
    (found,) = shifted_dates(frame, multiple=multiple)
    assert (found.series, found.value) == ("nav", lag)


def test_bad_rows_do_not_hide_that_dates_are_shifted():
    frame = of_multiple(1.0)
    frame = frame.assign(nav=frame["nav"].shift(1)).iloc[1:]
    frame.iloc[np.linspace(5, 240, 10).astype(int), 0] *= 1.5
    assert [found.value for found in shifted_dates(frame)] == [1.0]


def test_unrelated_series_and_holes_are_not_shifted():
    frame = clean()
    unrelated = frame.assign(nav=clean(seed=99)["nav"])
    assert shifted_dates(unrelated) == ()
    holed = frame.assign(close=frame["close"].where(np.arange(len(frame)) % 5 != 0))
    assert shifted_dates(holed) == ()


def test_constant_copied_and_non_positive_columns():
    frame = clean()
    assert rules(constant_column(frame.assign(close=30.0))) == {("constant_column", "close")}
    assert rules(copied_columns(frame.assign(close=frame["nav"]))) == {("copied_columns", "close")}
    assert copied_columns(frame) == constant_column(frame) == non_positive(frame) == ()
    wrong = frame.copy()
    wrong.iloc[5, 1] = -37.63
    (found,) = non_positive(wrong)
    assert (found.session, found.value) == (frame.index[5], -37.63)
    assert "non_positive" in {item.rule for item in screen(wrong)}


@pytest.mark.parametrize("numbers", ["dollars", "percent", "fraction"])
@pytest.mark.parametrize("stated", ["USD", "percent", "fraction"])
def test_the_unit_of_a_published_premium(numbers, stated):
    frame = clean()
    gap = frame["close"] - frame["nav"]
    published = {
        "dollars": gap.round(2),
        "percent": (100 * gap / frame["nav"]).round(2),
        "fraction": gap / frame["nav"],
    }
    found = premium_in_dollars(frame, published[numbers], stated)
    agree = {"USD": "dollars"}.get(stated, stated) == numbers
    assert [item.rule for item in found] == ([] if agree else [f"premium_in_{numbers}"])


def test_a_premium_without_a_unit_is_taken_for_percent_and_a_price_of_a_hundred_tells_nothing():
    frame = clean()
    gap = frame["close"] - frame["nav"]
    assert [item.rule for item in premium_in_dollars(frame, gap)] == ["premium_in_dollars"]
    assert premium_in_dollars(frame, gap, "furlongs") == ()
    level = frame.assign(nav=100.0, close=100.0 + gap)
    assert premium_in_dollars(level, gap, "percent") == ()
    assert premium_in_dollars(frame[["nav"]], gap) == ()


def test_carried_forward_rows_are_counted_by_kind():
    days = pd.date_range("2024-07-23", "2025-07-22")
    index = pd.Series(3000 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.04, len(days)))), days)
    nav = (index / 100).where(days.isin(DAYS)).ffill()
    (found,) = carried_forward(nav, index, DAYS)
    moved = np.abs(np.log(index / index.where(days.isin(DAYS)).ffill())) > 0.001
    closed = ~days.isin(DAYS) & moved.to_numpy()
    assert found.value == closed.sum()
    assert f"{int((closed & (days.day_of_week >= 5)).sum())} at weekends" in found.message
    assert carried_forward(nav[DAYS], index[DAYS], DAYS) == ()
    assert carried_forward(index / 100, index, DAYS) == ()


def test_early_closes_without_a_close_column_or_without_such_days():
    frame = clean()
    early = pd.DatetimeIndex(["2024-11-29", "2024-12-24"])
    assert early_close(frame[["nav"]], early) == ()
    assert early_close(frame, pd.DatetimeIndex(["2024-11-30"])) == ()
    assert "2 sessions closed early (2024-11-29, 2024-12-24)" in early_close(frame, early)[0].message


def test_findings_are_sorted_by_severity_and_read_as_a_table():
    frame = clean()
    frame.iloc[100, 2] = frame.iloc[99, 2]
    found = screen(frame.assign(nav=30.0), calendar="XNYS")
    order = [("error", "warning", "note").index(item.severity) for item in found]
    assert order == sorted(order)
    table = findings_table(found)
    assert len(table.to_frame()) == len(found)
    assert "constant_column" in str(table)
    assert "<table" in table._repr_html_()
    assert "nothing" in str(findings_table(()))
    assert "[constant_column]" in str(found[0])


def test_naive_cost_is_the_dispersion_of_the_rows_that_are_kept():
    days = pd.date_range("2024-07-23", "2025-07-22")
    index = pd.Series(3000 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.04, len(days)))), days)
    nav = (index / 100).where(days.isin(DAYS)).ffill()
    cost = naive_cost(nav, index, DAYS)
    by_hand = np.std(np.diff(np.log(nav) - np.log(index)), ddof=1) * np.sqrt(252) * 1e4
    assert cost.all_rows_bp == pytest.approx(by_hand, rel=1e-9)
    assert cost.sessions_bp == pytest.approx(0.0, abs=1e-6)
    assert cost.sessions_bp < cost.weekdays_bp < cost.all_rows_bp
    assert naive_cost(nav, index, DAYS, periods_per_year=1008).all_rows_bp == pytest.approx(2 * by_hand, rel=1e-9)
    assert "bp a year" in str(cost)


def test_every_rule_of_a_screen_can_be_acknowledged_by_its_name():
    """What is written in a fund's entry is checked against a list, which names what the screens say and no more."""
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in (*Path(alignment.__file__).parent.glob("screens*.py"), Path(opening.__file__))
    )
    told = set(re.findall(r'Finding\(\s*"(\w+)"', sources)) | set(re.findall(r'\brule = f?"(\w+)"', sources))
    told |= set(re.findall(r'_differing\(\s*"(\w+)"', sources))
    told |= {f"premium_in_{unit}" for unit in ("dollars", "percent", "fraction")}
    assert set(SCREEN_RULES) <= told
    assert told - set(SCREEN_RULES) == {"carried_forward", "early_close", "payment_moved", "premium_in_"} & told

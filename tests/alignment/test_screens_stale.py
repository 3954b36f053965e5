from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research.alignment import printed_tick, stale_value
from research.errors import ParameterError


def fund(rng, *, n=500, noise=0.004, price=30.0, fat=None, persistence=0.0, vol=0.04):
    """A clean fund: fat-tailed index, NAV to four decimals, close in cents with a premium of `noise`."""
    index = np.cumsum(rng.standard_t(4, n) * vol / np.sqrt(2))
    shocks = rng.normal(size=n) if fat is None else rng.standard_t(fat, n) / np.sqrt(fat / (fat - 2))
    premium = np.zeros(n)
    for i in range(n):
        before = premium[i - 1] if i else 0.0
        premium[i] = persistence * before + np.sqrt(1 - persistence**2) * noise * shocks[i]
    nav = price * np.exp(index - 0.002 * np.arange(n) / 252)
    frame = {"nav": np.round(nav, 4), "close": np.round(nav * np.exp(premium), 2)}
    days = pd.bdate_range("2024-07-23", periods=n)
    return pd.DataFrame({**frame, "benchmark": np.round(3000 * np.exp(index), 2)}, days)


def planted(rng, frame, count=4, move=0.02):
    """Return the frame with `count` stale closes on days when the benchmark moved, at least three sessions apart."""
    moved = np.abs(np.log(frame["benchmark"]).diff()).to_numpy()
    places = []
    for place in rng.permutation(np.flatnonzero(moved > move)):
        if all(abs(place - other) >= 3 for other in places) and len(places) < count:
            places.append(int(place))
    close = frame["close"].to_numpy().copy()
    for place in sorted(places):
        close[place] = close[place - 1]
    return frame.assign(close=close), frame.index[places]


def alarm_rate(rng, draws, **world):
    return float(np.mean([bool(stale_value(fund(rng, **world))) for _ in range(draws)]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "most"),
    [({}, 0.02), ({"persistence": 0.9}, 0.02), ({"fat": 4}, 0.05), ({"price": 3.0}, 0.02), ({"vol": 0.01}, 0.02)],
)
def test_false_alarms_on_clean_funds(world, most):
    assert alarm_rate(np.random.default_rng(11), 500, **world) <= most


def test_false_alarms_on_clean_funds_with_fewer_draws():
    # 60 clean funds at a rate of at most 2 %: more than five alarms have a probability of 0.1 %.
    rng = np.random.default_rng(12)
    assert alarm_rate(rng, 60) * 60 <= 2
    assert alarm_rate(rng, 40, fat=4) * 40 <= 4


@pytest.mark.parametrize("world", [{}, {"persistence": 0.9}, {"fat": 4}])
def test_detection_of_planted_stale_closes(world):
    rng = np.random.default_rng(13)
    found = total = wrong = 0
    for _ in range(60):
        frame, days = planted(rng, fund(rng, noise=0.004, **world))
        caught = {item.session for item in stale_value(frame) if item.series == "close"}
        found += len(caught & set(days))
        wrong += len(caught - set(days))
        total += len(days)
    assert total >= 200
    assert found / total >= 0.95
    assert wrong <= 0.02 * total


def test_a_run_of_stale_values_is_caught_from_its_first_day():
    frame = fund(np.random.default_rng(3))
    close = frame["close"].to_numpy().copy()
    close[100:106] = close[99]
    caught = [item.session for item in stale_value(frame.assign(close=close))]
    moved = np.abs(np.log(frame["benchmark"].to_numpy()[100:106] / frame["benchmark"].to_numpy()[99])) > 0.03
    assert set(frame.index[100:106][moved]) - set(caught) <= {frame.index[100 + int(np.argmax(moved))]}
    assert set(caught) <= set(frame.index[100:106])


@pytest.mark.parametrize("column", ["nav", "benchmark"])
def test_a_stale_nav_or_benchmark_is_caught_and_named(column):
    frame = fund(np.random.default_rng(4))
    values = frame[column].to_numpy().copy()
    place = 100 + int(np.argmax(np.abs(np.diff(np.log(frame["benchmark"].to_numpy()))[99:200])))
    values[place] = values[place - 1]
    found = stale_value(frame.assign(**{column: values}))
    assert [(item.series, item.session) for item in found] == [(column, frame.index[place])]


def test_nav_and_close_carried_over_a_session_are_both_named_although_they_agree():
    frame = fund(np.random.default_rng(5))
    place = 100 + int(np.argmax(np.abs(np.diff(np.log(frame["benchmark"].to_numpy()))[99:200])))
    stale = frame.copy()
    stale.iloc[place, :2] = stale.iloc[place - 1, :2]
    found = stale_value(stale)
    assert {item.series for item in found} == {"nav", "close"}
    assert all("the benchmark moved" in item.message for item in found)


def test_an_honest_repeat_while_the_market_stands_still_is_no_finding():
    frame = fund(np.random.default_rng(6))
    frame.iloc[200] = frame.iloc[199]
    frame.iloc[200, 2] = round(frame.iloc[199, 2] * 1.0001, 2)
    assert stale_value(frame) == ()


def test_a_price_of_a_few_cents_repeats_honestly():
    rng = np.random.default_rng(7)
    frame = fund(rng, price=0.20, vol=0.02)
    assert (frame["close"].diff() == 0).sum() > 50
    assert [item for item in stale_value(frame) if item.series == "close"] == []


def test_the_row_of_the_next_day_is_quoted_only_where_it_is_not_a_session():
    days = pd.bdate_range("2026-01-05", periods=60)
    index = pd.Series(3000 * np.exp(np.cumsum(np.random.default_rng(8).normal(0, 0.03, 60))), days)
    close = (index / 100).round(2)
    friday = days[39]
    assert friday.day_of_week == 4
    right = close[friday]
    close[friday] = close.iloc[38]
    raw = pd.concat([close, pd.Series([right], [friday + pd.Timedelta(days=1)])]).sort_index()
    frame = pd.DataFrame({"close": close, "benchmark": index})
    (with_raw,) = stale_value(frame, raw={"close": raw})
    (without,) = stale_value(frame, raw={"close": close})
    assert f"{friday + pd.Timedelta(days=1):%Y-%m-%d} (no session), shows {right:g}" in with_raw.message
    assert "next calendar day" not in without.message
    assert with_raw.value == close.iloc[38]


def test_missing_closes_short_samples_and_frozen_columns_are_left_alone():
    frame = fund(np.random.default_rng(9))
    holed = frame.assign(close=frame["close"].where(np.arange(500) % 7 != 0))
    assert stale_value(holed) == ()
    assert stale_value(frame.iloc[:10]) == ()
    assert stale_value(frame.assign(close=30.0)) == ()
    assert stale_value(frame[["nav"]]) == ()
    for rate in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(ParameterError, match="false_alarm_rate"):
            stale_value(frame, false_alarm_rate=rate)


@pytest.mark.parametrize(
    ("values", "tick"), [([30.61, 29.0], 0.01), ([30.0, 29.0], 1.0), ([1.2345, 2.0], 1e-4), ([np.pi], 1e-8)]
)
def test_the_printed_tick(values, tick):
    assert printed_tick(pd.Series(values)) == pytest.approx(tick, rel=1e-12)

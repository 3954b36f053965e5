from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.alignment import Clock, LossReport, align, sessions
from research.errors import (
    AlignmentError,
    ClockError,
    DataError,
    LossError,
    MissingColumnError,
    ParameterError,
    SampleError,
)

CLOCK = Clock("16:00", "America/New_York")


def walk(days, seed=0, start=3000.0):
    steps = np.random.default_rng(seed).normal(0.0, 0.03, len(days))
    return pd.Series(start * np.exp(np.cumsum(steps)), days)


def calendar_daily(start="2024-07-01", periods=120, seed=0):
    """An issuer's file: every calendar day, the NAV of weekends and holidays repeated, the index moving on."""
    days = pd.date_range(start, periods=periods)
    index = walk(days, seed)
    open_days = sessions("XNYS", days[0], days[-1])
    nav = (index / 100).where(days.isin(open_days)).ffill().bfill()
    return {"nav": (nav, CLOCK), "benchmark": (index, CLOCK)}


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    periods=st.integers(40, 200),
    holes=st.lists(st.integers(0, 199), max_size=8),
    blanks=st.lists(st.integers(0, 199), max_size=8),
    offset=st.integers(0, 300),
)
def test_rows_in_are_rows_out_and_rows_dropped(seed, periods, holes, blanks, offset):
    series = calendar_daily(periods=periods, seed=seed)
    start = pd.Timestamp("2024-07-01") + pd.Timedelta(days=min(offset, periods // 2))
    nav, index = series["nav"][0].copy(), series["benchmark"][0]
    nav.iloc[[place % periods for place in blanks]] = np.nan
    gone = nav.index[[place % periods for place in holes]]
    nav, index = nav.drop(gone), index.drop(gone)
    frame, losses = align({"nav": (nav, CLOCK), "benchmark": (index, CLOCK)}, "XNYS", start, max_loss=0.999)
    assert losses.rows_in == len(nav) == losses.rows_out + losses.rows_dropped
    assert losses.rows_out == len(frame)
    assert len(frame) + losses.sessions_lost == losses.sessions
    assert frame.notna().all(axis=None)
    assert frame.index.isin(sessions("XNYS", frame.index[0], frame.index[-1])).all()
    counts = losses.counts()
    assert sum(counts.values()) == len(losses.to_frame())
    assert losses.to_frame()["date"].is_unique


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), periods=st.integers(40, 200))
def test_the_benchmark_compounds_over_holding_intervals(seed, periods):
    series = calendar_daily(periods=periods, seed=seed)
    index = series["benchmark"][0]
    frame, _ = align(series, "XNYS")
    daily = index.pct_change()
    for before, after in zip(frame.index[:-1], frame.index[1:], strict=True):
        inside = daily[(daily.index > before) & (daily.index <= after)]
        assert frame["benchmark"][after] / frame["benchmark"][before] == pytest.approx((1 + inside).prod(), rel=1e-12)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), periods=st.integers(40, 200))
def test_aligning_the_aligned_changes_nothing(seed, periods):
    frame, _ = align(calendar_daily(periods=periods, seed=seed), "XNYS")
    again, losses = align({name: (frame[name], CLOCK) for name in frame}, "XNYS")
    pd.testing.assert_frame_equal(frame, again)
    assert losses.counts() == {}


def test_nothing_is_filled_and_a_lost_session_says_so():
    series = calendar_daily()
    nav, index = (series[name][0].copy() for name in ("nav", "benchmark"))
    nav["2024-08-06"] = np.nan
    nav, index = nav.drop(pd.Timestamp("2024-08-07")), index.drop(pd.Timestamp("2024-08-07"))
    frame, losses = align({"nav": (nav, CLOCK), "benchmark": (index, CLOCK)}, "XNYS")
    assert not frame.index.isin(["2024-08-06", "2024-08-07"]).any()
    lost = losses.to_frame().set_index("date")
    assert lost.loc["2024-08-06", ["rule", "detail"]].tolist() == ["missing_value", "no nav"]
    assert lost.loc["2024-08-07", "rule"] == "no_row"
    assert losses.sessions_lost == 2


def test_weekends_and_holidays_are_told_apart_and_say_what_the_row_does():
    _, losses = align(calendar_daily("2024-07-01", 30), "XNYS")
    rows = losses.to_frame().set_index("date")
    assert rows.loc["2024-07-04", "rule"] == "holiday"
    assert rows.loc["2024-07-06", "rule"] == "weekend"
    assert rows.loc["2024-07-07", "detail"].startswith("repeats the NAV of 2024-07-05 while the benchmark moved")


def test_the_move_in_the_detail_is_since_the_session_before():
    days = pd.date_range("2024-07-26", "2024-07-29")
    nav = pd.Series([30.0, 30.0, 31.5, 31.0], days)
    index = pd.Series([3000.0, 3000 * np.exp(-0.012), 3000.0, 3100.0], days)
    _, losses = align({"nav": (nav, CLOCK), "benchmark": (index, CLOCK)}, "XNYS")
    assert losses.to_frame()["detail"].tolist() == [
        "repeats the NAV of 2024-07-26 while the benchmark moved -1.2 %",
        "no session, NAV 31.5 against 30 of 2024-07-26",
    ]


def test_rows_before_the_listing_are_not_rows_before_the_start():
    series = calendar_daily("2024-07-01", 90)
    frame, losses = align(series, "XNYS", start="2024-08-01", end="2024-09-03", listed="2024-07-23")
    assert losses.counts()["before_listing"] == 22
    assert losses.counts()["before_start"] == 9
    assert losses.counts()["after_end"] == (pd.Timestamp("2024-09-28") - pd.Timestamp("2024-09-03")).days
    assert str(frame.index[0].date()) == "2024-08-01"
    early, losses = align(series, "XNYS", start="2024-07-05", listed="2024-07-23")
    assert str(early.index[0].date()) == "2024-07-23"
    assert "before_start" not in losses.counts()


def test_a_close_may_be_missing():
    series = calendar_daily()
    close = series["nav"][0].copy()
    close["2024-08-06"] = np.nan
    frame, losses = align({**series, "close": (close, CLOCK)}, "XNYS")
    assert np.isnan(frame.loc["2024-08-06", "close"])
    assert losses.sessions_lost == 0


def test_clocks_that_differ_are_refused_by_name_unless_allowed():
    series = calendar_daily()
    other = {**series, "benchmark": (series["benchmark"][0], "16:00 Europe/London")}
    with pytest.raises(
        ClockError, match=r"nav is observed at 16:00 America/New_York and benchmark at 16:00 Europe/Lon"
    ):
        align(other, "XNYS")
    assert len(align(other, "XNYS", allow_clocks=True)[0]) == len(align(series, "XNYS")[0])
    shares = {**series, "shares_outstanding": (series["nav"][0], "24:00 UTC")}
    assert "shares_outstanding" in align(shares, "XNYS")[0]


def test_labels_are_naive_normalised_ordered_dates():
    series = calendar_daily()
    nav = series["nav"][0]
    bad = {
        "time zone": nav.tz_localize("UTC"),
        "time of day": nav.set_axis(nav.index + pd.Timedelta(hours=16)),
        "more than once": pd.concat([nav, nav.iloc[-1:]]),
        "order of date": nav.iloc[::-1],
        "not labelled by dates": nav.reset_index(drop=True),
        "not a date": nav.set_axis(nav.index[:-1].append(pd.DatetimeIndex([pd.NaT]))),
    }
    for message, values in bad.items():
        with pytest.raises(AlignmentError, match=message):
            align({**series, "nav": (values, CLOCK)}, "XNYS")
    with pytest.raises(ParameterError, match="not numbers"):
        align({**series, "nav": (nav.astype(object).where(nav.index != nav.index[3], "n/a"), CLOCK)}, "XNYS")


@pytest.mark.parametrize("value", [0.0, -37.63, np.inf])
def test_a_price_that_is_no_price_is_refused_with_its_date(value):
    series = calendar_daily()
    index = series["benchmark"][0].copy()
    index["2024-08-06"] = value
    with pytest.raises(DataError, match=r"benchmark is .* on 2024-08-06"):
        align({**series, "benchmark": (index, CLOCK)}, "XNYS")


def test_too_great_a_loss_is_refused_with_share_counts_and_advice():
    series = calendar_daily(periods=100)
    nav = series["nav"][0].copy()
    nav.iloc[10:40] = np.nan
    with pytest.raises(LossError, match=r"sessions \(3\d\.\d %\).*max_loss 5\.0 % \(missing_value 2\d.*raise max_loss"):
        align({**series, "nav": (nav, CLOCK)}, "XNYS")
    with pytest.raises(LossError, match="the data end on 2024-10-08, give that as the end"):
        align(series, "XNYS", end="2025-06-30")
    with pytest.raises(LossError, match="the data begin on 2024-07-01, give that as the start"):
        align(series, "XNYS", start="2023-06-30")


def test_samples_that_cannot_be():
    series = calendar_daily(periods=60)
    for message, dates in {
        "end 2024-07-01 lies before start 2024-08-01": {"start": "2024-08-01", "end": "2024-07-01"},
        "before the listing on 2024-07-23": {"end": "2024-07-22", "listed": "2024-07-23"},
        "outside the data": {"start": "2025-01-01", "end": "2025-02-01"},
        "holds no session": {"start": "2025-01-01"},
    }.items():
        with pytest.raises(SampleError, match=message):
            align(series, "XNYS", **dates)
    later = walk(pd.date_range("2026-01-01", periods=20))
    with pytest.raises(SampleError, match="no date in common"):
        align({**series, "nav": (later, CLOCK)}, "XNYS")
    weekend = walk(pd.DatetimeIndex(["2024-07-06", "2024-07-07"]))
    with pytest.raises(SampleError, match="no session of XNYS in common"):
        align({**series, "nav": (weekend, CLOCK)}, "XNYS")
    with pytest.raises(MissingColumnError, match="benchmark"):
        align({"nav": series["nav"]}, "XNYS")
    for share in (-0.1, 1.0, float("nan")):
        with pytest.raises(ParameterError, match="max_loss"):
            align(series, "XNYS", max_loss=share)


def test_a_loss_report_that_does_not_add_up_cannot_be_made():
    empty = pd.DataFrame({"date": [], "rule": [], "detail": []})
    with pytest.raises(ParameterError, match="do not add up"):
        LossReport(3, 2, empty, 2)
    with pytest.raises(ParameterError, match="unknown loss rule"):
        LossReport(3, 2, pd.DataFrame({"date": [1], "rule": ["tired"], "detail": [""]}), 2)


def test_a_loss_report_reads_well():
    _, losses = align(calendar_daily(periods=60), "XNYS")
    assert "weekend" in str(losses)
    assert "0 of" in str(losses.summary())
    assert "<table" in losses._repr_html_()
    kept, nothing = align(
        {k: (v[0][sessions("XNYS", "2024-07-01", "2024-08-01")], CLOCK) for k, v in calendar_daily().items()}, "XNYS"
    )
    assert nothing.rows_in == len(kept)
    assert "nothing dropped" in nothing.in_words
    assert nothing.summary().to_frame().empty
    assert "<table" in nothing._repr_html_()

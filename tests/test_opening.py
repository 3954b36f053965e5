from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from research.alignment import History, align, sessions
from research.errors import (
    BenchmarkError,
    ClockError,
    DataFileError,
    LossError,
    MissingColumnError,
    ParameterError,
    SampleError,
    UnknownNameError,
)
from research.loaders import load_series
from research.opening import Subject, fund, load, subject

ENTRY = """
[fund.DEMO]
name = "A fund that does not exist"
issuer = "nobody"
kind = "spot"
asset = "ether"
simulated = true
listed = {{ value = 2024-01-02, source = "made", status = "READ" }}
benchmark = {{ value = "an index", source = "made", status = "READ" }}
fee = "unknown"
{series}
"""
SERIES = """
[fund.DEMO.series.{role}]
file = "demo.csv"
column = "{role}"
clock = "{clock}"
unit = "USD"
provider = "made"
measures = "an index"
"""


@pytest.fixture
def folder(tmp_path):
    def write(roles=("nav", "close", "benchmark"), clocks=None, days=None, change=None):
        labels = sessions("XNYS", "2024-01-02", "2024-06-28") if days is None else days
        rng = np.random.default_rng(0)
        index = 3000 * np.exp(np.cumsum(rng.normal(0, 0.03, len(labels))))
        frame = pd.DataFrame({"nav": index / 100, "close": np.round(index / 100, 2), "benchmark": index}, labels)
        frame["shares_outstanding"] = 1e6
        if change is not None:
            frame = change(frame)
        frame.index.name = "date"
        frame.to_csv(tmp_path / "demo.csv")
        clock = "16:00 America/New_York"
        series = "".join(SERIES.format(role=role, clock=(clocks or {}).get(role, clock)) for role in roles)
        (tmp_path / "funds.toml").write_text(ENTRY.format(series=series), encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture(scope="module")
def ethv() -> History:
    return load("ETHV")


def test_ethv_the_sample(ethv):
    assert f"{ethv.start:%Y-%m-%d} {ethv.end:%Y-%m-%d}" == "2024-07-23 2026-09-25"
    assert ethv.frame.index.equals(sessions("XNYS", "2024-07-23", "2026-09-25"))
    assert ethv.sessions.equals(ethv.frame.index)
    assert list(ethv.frame.columns) == ["nav", "benchmark", "close"]
    assert ethv.frame.notna().all(axis=None)
    counts = ethv.losses.counts()
    # Calendar arithmetic: 28 days from 2024-06-25 to the eve of the listing, and the days that are no sessions.
    days = pd.date_range("2024-07-23", "2026-09-25")
    closed = days.difference(ethv.frame.index)
    assert counts["before_listing"] == 28
    assert counts["weekend"] == (closed.day_of_week >= 5).sum()
    assert counts["holiday"] == (closed.day_of_week < 5).sum()
    assert set(counts) == {"before_listing", "weekend", "holiday"}
    assert ethv.losses.rows_in == 28 + len(days)


def test_ethv_has_one_stale_value_and_no_other_warning(ethv):
    (stale,) = [item for item in ethv.findings if item.severity != "note"]
    assert (stale.rule, stale.series, str(stale.session.date()), stale.value) == (
        "stale_value",
        "close",
        "2026-03-06",
        30.61,
    )
    for words in ("close repeats 30.61", "2026-03-05", "NAV moved -5.3 %", "2026-03-07 (no session), shows 28.92"):
        assert words in stale.message
    assert {item.rule for item in ethv.findings} == {"stale_value", "early_close", "carried_forward"}


def test_ethv_naive_cost_is_what_the_method_notes_state(ethv):
    assert ethv.naive.all_rows_bp == pytest.approx(3181, abs=1)
    assert ethv.naive.weekdays_bp == pytest.approx(849, abs=1)
    assert ethv.naive.sessions_bp == pytest.approx(1.04, abs=0.01)


def test_etha_gives_no_warning_and_has_assets():
    history = load("etha")
    assert history.findings == ()
    assert history.bases == ("nav",)
    assert history.losses.counts()["after_end"] == 9
    shares = load_series(history.fund, "shares_outstanding").values
    expected = history.frame["nav"] * shares[history.frame.index]
    np.testing.assert_allclose(history.frame["assets"], expected, rtol=1e-15)
    with pytest.raises(MissingColumnError, match="ETHA has no close series"):
        history.divergence("price")
    with pytest.raises(MissingColumnError):
        _ = history.premium


def test_returns_compound_to_the_levels_and_the_bases_differ_by_the_premium(ethv):
    for returns, column in (
        (ethv.nav_returns, "nav"),
        (ethv.benchmark_returns, "benchmark"),
        (ethv.price_returns, "close"),
    ):
        assert returns.index.equals(ethv.frame.index[1:])
        total = np.log(ethv.frame[column].iloc[-1] / ethv.frame[column].iloc[0])
        assert returns.sum() == pytest.approx(total, abs=1e-12)
    gap = ethv.divergence("price") - ethv.divergence("nav") - ethv.premium
    assert gap.abs().max() < 1e-12
    change = ethv.nav_returns - ethv.benchmark_returns
    np.testing.assert_allclose(ethv.divergence().diff().iloc[1:], change, atol=1e-12)
    with pytest.raises(ParameterError, match="'nav' or 'price'"):
        ethv.divergence("market")


def test_the_benchmark_return_of_a_monday_compounds_the_daily_ones(ethv):
    index = load_series(ethv.fund, "benchmark").values
    daily = np.log(index).diff()
    monday = pd.Timestamp("2026-09-21")
    assert ethv.benchmark_returns[monday] == pytest.approx(daily["2026-09-19":"2026-09-21"].sum(), abs=1e-12)


def test_parts_add_up(ethv):
    middle = "2025-07-22"
    first, second = ethv.between("2024-07-23", middle), ethv.between(middle, "2026-09-25")
    for name in ("nav_returns", "benchmark_returns", "price_returns"):
        whole = getattr(ethv, name)
        pd.testing.assert_series_equal(pd.concat([getattr(first, name), getattr(second, name)]), whole)
    assert first.years + second.years == pytest.approx(ethv.years, abs=1e-12)
    for part in (first, second):
        assert part.losses.rows_in == ethv.losses.rows_in
        assert part.losses.rows_out == len(part.frame) == len(part.sessions)
        assert (part.positions == np.arange(len(part.frame))).all()
    assert [item.session is None for item in first.findings] == [True, True]
    same = load("ETHV", start="2025-01-01", end="2025-12-31")
    clipped = ethv.between("2025-01-01", "2025-12-31")
    assert same.losses.counts() == clipped.losses.counts()
    pd.testing.assert_frame_equal(same.frame, clipped.frame)
    with pytest.raises(SampleError, match="holds 0 sessions"):
        ethv.between("2025-01-04", "2025-01-05")


def test_days_positions_and_years(ethv):
    assert ethv.days[0] == 0
    assert ethv.days[-1] == (ethv.end - ethv.start).days
    assert ethv.years == pytest.approx(ethv.days[-1] / 365)
    assert (np.diff(ethv.positions) == 1).all()


def test_a_masked_close_is_missing_and_in_the_losses(ethv):
    masked = load("ETHV", mask_flagged=True)
    day = pd.Timestamp("2026-03-06")
    assert np.isnan(masked.frame.loc[day, "close"])
    assert masked.frame["close"].isna().sum() == 1
    assert masked.losses.counts()["masked_stale_close"] == 1
    assert masked.losses.rows_out == ethv.losses.rows_out
    assert masked.losses.sessions_lost == 0
    pd.testing.assert_frame_equal(masked.frame.drop(columns="close"), ethv.frame.drop(columns="close"))
    assert masked.divergence("price").isna().sum() == 1
    assert masked.price_returns.isna().sum() == 2
    assert masked.divergence("nav").notna().all()
    assert load("ETHA", mask_flagged=True).losses.counts() == load("ETHA").losses.counts()


def test_what_is_acknowledged_is_shown_and_not_open(ethv):
    (stale,) = [item for item in ethv.findings if item.severity != "note"]
    assert "row of the next calendar day" in stale.acknowledged
    assert ethv.open_findings == ()
    assert ethv.screens().to_frame()["acknowledged"].iloc[0] == stale.acknowledged
    assert "1 (1 acknowledged)" in str(ethv)
    masked = load(fund("ETHV").model_copy(update={"known": ()}), mask_flagged=True)
    assert masked.open_findings == ()
    assert masked.findings[0].acknowledged == "left out of every figure (mask_flagged)"
    (still,) = load(fund("ETHV").model_copy(update={"known": ()})).open_findings
    assert still.session == pd.Timestamp("2026-03-06")


def known(rule, series, *days):
    listed = ", ".join(
        f'{{ rule = "{rule}", series = "{series}", why = "seen"{f", date = {day}" if day else ""} }}' for day in days
    )
    return f"known = [{listed}]"


def test_every_row_of_a_finding_needs_its_own_reason(folder):
    """Eight payments that nobody named: one finding, open until each of the eight days is acknowledged."""

    def paying(frame):
        for place in range(20, 100, 10):
            frame.iloc[place:, 0] *= 0.98
        return frame

    place = folder(roles=("nav", "benchmark"), change=paying)
    (found,) = load("DEMO", data=place).open_findings
    assert (found.rule, found.value, len(found.sessions)) == ("distribution_as_loss", 8.0, 8)
    toml = place / "funds.toml"
    text = toml.read_text()
    days = [f"{session:%Y-%m-%d}" for session in found.sessions]
    for named, still_open in (((), 1), (days[:7], 1), ((None,), 1), (days, 0)):
        toml.write_text(text.replace('fee = "unknown"', f'fee = "unknown"\n{known(found.rule, "nav", *named)}'))
        assert len(load("DEMO", data=place).open_findings) == still_open
    part = load("DEMO", data=place).between(days[2], days[5])
    assert [len(item.sessions) for item in part.findings if item.rule == found.rule] == [4]


def test_what_is_said_of_a_whole_series_is_acknowledged_without_a_date(folder):
    place = folder(change=lambda frame: frame.assign(close=frame["nav"]))
    (found,) = load("DEMO", data=place).open_findings
    assert (found.rule, found.series, found.session) == ("copied_columns", "close", None)
    toml = place / "funds.toml"
    text = toml.read_text()
    for day, still_open in (("2024-01-02", 1), (None, 0)):
        toml.write_text(text.replace('fee = "unknown"', f'fee = "unknown"\n{known(found.rule, "close", day)}'))
        assert len(load("DEMO", data=place).open_findings) == still_open


def test_flagged_values_of_each_series_can_be_left_out(folder):
    """A bad tick in the close leaves a hole in it; in the NAV it takes the session."""

    def bad(frame):
        frame.iloc[40, 1] *= 1.2
        frame.iloc[60, 0] *= 1.2
        frame.iloc[80, :2] *= 0.8
        return frame

    place = folder(roles=("nav", "close", "benchmark"), change=bad)
    seen = load("DEMO", data=place)
    assert len(seen.open_findings) == 4
    masked = load("DEMO", data=place, mask_flagged=True)
    days = seen.frame.index
    assert masked.open_findings == ()
    assert masked.losses.counts() == {"masked_spike_close": 1, "masked_session": 2}
    assert (masked.losses.sessions_lost, masked.losses.rows_out) == (2, len(days) - 2)
    assert masked.frame.index.equals(days.delete([60, 80]))
    assert masked.frame.index[masked.frame["close"].isna()].equals(days[[40]])
    assert np.abs(masked.divergence("nav").diff()).max() < 1e-9
    part = masked.between(days[50], days[-1])
    assert part.losses.counts()["masked_session"] == 2
    assert part.losses.rows_in == masked.losses.rows_in


def test_a_clipped_masked_history_still_adds_up():
    masked = load("ETHV", mask_flagged=True)
    assert masked.between("2026-01-02", "2026-06-30").losses.counts()["masked_stale_close"] == 1
    assert "masked_stale_close" not in masked.between("2025-01-02", "2025-06-30").losses.counts()


def test_it_reads_well(ethv):
    assert "2024-07-23" in str(ethv)
    assert "<table" in ethv._repr_html_()
    assert "2026-03-06" in str(ethv.screens())
    described = ethv.describe().to_frame()
    assert described.loc["nav", "clock"] == "16:00 America/New_York"
    assert described["sha256"].str.len().eq(12).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"fund": "EHTV"}, UnknownNameError, "did you mean 'ETHV'"),
        ({"start": "soon"}, ParameterError, "start 'soon' is not a date"),
        ({"end": 20250101}, ParameterError, "end 20250101 is not a date"),
        ({"start": "2026-01-01", "end": "2025-01-01"}, SampleError, "end 2025-01-01 lies before start 2026-01-01"),
        ({"end": "2024-07-01"}, SampleError, "before the listing on 2024-07-23"),
        ({"start": "2026-09-01"}, SampleError, "holds 18 sessions and 30 are needed"),
        ({"start": "2027-01-01"}, SampleError, "ETHV: start 2027-01-01 .* 2024-06-25 to 2026-09-25 in common"),
        ({"start": "2025-01-04", "end": "2025-01-05"}, SampleError, "holds 0 sessions"),
        ({"end": "2027-06-30"}, LossError, "the data end on 2026-09-25, give that as the end"),
        ({"minimum_sessions": 1}, ParameterError, "minimum_sessions"),
        ({"max_loss": 2.0}, ParameterError, "max_loss"),
    ],
)
def test_requests_that_cannot_be_met(arguments, error, message):
    with pytest.raises(error, match=message):
        load(**{"fund": "ETHV", **arguments})


def test_an_early_start_is_moved_to_the_listing(ethv):
    early = load("ETHV", start="2024-01-01")
    pd.testing.assert_frame_equal(early.frame, ethv.frame)
    assert early.losses.counts() == ethv.losses.counts()


def test_a_fund_of_ones_own(folder):
    history = load("DEMO", data=folder(("nav", "close", "benchmark", "shares_outstanding")))
    assert history.fund.simulated
    assert "simulated" in str(history.describe())
    assert history.findings == ()
    assert (history.frame["assets"] == history.frame["nav"] * 1e6).all()
    assert load(history.fund).frame.equals(history.frame)


def test_a_fund_without_benchmark_or_nav(folder):
    with pytest.raises(BenchmarkError, match="DEMO has no benchmark series"):
        load("DEMO", data=folder(("nav",)))
    with pytest.raises(MissingColumnError, match="DEMO has no NAV series"):
        load("DEMO", data=folder(("close", "benchmark")))


def test_a_benchmark_on_another_clock_is_refused(folder):
    with pytest.raises(ClockError, match="benchmark at 24:00 UTC"):
        load("DEMO", data=folder(clocks={"benchmark": "24:00 UTC"}))


def test_sessions_that_are_left_out_show_in_the_positions(folder):
    gone = pd.DatetimeIndex(["2024-02-06", "2024-02-07"])
    history = load("DEMO", data=folder(change=lambda frame: frame.drop(gone)))
    steps = np.diff(history.positions)
    assert steps.max() == 3
    assert len(history.sessions) == len(history.frame) + 2
    assert history.losses.counts()["no_row"] == 2
    assert history.nav_returns.isna().sum() == 0
    with pytest.raises(LossError, match=r"max_loss 1\.0 %"):
        load("DEMO", data=folder(change=lambda frame: frame.drop(gone)), max_loss=0.01)


def test_weekend_rows_in_one_file_only_do_not_matter(folder):
    days = pd.date_range("2024-01-02", "2024-06-28")
    open_days = sessions("XNYS", days[0], days[-1])

    def blank(frame):
        frame.loc[~frame.index.isin(open_days), ["nav", "close"]] = np.nan
        return frame

    history = load("DEMO", data=folder(days=days, change=blank))
    assert history.frame.index.equals(open_days)
    assert "no NAV" in history.losses.to_frame()["detail"].iloc[0]
    again, _ = align({name: (history.frame[name], "16:00 America/New_York") for name in history.frame}, "XNYS")
    pd.testing.assert_frame_equal(again, history.frame)


TABLES = """
[table.prices]
file = "prices.csv"
format = "cryptodatadownload"
provider = "made"

[fund.DEMO.inputs.bill_rate]
table = "prices"
column = "close"
unit = "percent"
provider = "made"
"""
DATABASE = 'file = "demo.db"\nformat = "sql"\noptions = { query = "select * from nav" }'
SERVER = 'format = "sql"\noptions = { database_variable = "PRICES", query = "select * from nav" }'


class TestSubject:
    def write(self, folder, nav='file = "demo.csv"', further=""):
        text = ENTRY.format(series=SERIES.format(role="nav", clock="16:00 America/New_York"))
        (folder / "funds.toml").write_text(text.replace('file = "demo.csv"', nav) + further, encoding="utf-8")
        return folder

    def test_every_file_that_a_run_reads_by_where_it_is_named(self, tmp_path):
        place = self.write(tmp_path, further=TABLES).resolve()
        found = subject(" demo ", tmp_path)
        files = {"funds.toml": "funds.toml", "series.nav": "demo.csv", "inputs.bill_rate": "prices.csv"}
        assert found == Subject("DEMO", {where: place / name for where, name in files.items()})
        assert fund("demo", tmp_path).ticker == found.name

    def test_the_logs_that_may_lie_beside_a_database(self, tmp_path):
        found = subject("DEMO", self.write(tmp_path, DATABASE))
        assert found.files["series.nav"].name == "demo.db"
        assert {path.name for path in found.logs.values()} == {"demo.db-wal", "demo.db.wal"}
        assert {path.parent for path in found.logs.values()} == {found.files["series.nav"].parent}
        assert found.queries == ()

    def test_what_a_server_holds_is_no_file(self, tmp_path):
        found = subject("DEMO", self.write(tmp_path, SERVER))
        assert found.queries == ("series.nav",)
        assert set(found.files) == {"funds.toml"}

    def test_a_bundled_fund_reads_no_files_of_ones_own(self, tmp_path, monkeypatch):
        assert subject("ethv") == Subject("ETHV")
        assert set(subject("ethv", self.write(tmp_path)).files) == {"funds.toml"}
        monkeypatch.setenv("RESEARCH_DATA", str(tmp_path))
        assert subject("demo") == subject("demo", tmp_path)

    @pytest.mark.parametrize(
        ("typed", "name"), [(" sim-spot", "SIM-SPOT"), ("sim-nothing", "SIM-NOTHING"), (" ethx", " ethx")]
    )
    def test_a_simulated_fund_has_no_files_and_an_unknown_one_is_as_it_is_typed(self, typed, name, monkeypatch):
        monkeypatch.setitem(sys.modules, "research.simulation", None)
        assert subject(typed) == Subject(name)

    def test_a_registry_that_cannot_be_read_is_left_to_the_run_itself(self, tmp_path):
        self.write(tmp_path, nav="file = 3")
        with pytest.raises(DataFileError):
            fund("demo", tmp_path)
        assert subject("demo", tmp_path) == Subject("demo", {"funds.toml": tmp_path / "funds.toml"})

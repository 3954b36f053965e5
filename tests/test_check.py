"""Files, funds and folders checked: the lines, their order and their severity."""

from __future__ import annotations

import json

import numpy as np
import own_fund
import pandas as pd
import pytest

import research as rs
from research.alignment import sessions
from research.check import Checked, Item, check_file, check_folder, check_fund, formats_of, printable
from research.cli import main
from research.errors import ParameterError, UnknownNameError
from research.reporting.batch.store import MANIFEST_SCHEMA
from research.reporting.result import FAILURE_SCHEMA, RESULT_SCHEMA

DAYS = sessions("XNYS", "2024-07-23", "2025-03-31")


def series(seed=0):
    rng = np.random.default_rng(seed)
    benchmark = pd.Series(3000 * np.exp(np.cumsum(rng.normal(0, 0.03, len(DAYS)))), DAYS)
    nav = (benchmark / 100).round(4)
    close = (nav * np.exp(rng.normal(0, 0.002, len(DAYS)))).round(2)
    return pd.DataFrame({"NAV": nav, "Close": close, "Index Level": benchmark.round(2)}).rename_axis("Date")


def rules(checked: Checked) -> dict[str, str]:
    return {item.rule: item.severity for item in checked.items}


@pytest.fixture
def vaneck(tmp_path):
    path = tmp_path / "vaneck.csv"
    series().to_csv(path)
    return path


def test_a_clean_file_has_notes_only(vaneck):
    checked = check_file(vaneck, "vaneck")
    assert checked.worst == "note"
    assert rules(checked)["table"] == "note"
    assert f"{len(DAYS)} of {len(DAYS)} rows, 2024-07-23 to 2025-03-31" in str(checked)


def test_a_stale_close_is_a_warning_on_the_file(tmp_path):
    frame = series()
    moved = frame["NAV"].pct_change().abs()
    day = moved[60:].idxmax()
    frame.loc[day, "Close"] = frame["Close"].shift().loc[day]
    frame.to_csv(tmp_path / "stale.csv")
    checked = check_file(tmp_path / "stale.csv", "vaneck")
    assert [(item.rule, item.session) for item in checked.items if item.severity == "warning"] == [
        ("stale_value", f"{day:%Y-%m-%d}")
    ]


def test_a_column_of_zeros_is_a_warning_on_file_and_fund(tmp_path):
    frame = own_fund.table().assign(shares_outstanding=0.0)
    folder = own_fund.write(tmp_path, frame, roles=("nav", "benchmark", "close", "shares_outstanding"))
    for checked in (check_file(folder / "own.csv", "csv"), check_fund("OWN", folder)):
        assert [item.series for item in checked.items if item.rule == "zero_column"] == ["shares_outstanding"]
        assert checked.worst == "warning"


def test_a_file_that_is_refused_is_one_line_with_its_row(tmp_path):
    path = tmp_path / "broken.csv"
    path.write_text("Date,NAV,Close,Index Level\n2024-07-23,30,30,3000\n2024-07-24,thirty,30,3000\n")
    checked = check_file(path, "vaneck")
    assert len(checked.items) == 1
    assert checked.items[0].severity == "error"
    assert "row 3, column 'NAV': 'thirty' is not a number" in str(checked)
    assert str(checked.items[0]).count(str(path)) == 1


def test_the_format_is_found_and_said(vaneck):
    assert formats_of(vaneck) == ("vaneck",)
    assert "reads as vaneck" in str(check_file(vaneck))


def test_what_no_format_reads_is_an_error(tmp_path):
    path = tmp_path / "noise.csv"
    path.write_bytes(b"\x00\x01")
    assert rules(check_file(path)) == {"unreadable": "error"}


def test_what_no_format_reads_says_why_the_closest_stopped(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("date,nav,benchmark\n2024-07-23,abc,3000\n2024-07-24,30,3010\n")
    (item,) = check_file(path).items
    assert (item.rule, item.failed) == ("unreadable", True)
    assert "as csv, the closest, row 2, column 'nav': 'abc' is not a number" in item.message
    path.write_bytes(b"\x00\x01")
    assert "as csv, the closest, " in check_file(path).items[0].message


def test_weekend_rows_and_missing_sessions_are_counted(tmp_path):
    frame = series()
    frame = frame.drop(frame.index[50:60])
    weekend = frame.iloc[[3]].set_axis([pd.Timestamp("2024-07-27")]).rename_axis("Date")
    pd.concat([frame, weekend]).sort_index().to_csv(tmp_path / "x.csv")
    checked = check_file(tmp_path / "x.csv", "vaneck")
    found = {item.rule: item for item in checked.items}
    assert found["not_a_session"].message.startswith("1 row is no session of XNYS")
    assert found["no_row"].severity == "warning"
    assert found["no_row"].message.startswith(f"10 of {len(DAYS)} sessions")


def test_gaps_between_bars_are_counted(tmp_path):
    hours = pd.date_range("2024-01-01", periods=48, freq="h", tz="UTC", name="timestamp")
    bars = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), 1.0), hours)
    bars.drop(hours[[5, 6, 20]]).to_csv(tmp_path / "bars.csv")
    found = {item.rule: item.message for item in check_file(tmp_path / "bars.csv", "bars").items}
    assert found["gap"].startswith("3 bars are missing in 2 gaps, the first after 2024-01-01 04:00")


def test_wrong_requests_are_errors_not_lines(vaneck):
    with pytest.raises(UnknownNameError, match="did you mean 'vaneck'"):
        check_file(vaneck, "vanek")
    with pytest.raises(UnknownNameError, match="calendar"):
        check_file(vaneck, "vaneck", calendar="XNYZ")
    with pytest.raises(UnknownNameError, match="unknown fund"):
        check_fund("NOSUCH")


def test_a_wrong_option_is_named(vaneck):
    checked = check_file(vaneck, "vaneck", {"sheet": "a"})
    assert rules(checked) == {"parameter": "error"}
    assert "has no option 'sheet'" in str(checked)
    assert issubclass(ParameterError, ValueError)


def test_a_fund_says_its_sample_and_its_findings():
    checked = check_fund("ETHV")
    assert rules(checked)["stale_value"] == "warning"
    assert "547 kept" in str(checked)
    assert checked.to_dict()["schema"] == "research.check/1"
    assert json.loads(json.dumps(checked.to_dict()))["counts"]["error"] == 0


def test_what_is_not_for_a_fund_is_one_note():
    (item,) = [item for item in check_fund("ETHV").items if item.rule == "not_applicable"]
    assert (item.severity, item.message) == ("note", "not for such a fund: futures_roll, staking, coverage")
    (item,) = [item for item in check_fund("SIM-FUTURES").items if item.rule == "not_applicable"]
    assert "futures_roll" not in item.message


@pytest.mark.parametrize(
    ("fee", "close", "told"),
    [
        # The fee depends on assets that nobody knows.
        (
            '{ source = "me", status = "READ", periods = [{ start = 2024-07-23, tiers = '
            "[{ rate = 0.001, up_to = 1e9 }, { rate = 0.002 }] }] }",
            False,
            "decomposition would fail, measuring the drivers on nav basis: MINE: ",
        ),
        # The exchange printed a close on five days.
        ('"unknown"', True, "decomposition would fail, identifying the drivers on price basis: "),
    ],
)
def test_a_fund_whose_report_would_fail_does_not_pass(tmp_path, capsys, fee, close, told):
    table = series()
    if close:
        table["Close"] = table["Close"].where(np.arange(len(table)) % (len(table) // 5) == 0)
    table.to_csv(tmp_path / "mine.csv")
    text = HEAD.replace('fee = "unknown"', f"fee = {fee}")
    if close:
        nav = 'nav = { table = "mine", column = "nav"'
        text = text.replace(nav, f'{nav.replace("nav", "close")}, unit = "USD", provider = "me" }}\n{nav}')
    (tmp_path / "funds.toml").write_text(text)
    checked = check_fund("MINE", tmp_path)
    assert checked.items[0].rule == "report_fails"
    assert checked.items[0].message.startswith(told)
    assert checked.failed
    quality = rs.data_quality(rs.load("MINE", data=tmp_path))
    assert quality.verdict == "not usable"
    assert told in str(quality.conclusions)
    with pytest.raises(SystemExit) as end:
        main(["check", "--fund", "MINE", "--data", str(tmp_path)])
    assert end.value.code == 1
    capsys.readouterr()


HEAD = """
[fund.MINE]
name = "Mine"
issuer = "Me"
kind = "spot"
asset = "ether"
listed = { value = 2024-07-23, source = "me", status = "READ" }
benchmark = { value = "Index", source = "me", status = "READ" }
fee = "unknown"
[fund.MINE.series]
nav = { table = "mine", column = "nav", unit = "USD", provider = "me" }
benchmark = { table = "mine", column = "benchmark", unit = "USD", provider = "me", measures = "Index" }
[table.mine]
file = "mine.csv"
format = "vaneck"
"""


def test_a_folder_of_fifty_files_reads_like_a_linter(tmp_path):
    """Forty-eight good files, one torn, one that nothing names, and the fund: the worst stands first."""
    text = HEAD
    for number in range(48):
        series(number).to_csv(tmp_path / f"file{number}.csv")
        text += f'[table.t{number}]\nfile = "file{number}.csv"\nformat = "vaneck"\n'
    series().to_csv(tmp_path / "mine.csv")
    torn = series(99).to_csv()
    (tmp_path / "file7.csv").write_text(torn[: torn.rindex(",") - 4])
    series(100).to_csv(tmp_path / "extra.csv")
    (tmp_path / "funds.toml").write_text(text)
    checked = check_folder(tmp_path)
    assert (checked.files, checked.funds) == (50, 1)
    assert [item.path for item in checked.items if item.severity == "error"] == ["file7.csv"]
    assert checked.items[0].path == "file7.csv"
    severities = [item.severity for item in checked.items]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert {item.path for item in checked.items if item.rule == "not_named"} == {"extra.csv"}
    lines = str(checked).splitlines()
    assert len(lines) == len(checked.items) + 1
    assert lines[-1].startswith("50 files and 1 fund checked: 1 error, ")


def test_a_fund_that_is_a_copy_of_another_is_named_once(tmp_path):
    """In one file or in two, under whatever tickers: both are named, for which is the copy cannot be told."""
    series().to_csv(tmp_path / "mine.csv")
    series().to_csv(tmp_path / "other.csv")
    series(7).to_csv(tmp_path / "third.csv")
    text = HEAD
    for ticker in ("OTHER", "THIRD"):
        text += HEAD.replace("MINE", ticker).replace("mine", ticker.lower())
    text += HEAD.split("[table.mine]", maxsplit=1)[0].replace("MINE", "SAME")
    (tmp_path / "funds.toml").write_text(text)
    found = [item for item in check_folder(tmp_path).items if item.rule == "copied_fund"]
    assert sorted((item.fund, item.message.split(" equals that of ")[1].split()[0]) for item in found) == [
        (one, other) for one in ("MINE", "OTHER", "SAME") for other in ("MINE", "OTHER", "SAME") if one != other
    ]
    assert {item.severity for item in found} == {"error"}


def test_a_broken_funds_toml_is_the_one_line(tmp_path):
    (tmp_path / "funds.toml").write_text("[fund.X]\nname = 5\n")
    checked = check_folder(tmp_path)
    assert [item.path for item in checked.items] == ["funds.toml"]
    assert checked.worst == "error"


def test_nothing_from_a_file_steers_the_terminal(tmp_path):
    path = tmp_path / "evil.csv"
    path.write_text("Date,NAV,\x1b]0;owned\x07,Index Level\n2024-07-23,30,1,3000\n")
    text = str(check_file(path, "vaneck"))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\\x1b]0;owned" in text


@pytest.mark.parametrize("sign", ["\x00", "\r", "\u202e", "\u200f", "\x9b"])
def test_control_characters_are_written_as_escapes(sign):
    assert sign not in printable(f"a{sign}b")


def test_lines_are_sorted_and_each_stands_once():
    items = [Item("b", "note", "r", "m"), Item("a", "error", "r", "m"), Item("b", "note", "r", "m")]
    checked = Checked.of(items, files=2)
    assert [item.path for item in checked.items] == ["a", "b"]
    assert str(checked).endswith("2 files checked: 1 error, 1 note")


def test_a_folder_leaves_out_what_the_package_wrote_and_says_one_thing_of_what_it_cannot_read(tmp_path):
    batch = tmp_path / "reports"
    batch.mkdir()
    (batch / "manifest.json").write_text(json.dumps({"schema": MANIFEST_SCHEMA}))
    for name in ("results.parquet", "events.jsonl"):
        (batch / name).write_text("of the batch")
    for name, schema in (("a.json", RESULT_SCHEMA), ("b.json", FAILURE_SCHEMA)):
        (batch / name).write_text(json.dumps({"schema": schema}))
    (tmp_path / "noise.bin").write_bytes(b"\x00\x01")
    # Beside no manifest it is a file of the user's own.
    (tmp_path / "results.parquet").write_text("mine")
    (tmp_path / "other.json").write_text(json.dumps({"schema": "elsewhere/1"}))
    checked = check_folder(tmp_path)
    assert [(item.path, item.rule) for item in checked.items] == [
        (name, "unreadable") for name in ("noise.bin", "other.json", "results.parquet")
    ]
    assert checked.files == 3

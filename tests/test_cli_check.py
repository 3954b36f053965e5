"""``research check``: exit codes by severity, JSON, options."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from research.cli import main

CLEAN = "Date,NAV,Index Level\n2024-07-23,30,3000\n2024-07-24,31,3100\n"


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(["check", *map(str, arguments)])
    streams = capsys.readouterr()
    return end.value.code, streams.out, streams.err


def test_exit_codes_by_severity(tmp_path, capsys):
    clean, late, broken = tmp_path / "clean.csv", tmp_path / "late.csv", tmp_path / "broken.csv"
    clean.write_text(CLEAN)
    late.write_text("Date,Close,Adj Close\n2024-07-23,30,30\n2024-07-25,31,31\n2024-07-24,32,32\n2024-07-26,3,3\n")
    broken.write_text(CLEAN + "2024-07-25,x,1\n")
    assert run(capsys, clean, "--format", "vaneck")[0] == 0
    code, out, _ = run(capsys, late, "--format", "yahoo")
    assert code == 3
    assert "[out_of_order]" in out.splitlines()[0]
    code, out, _ = run(capsys, broken, "--format", "vaneck")
    assert code == 1
    assert out.splitlines()[0].endswith("[data]")


def test_an_error_that_a_screen_finds_is_a_finding_and_no_failure(tmp_path, capsys):
    days = pd.bdate_range("2024-07-23", periods=60)
    frozen = pd.DataFrame({"NAV": 30.0, "Index Level": range(3000, 3060)}, days.rename("Date"))
    frozen.to_csv(tmp_path / "frozen.csv")
    code, out, _ = run(capsys, tmp_path / "frozen.csv", "--format", "vaneck")
    assert code == 3
    assert ": error: " in out.splitlines()[0]


def test_json_is_all_there_is_on_stdout(tmp_path, capsys):
    path = tmp_path / "clean.csv"
    path.write_text(CLEAN)
    _, out, _ = run(capsys, path, "--format", "vaneck", "--json")
    found = json.loads(out)
    assert found["schema"] == "research.check/1"
    assert found["files"] == 1
    kept = {"path", "severity", "rule", "message", "row", "fund", "series", "session"}
    assert kept | {"sessions", "acknowledged", "failed"} == set(found["items"][0])


def test_what_is_acknowledged_is_shown_and_does_not_count(capsys):
    code, out, _ = run(capsys, "--fund", "ETHV")
    assert code == 0
    assert "[stale_value] (acknowledged: " in out.splitlines()[0]


def test_options_reach_the_loader(tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text("Tag;Kurs\n31.01.2007;1,5\n")
    options = ["date_column=Tag", "date_format=%d.%m.%Y", "delimiter=;", "decimal=,"]
    arguments = [part for option in options for part in ("--option", option)]
    code, out, _ = run(capsys, path, "--format", "csv", *arguments)
    assert code == 0
    assert "1 of 1 rows, 2007-01-31" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a file, a folder or --fund"),
        (["no-such-file.csv"], "no such file"),
        ([".", "--format", "csv"], "--format and --option are for one file"),
        (["--fund", "NOSUCH"], "unknown fund 'NOSUCH'"),
        (["pyproject.toml", "--option", "a=1"], "--option needs --format"),
        (["pyproject.toml", "--format", "nosuch"], "unknown format 'nosuch'"),
        (["pyproject.toml", "--format", "csv", "--option", "a"], "is not NAME=VALUE"),
    ],
)
def test_wrong_requests_exit_with_2(arguments, message, capsys, monkeypatch, project):
    monkeypatch.chdir(project)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_formats_are_listed(capsys):
    code, out, _ = run(capsys, "--formats")
    assert code == 0
    assert "ishares" in out
    assert "date_format" in out

"""``research simulate coverage`` and ``verdicts`` from the command line."""

from __future__ import annotations

import json

import pytest

from research.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str, command: str = "coverage") -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", command, *arguments])
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def test_a_table_for_eyes_and_the_same_numbers_as_json(capsys):
    small = ("--draws", "4", "--sessions", "80", "--noise", "random_walk")
    code, out, _ = run(capsys, *small)
    assert code == 0
    assert "Coverage of 95" in out
    code, out, _ = run(capsys, *small, "--json")
    assert code == 0
    assert json.loads(out)["draws"] == 4


def test_plugged_in_errors_and_several_lengths(capsys):
    request = ("--draws", "3", "--noise", "walk_03", "--error", "noise", "--sessions", "80", "--sessions", "100")
    code, out, _ = run(capsys, *request, "--json")
    assert code == 0
    assert [row["sessions"] for row in json.loads(out)["rows"]] == [80, 80, 100, 100]
    code, _, err = run(capsys, "--breaks", "--sessions", "80", "--sessions", "100")
    assert code == 2
    assert "--sessions once" in err


def test_verdicts_are_counted_for_eyes_and_as_json(capsys):
    small = ("--fund", "spot", "--noise", "mixed", "--wrong", "nothing", "--draws", "2", "--sessions", "120")
    code, out, _ = run(capsys, *small, "--no-breaks", command="verdicts")
    assert code == 0
    assert "False verdicts" in out
    code, out, _ = run(capsys, *small, "--impose", "expense_ratio", "--json", command="verdicts")
    assert code == 0
    assert json.loads(out)["imposed"] == ["expense_ratio"]
    code, _, err = run(capsys, "--wrong", "drfit", command="verdicts")
    assert code == 2
    assert "'drift'" in err


def test_the_break_date_has_a_study_of_its_own(capsys):
    code, out, _ = run(capsys, "--breaks", "--draws", "2", "--sessions", "120", "--noise", "random_walk")
    assert code == 0
    assert "random_walk" in out


@pytest.mark.parametrize(
    ("arguments", "hint"), [(("--noise", "statonary"), "'stationary'"), (("--kind", "spo"), "'spot'")]
)
def test_wrong_requests_offer_the_nearest_name(capsys, arguments, hint):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert hint in err
    assert len(err.strip().splitlines()) == 1

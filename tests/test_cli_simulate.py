"""``research simulate coverage`` from the command line."""

from __future__ import annotations

import json

import pytest

from research.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", "coverage", *arguments])
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

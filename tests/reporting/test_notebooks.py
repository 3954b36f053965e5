"""The notebooks as reports: each runs with its defaults, and refuses a fund that lacks what it needs in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from research.analyses.preflight import preflight
from research.analyses.registry import ANALYSES
from research.errors import DataError, MissingColumnError, ResearchError
from research.reporting import effective, notebook, read_schema, run_report

DEFAULTS = {
    "expense_ratio": ("ETHV", "the data show a fee of 19.97 ± 0.03 bp a year"),
    "premium_discount": ("ETHV", "gone by the next close"),
    "futures_roll": ("SIM-FUTURES", "roll trades themselves earned nothing"),
    "staking": ("SIM-STAKING", "The truth is 15 %."),
    "benchmark_clock": ("ETHV", "seen at the same moment"),
    "data_quality": ("ETHV", "can be used"),
    "coverage": ("SIM-SPOT", "funds were made for each of 7 kinds of noise"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DEFAULTS)
def test_runs_with_its_defaults_and_leaves_a_report(name: str, tmp_path: Path) -> None:
    fund, said = DEFAULTS[name]
    done = run_report(name, {"fund": fund}, tmp_path)
    done.raise_for_failure()
    assert done.status == "ok"
    assert done.result is not None
    assert any(said in sentence for sentence in done.result["conclusions"])
    page = done.html.read_text(encoding="utf-8")
    assert page.count("<img") >= (2 if name in {"coverage", "data_quality"} else 3)
    assert 'alt=""' not in page
    assert ("is simulated: no such fund exists" in page) is fund.startswith("SIM-")
    again = run_report(name, {"fund": fund}, tmp_path / "again")
    assert again.json.read_bytes() == done.json.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", DEFAULTS)
def test_runs_under_plain_papermill(name: str, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(notebook(name)), str(tmp_path / "out.ipynb")]
    command += ["-p", "result_path", str(path)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    assert json.loads(path.read_text(encoding="utf-8"))["notebook"] == name


def test_every_analysis_has_its_notebook() -> None:
    assert set(ANALYSES) == {"decomposition", *DEFAULTS}
    for name in DEFAULTS:
        assert read_schema(notebook(name))["fund"].default == DEFAULTS[name][0]


@pytest.mark.parametrize(
    ("name", "fund", "error", "message"),
    [
        ("futures_roll", "ETHV", DataError, "futures_roll: ETHV is a spot fund and has no futures here"),
        ("futures_roll", "SIM-SPOT", DataError, "SIM-SPOT is a spot fund"),
        ("staking", "ETHV", DataError, "staking: ETHV is not known to stake"),
        ("premium_discount", "ETHA", MissingColumnError, "premium_discount: ETHA has no market close here"),
        ("staking", "ETHE", ResearchError, "ETHE has no"),
    ],
)
def test_a_fund_without_what_a_notebook_needs_is_refused(
    name: str, fund: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        preflight(effective({"fund": fund}, read_schema(notebook(name))), name)
    assert "\n" not in str(caught.value)


def test_another_series_is_read_beforehand() -> None:
    schema = read_schema(notebook("benchmark_clock"))
    with pytest.raises(ResearchError, match="series_column is empty"):
        preflight(effective({"fund": "ETHV", "series": "none.csv"}, schema), "benchmark_clock")


@pytest.mark.parametrize("name", DEFAULTS)
def test_the_default_fund_passes(name: str) -> None:
    fund = DEFAULTS[name][0]
    assert preflight(effective({"fund": fund.lower()}, read_schema(notebook(name))), name) == fund


def test_the_command_refuses_in_one_line_and_writes_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "research.cli", "report", "ETHV", "--notebook", "futures_roll", "--out"]
    done = subprocess.run([*command, str(tmp_path / "out")], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip().splitlines() == [
        "research: futures_roll: ETHV is a spot fund and has no futures here; take a fund with settlement prices of "
        "the contracts that it holds, such as the simulated SIM-FUTURES"
    ]
    assert not (tmp_path / "out").exists()

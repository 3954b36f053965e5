"""The report on data: losses, findings, the cost of not looking, and a verdict that follows from them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import research as rs
from research.alignment.screens import screen
from research.reporting import run_report

DECLARATION = Path(__file__).parents[1] / "real_data" / "funds.toml"


@pytest.fixture(scope="module")
def ethv():
    return rs.data_quality(rs.load("ETHV"))


def test_every_row_of_the_file_is_accounted_for(ethv):
    losses = ethv.history.losses
    assert losses.rows_in == 823
    assert losses.rows_out + losses.rows_dropped == losses.rows_in
    alt = ethv.days_figure().alt
    assert f"kept {losses.rows_out}" in alt
    assert f"weekend {losses.counts()['weekend']}" in alt


def test_a_stale_close_that_is_acknowledged_is_said_with_its_reason_and_does_not_count(ethv):
    assert ethv.verdict == "usable"
    assert "2026-03-06 stale_value" in ethv.findings_figure().alt
    assert ethv.conclusions.verdicts("screens") == ("silent",)
    (said,) = ethv.conclusions.about("screens.acknowledged")
    (known,) = ethv.history.fund.known
    assert said.values == {"stale_value": 1}
    assert known.why in said.text
    assert "30.61" in said.text
    assert "0 errors, 0 warnings, 2 notes" in str(ethv.summary())
    assert "1 more acknowledged" in str(ethv.summary())
    found = ethv.to_record()["findings"]
    assert found == {"error": 0, "warning": 0, "note": 2, "acknowledged": 1}


def test_a_stale_close_that_nobody_has_acknowledged_is_to_be_looked_at(ethv):
    history = ethv.history
    report = rs.data_quality(replace(history, findings=[replace(item, acknowledged="") for item in history.findings]))
    assert report.verdict == "look first"
    assert report.counts["warning"] == 1
    assert report.conclusions.about("screens")[0].values == {"stale_value": 1}
    assert report.conclusions.about("screens.acknowledged") == ()
    assert "look at what the screens name" in str(report.conclusions)


def test_as_text_open_findings_and_the_bottom_line_stand_above_the_figures(ethv):
    history = ethv.history
    report = rs.data_quality(replace(history, findings=[replace(item, acknowledged="") for item in history.findings]))
    for shown in (repr(report), str(report)):
        assert shown.startswith("! warning: 2026-03-06: close repeats 30.61")
        line, table = report.told().bottom_line.texts[0], report.summary().caption
        assert 0 < shown.index(line) < shown.index(table)


def test_the_cost_of_not_looking_is_that_of_the_history(ethv):
    naive = ethv.history.naive
    assert ethv.cost_table().to_frame()["bp a year"].tolist() == [
        naive.all_rows_bp,
        naive.weekdays_bp,
        naive.sessions_bp,
    ]
    assert f"{naive.all_rows_bp:,.0f} bp a year instead of" in str(ethv.conclusions)


def test_a_split_makes_data_unusable():
    history = rs.load("ETHV")
    frame = history.frame.copy()
    frame.loc[frame.index[300] :, ["nav", "close"]] /= 2
    broken = rs.data_quality(replace(history, frame=frame, findings=screen(frame)))
    assert broken.verdict == "not usable"
    assert broken.counts["error"] == 2
    assert broken.conclusions.verdicts("data_quality") == ("not usable",)
    assert "should not be used as they are: a screen reports an error" in str(broken.conclusions)


def test_a_simulated_fund_is_called_so_and_needs_no_files():
    report = rs.data_quality(rs.load("SIM-SPOT"))
    assert report.verdict in {"usable", "look first"}
    assert report.conclusions[0].id == "simulated"
    assert isinstance(report.cost_table(), tuple) is (report.history.naive is None)


@pytest.mark.real
@pytest.mark.parametrize(("fund", "verdict"), [("BITO", "usable"), ("USO", "not usable"), ("SSO", "look first")])
def test_real_funds_from_publishers_files(fund, verdict, real_data, tmp_path):
    for name in ("crypto", "general"):
        shutil.copytree(real_data / name, tmp_path / name, copy_function=shutil.copyfile)
    shutil.copyfile(DECLARATION, tmp_path / "funds.toml")
    done = run_report("data_quality", {"fund": fund, "data": str(tmp_path)}, tmp_path / "reports")
    done.raise_for_failure()
    assert done.result["quality"]["verdict"] == verdict
    if fund == "USO":
        # The file leaves the days of the rolls out: more than 200 of them.
        assert done.result["quality"]["sessions_lost"] > 200
    if fund == "SSO":
        assert any(item["rule"] == "distribution_as_loss" for item in done.result["sample"]["screens"])
    assert np.isfinite(done.result["spark"]["values"][0])

"""The coverage notebook: words that follow the study, a result that fits its schema, real funds refused."""

from __future__ import annotations

import jsonschema
import pytest

import research as rs
from research.analyses.coverage.report import Coverage
from research.errors import DataError, UnknownNameError
from research.reporting.result import read_result, write_result
from research.reporting.schema import load_schema


@pytest.fixture(scope="module")
def report():
    return rs.coverage(rs.load("SIM-SPOT"), noises=["random_walk", "autocorrelated"], draws=60, sessions=252)


def test_words_follow_the_numbers(report):
    text = str(report.conclusions)
    assert "60 spot funds were made for each of 2 kinds of noise" in text
    # Noise that comes back slowly makes the default's intervals far too wide: the study must say so, not hide it.
    wide = report.study.frame.set_index(["noise", "basis", "driver"]).loc[("autocorrelated", "nav", "expense_ratio")]
    if wide["lower"] > 0.98:
        assert "wider than need be" in report.conclusions.verdicts("coverage.outside")
    assert len(report.conclusions.about("coverage.outside")) == len(report.outside)
    assert any("Monte-Carlo error" in sentence for sentence in report.limits.texts)


def test_result_fits_its_schema(report, tmp_path):
    document = {**report.to_dict(), "notebook": "coverage", "parameters": {"fund": "SIM-SPOT"}}
    write_result(tmp_path / "r.json", document)
    written = read_result(tmp_path / "r.json")
    jsonschema.Draft202012Validator(load_schema("result")).validate(written)
    assert len(written["coverage"]["rows"]) == 4
    assert written["simulated"] is True


def test_figures_are_described(report):
    nav, price = report.charts()
    assert "random_walk expense_ratio" in nav.alt
    assert "random_walk expense_ratio" in price.alt
    assert nav.to_png().startswith(b"\x89PNG")


def test_real_funds_and_unknown_noise_are_refused():
    with pytest.raises(DataError, match="SIM-SPOT"):
        rs.coverage(rs.load("ETHV"))
    with pytest.raises(DataError, match="the truth of ETHV is not known"):
        Coverage.require(rs.load("ETHV"), {})
    with pytest.raises(UnknownNameError, match="stationary"):
        Coverage.require(rs.load("SIM-SPOT"), {"noises": ["statonary"]})

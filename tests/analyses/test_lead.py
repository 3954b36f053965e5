"""Headline and small series: every report has them, they are its own numbers, and its series is not bent."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import research as rs
from research.analyses.figure import Figure, fee_measured, spark
from research.analyses.registry import analysis
from research.analyses.report import Report

REPORTS: dict[str, Callable[[], Report]] = {
    "decomposition": lambda: rs.explain(rs.load("ETHV"), draws=19),
    "expense_ratio": lambda: rs.expense_ratio(rs.load("ETHV"), draws=19),
    "premium_discount": lambda: rs.premium_discount(rs.load("ETHV")),
    "futures_roll": lambda: rs.futures_roll(rs.load("SIM-FUTURES")),
    "staking": lambda: rs.staking(rs.load("SIM-STAKING")),
    "benchmark_clock": lambda: rs.benchmark_clock(rs.load("ETHV")),
    "data_quality": lambda: rs.data_quality(rs.load("ETHV")),
    "coverage": lambda: rs.coverage(rs.load("SIM-SPOT"), noises=["random_walk"], draws=20, sessions=120),
}


@pytest.mark.parametrize("name", REPORTS)
def test_shown_by_itself_a_report_tells_before_it_tabulates(name: str) -> None:
    made = analysis(name)
    assert made is not None
    assert made.__repr__ is Report.__repr__


def nav(result: dict[str, Any]) -> dict[str, Any]:
    return dict(result["bases"]["nav"])


def by_chance(result: dict[str, Any]) -> float:
    return float(nav(result)["tracking_difference_chance"]["std_error_bp"])


def roll(result: dict[str, Any]) -> dict[str, Any]:
    return next(driver for driver in nav(result)["drivers"] if driver["name"] == "roll_yield")


# Where else in the same result each figure stands: a headline must not tell another story than its report.
TWINS: dict[tuple[str, str], Callable[[dict[str, Any]], tuple[float | None, float | None]]] = {
    ("decomposition", "Tracking difference"): lambda r: (nav(r)["tracking_difference_bp"]["log"], by_chance(r)),
    ("decomposition", "Tracking error"): lambda r: (nav(r)["tracking_error_bp"]["daily"], None),
    ("decomposition", "Unexplained"): lambda r: (
        nav(r)["unexplained"]["contribution_bp"],
        nav(r)["unexplained"]["std_error_bp"],
    ),
    ("decomposition", "Fee measured"): lambda r: (
        r["fee_regimes"][-1]["estimated_bp"],
        r["fee_regimes"][-1]["std_error_bp"],
    ),
    ("expense_ratio", "Fee stated"): lambda r: (r["fee_regimes"][-1]["stated_bp"], None),
    ("expense_ratio", "Change that shows in 21 sessions"): lambda r: (r["expense"]["detectable_change_bp"]["21"], None),
    ("premium_discount", "Mean premium"): lambda r: (r["premium"]["mean_bp"], r["premium"]["std_error_bp"]),
    ("premium_discount", "Standard deviation"): lambda r: (r["premium"]["sd_bp"], None),
    ("premium_discount", "Half-life"): lambda r: (r["premium"]["reversion"]["half_life_sessions"], None),
    ("futures_roll", "Roll yield"): lambda r: (roll(r)["contribution_bp"], roll(r)["std_error_bp"]),
    ("futures_roll", "Roll passed through"): lambda r: (100 * r["roll"]["coefficient"], 100 * r["roll"]["std_error"]),
    ("futures_roll", "Contango"): lambda r: (100 * r["roll"]["contango_share"], None),
    ("staking", "Tracking difference"): lambda r: (nav(r)["tracking_difference_bp"]["log"], by_chance(r)),
    ("staking", "Gross reward on staked coins"): lambda r: (1e4 * r["staking"]["gross_yield"], None),
    ("staking", "Staked share"): lambda r: (100 * r["staking"]["staked_share"], None),
    ("staking", "Reward withheld"): lambda r: (
        100 * r["staking"]["implied_tax"]["rate"],
        100 * r["staking"]["implied_tax"]["std_error"],
    ),
    ("benchmark_clock", "Benchmark seen later"): lambda r: (
        r["clock"]["pairs"][0]["hours"],
        r["clock"]["pairs"][0]["std_error_hours"],
    ),
    ("data_quality", "Sessions lost"): lambda r: (r["quality"]["sessions_lost"], None),
    ("data_quality", "Sessions kept"): lambda r: (r["sample"]["sessions"], None),
    ("coverage", "Lowest coverage"): lambda r: (100 * min(row["coverage"] for row in r["coverage"]["rows"]), None),
}


@pytest.fixture(scope="module")
def made() -> dict[str, Report]:
    return {name: make() for name, make in REPORTS.items()}


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_has_figures_with_units_and_a_series(
    made: dict[str, Report], name: str, valid_result: Callable[..., dict[str, Any]]
) -> None:
    result = valid_result(made[name], name)
    assert 2 <= len(result["headline"]) <= 4
    units = {"bp", "bp a year", "sessions", "hours", "%", "standard errors"}
    assert {figure["unit"] for figure in result["headline"]} <= units
    assert len({figure["label"] for figure in result["headline"]}) == len(result["headline"])
    assert any(figure["value"] is not None for figure in result["headline"])
    assert result["spark"]["unit"] in units
    assert 2 <= len(result["spark"]["values"]) <= 60
    twins = {label: twin(result) for (notebook, label), twin in TWINS.items() if notebook == name}
    assert twins
    found = {figure["label"]: (figure["value"], figure["std_error"]) for figure in result["headline"]}
    for label, (value, error) in twins.items():
        assert found[label][0] == pytest.approx(value, rel=1e-12), label
        assert found[label][1] == (None if error is None else pytest.approx(error, rel=1e-12)), label
    assert valid_result(REPORTS[name](), name)["headline"] == result["headline"]


# Of the figures that have an interval, where in the result it stands: the one that leads.
INTERVALS: dict[tuple[str, str], Callable[[dict[str, Any]], list[float]]] = {
    ("decomposition", "Tracking difference"): lambda r: nav(r)["tracking_difference_chance"]["interval_bp"],
    ("decomposition", "Tracking error"): lambda r: nav(r)["tracking_error_bp"]["intervals"]["1"]["period"],
    ("decomposition", "Unexplained"): lambda r: nav(r)["unexplained"]["interval_bp"],
    ("staking", "Tracking difference"): lambda r: nav(r)["tracking_difference_chance"]["interval_bp"],
}


@pytest.mark.parametrize(("name", "label"), INTERVALS)
def test_a_figure_has_the_interval_of_its_report(
    made: dict[str, Report], name: str, label: str, valid_result: Callable[..., dict[str, Any]]
) -> None:
    result = valid_result(made[name], name)
    figure = next(figure for figure in result["headline"] if figure["label"] == label)
    assert figure["interval"] == pytest.approx(INTERVALS[name, label](result), rel=1e-12)
    assert figure["interval"][0] <= figure["value"] <= figure["interval"][1]


def test_the_divergence_ends_at_the_ratio_of_growth(made: dict[str, Report]) -> None:
    history = made["decomposition"].history
    values = made["decomposition"].spark().values
    growth = history.frame[["nav", "benchmark"]].iloc[-1] / history.frame[["nav", "benchmark"]].iloc[0]
    assert values[0] == 0.0
    assert values[-1] == pytest.approx(1e4 * math.log(growth["nav"] / growth["benchmark"]), rel=1e-9)


def test_a_fee_that_nobody_measured_has_a_label_and_no_value() -> None:
    figure = fee_measured(None).to_dict()
    assert (figure["label"], figure["value"], figure["std_error"]) == ("Fee measured", None, None)


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(math.nan)), max_size=500))
def test_thinning_moves_and_invents_nothing(numbers: list[float]) -> None:
    kept = spark("x", "bp", pd.Series(numbers, dtype=float)).values
    assert len(kept) == min(len(numbers), 60)
    rest = iter(numbers)
    # What is kept stands in the series in the same order.
    assert all(any(np.array_equal(one, other, equal_nan=True) for other in rest) for one in kept)
    if numbers:
        assert np.array_equal([kept[0], kept[-1]], [numbers[0], numbers[-1]], equal_nan=True)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_null(value: float) -> None:
    assert Figure("x", value, "bp", value).to_dict() == {
        "label": "x", "value": None, "unit": "bp", "std_error": None,
    }  # fmt: skip

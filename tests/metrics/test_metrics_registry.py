"""The registry of measures: every name finds one measure, documentation is whole, and results show themselves."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re

import numpy as np
import pandas as pd
import pytest
from interpreters import interpreted

import research as rs
from research import metrics
from research.errors import UnknownNameError
from research.tables import Result

FUNCTIONS = [name for name in metrics.__all__ if inspect.isfunction(getattr(metrics, name))]


@pytest.mark.parametrize(
    ("name", "function"),
    [
        # Words of the literature (Frino and Gallagher 2001; Jorion 2003; Grinold and Kahn 2000), ESMA and Morningstar.
        ("ATD", "mean_absolute_divergence"),
        ("absolute tracking difference", "mean_absolute_divergence"),
        ("TE1", "mean_absolute_divergence"),
        ("TE₁", "mean_absolute_divergence"),
        ("te_2", "tracking_error"),
        ("Active Risk", "tracking_error"),
        ("TEV", "tracking_error"),
        ("ex post tracking-error", "tracking_error"),
        ("TE₃", "residual_tracking_error"),
        ("residual risk", "residual_tracking_error"),
        ("anticipated tracking error", "ex_ante_tracking_error"),
        ("excess return", "tracking_difference_arithmetic"),
        ("active return", "tracking_difference_arithmetic"),
        ("Morningstar tracking difference", "tracking_difference_arithmetic"),
        ("tracking difference", "tracking_difference_log"),
        (metrics.tracking_error_variance, "tracking_error_variance"),
    ],
)
def test_the_field_s_names_find_the_measure(name, function):
    assert rs.measure(name).name == function
    assert rs.measure(name).function is getattr(metrics, function)


def test_every_name_finds_its_own_measure():
    for one in rs.measures():
        for name in one.names:
            assert rs.measure(name.upper()).name == one.name, name


@pytest.mark.parametrize(("asked", "nearest"), [("activ risk", "active risk"), ("traking_error", "tracking_error")])
def test_an_unknown_name_offers_the_nearest(asked, nearest):
    with pytest.raises(UnknownNameError, match=f"did you mean '{nearest}'"):
        rs.measure(asked)


def test_a_measure_computes():
    fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    assert rs.measure("ATD")(fund, benchmark) == pytest.approx((0.001 + 0.002 + 0) / 3)
    one = rs.measure("TE")
    assert one.needs == ("periods_per_year",)
    assert one(fund, benchmark, periods_per_year=1) == pytest.approx((fund - benchmark).std())


def test_units_are_those_that_a_change_of_scale_shows():
    """Twice the divergence is twice a fraction and four times its square; a pure number knows no scale."""
    rng = np.random.default_rng(8)
    benchmark, noise = pd.Series(rng.normal(0, 1e-6, 400)), pd.Series(rng.normal(0, 1e-6, 400))
    given = {"periods_per_year": 12, "years": 2.0, "lags": 1, "horizons": (5,), "entry_premium": 0, "exit_premium": 0}
    power = {"bp a year": 1, "bp a period": 1, "bp² a year": 2, "": 0, "periods": 0}
    for one in rs.measures():
        if one.benchmark and one.name != "ex_ante_tracking_error":
            options = {name: given[name] for name in one.options if name in given}
            small, large = (np.squeeze(one(k * (benchmark + noise), k * benchmark, **options)) for k in (1, 2))
            assert large == pytest.approx(2 ** power[one.unit.shown] * small, rel=1e-3), one.name


def test_the_reference_has_every_measure():
    frame = rs.measures().to_frame()
    assert list(frame.index) == sorted(one.name for one in rs.measures())
    assert frame["formula"].str.len().min() > 0
    assert frame.loc["tracking_error", "needs"] == "periods_per_year"
    page = rs.measures().to_markdown()
    assert all(name in page for one in rs.measures() for name in (one.name, *one.also))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_docstring_describes_every_parameter_once(name):
    text = inspect.getdoc(getattr(metrics, name))
    titles = re.findall(r"^(Parameters|Returns|Raises|Notes|Examples)$", text, re.MULTILINE)
    assert titles == [one for one in ("Parameters", "Returns", "Raises", "Notes", "Examples") if one in titles]
    block = text.split("Parameters\n----------\n")[1].split("\nReturns\n")[0]
    described = [each for line in re.findall(r"^(\S.*?)(?: :.*)?$", block, re.MULTILINE) for each in line.split(", ")]
    taken = [
        f"**{one.name}" if one.kind is one.VAR_KEYWORD else one.name
        for one in inspect.signature(getattr(metrics, name)).parameters.values()
    ]
    assert sorted(described) == sorted(taken or ["None"])


def test_help_in_a_plain_interpreter_shows_the_whole():
    shown = interpreted("import research as rs; help(rs.tracking_error)").stdout
    words = " ".join(shown.split())
    for part in (
        "Log returns per period on the same labels; one benchmark, or the funds' columns.",
        "periods_per_year : float",
        "sd(d)·√m, divisor n − 1 (ESMA/2012/832",
        "Also called: TE, TE₂, active risk",
        "AlignmentError If labels or columns differ.",
    ):
        assert part in words


RNG = np.random.default_rng(3)
DAYS = pd.bdate_range("2024-01-02", periods=120)
BENCHMARK = pd.Series(RNG.normal(0, 0.02, 120), DAYS, name="benchmark")
FUNDS = pd.DataFrame({name: BENCHMARK + RNG.normal(-1e-4, size, 120) for name, size in (("A", 1e-3), ("B", 3e-3))})
PREMIUM = pd.Series(RNG.normal(0, 2e-3, 121), DAYS.insert(0, DAYS[0] - pd.Timedelta(days=1)))
RESULTS = {
    "Measure": lambda: rs.measure("ATD"),
    "Registry": rs.measures,
    "MeasureInterval": lambda: rs.hac_interval("TE", FUNDS, BENCHMARK, periods_per_year=252),
    "FundRanking": lambda: metrics.rank_funds(FUNDS, BENCHMARK, draws=50),
    "RollingRegression": lambda: metrics.rolling_regression(FUNDS["A"], BENCHMARK, window=60),
    "BenchmarkSensitivity": lambda: metrics.benchmark_sensitivity(BENCHMARK, FUNDS, years=0.5, periods_per_year=252),
    "PremiumReversion": lambda: metrics.premium_reversion(PREMIUM),
    "PremiumClosing": lambda: metrics.premium_closing(PREMIUM, FUNDS["A"]),
    "ClosingSides": lambda: metrics.closing_sides(PREMIUM),
    "CosineInterval": lambda: metrics.premium_mean_interval(PREMIUM),
    "TrackingErrorInterval": lambda: metrics.tracking_error_interval(FUNDS["A"], BENCHMARK, periods_per_year=252),
}


def test_every_result_is_below():
    """A Resampling is no result: it is what a bootstrap draws with."""
    classes = {name for name in metrics.__all__ if dataclasses.is_dataclass(getattr(metrics, name))}
    assert classes - {"Resampling"} == set(RESULTS)


@pytest.mark.parametrize("name", RESULTS)
def test_results_show_themselves(name):
    found = RESULTS[name]()
    assert type(found) is getattr(metrics, name)
    table = found.summary()
    assert repr(found) == str(found) == str(table)
    assert found._repr_html_() == table._repr_html_()
    assert "<table" in found._repr_html_()
    assert found.to_markdown() == table.to_markdown()
    assert found.to_latex().startswith("\\begin{table}")
    pd.testing.assert_frame_equal(found.to_frame(), table.frame)
    assert json.loads(json.dumps(found.to_dict(), default=float))
    shared = {"__str__", "_repr_html_", "to_markdown", "to_latex"}
    assert not shared & set(vars(type(found))), "written by hand though the mixin has it"
    assert isinstance(found, Result)


@pytest.mark.parametrize("name", RESULTS)
def test_results_hold_no_time_and_no_address(name):
    again = RESULTS[name]()
    assert repr(RESULTS[name]()) == repr(again)
    assert " at 0x" not in repr(again) + json.dumps(again.to_dict(), default=str)

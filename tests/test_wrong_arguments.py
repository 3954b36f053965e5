"""What a first try gives in place of what a public function takes: refused with the line that mends it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import research as rs
from research.errors import ParameterError, UnknownNameError

TAKES_A_HISTORY: dict[str, Callable[..., object]] = {
    "measure": rs.drivers.measure,
    "identify_drivers": lambda given: rs.identify_drivers(given, ()),
    **{
        name: getattr(rs, name)
        for name in (
            "decompose",
            "fee_regimes",
            "explain",
            "benchmark_clock",
            "coverage",
            "data_quality",
            "expense_ratio",
            "futures_roll",
            "premium_discount",
            "staking",
        )
    },
}


@pytest.fixture(scope="module")
def history() -> rs.History:
    return rs.load("ETHV")


@pytest.mark.parametrize("name", TAKES_A_HISTORY)
@pytest.mark.parametrize(
    ("given", "ticker"),
    [
        ("SIM-SPOT", "SIM-SPOT"),
        (rs.fund("ETHA"), "ETHA"),
        (pd.Series([1.0, 2.0]), "ETHV"),
        (pd.DataFrame({"ticker": ["ETHA"], "nav": [1.0]}), "ETHV"),
        (None, "ETHV"),
    ],
    ids=["ticker", "fund", "series", "frame", "nothing"],
)
def test_what_is_no_history_is_refused_with_the_line_that_makes_one(name, given, ticker):
    with pytest.raises(ParameterError) as refused:
        TAKES_A_HISTORY[name](given)
    assert str(refused.value) == f"{name} expects a History: history = rs.load({ticker!r})"


def test_two_series_are_no_history_and_basis():
    series = pd.Series([1.0, 2.0])
    with pytest.raises(ParameterError, match="decompose expects a History"):
        rs.decompose(series, series)


@pytest.mark.parametrize(("basis", "said"), [("market", "'market'"), (pd.Series([1.0]), "a Series"), (None, "a None")])
@pytest.mark.parametrize(
    "function",
    [
        rs.drivers.measure,
        rs.decompose,
        lambda history, basis: rs.identify_drivers(history, (), basis),
        lambda history, basis: history.divergence(basis),
    ],
    ids=["measure", "decompose", "identify_drivers", "divergence"],
)
def test_a_basis_that_does_not_exist_is_refused_everywhere_alike(history, function, basis, said):
    with pytest.raises(ParameterError, match=rf"^basis is {said}\w*: give 'nav' or 'price'$"):
        function(history, basis)


def test_drivers_are_those_of_net_asset_value_unless_told(history):
    found = [[driver.name for driver in rs.drivers.measure(history, *basis)] for basis in ((), ("nav",), ("price",))]
    assert found[0] == found[1]
    assert set(found[2]) - set(found[0]) == {"premium_discount"}


def test_identified_that_is_no_identification_is_refused(history):
    with pytest.raises(ParameterError, match=r"identified is a dict: give what identify_drivers\(history"):
        rs.decompose(history, identified={"expense_ratio": "estimate"})


@pytest.mark.parametrize("draws", ["99", 99.0, 18, None])
def test_draws_that_are_no_whole_number_of_19_or_more_are_refused(draws: Any):
    with pytest.raises(ParameterError, match=rf"^draws is {draws!r}: give a whole number of simulated samples"):
        rs.slope_break(pd.Series(0.0, pd.bdate_range("2025-01-01", periods=60)), draws=draws)


def test_returns_are_named_where_a_measure_is_given_a_history(history):
    with pytest.raises(ParameterError, match=r"is a History: give history.nav_returns, history.benchmark_returns$"):
        rs.tracking_error(history, history.benchmark_returns, periods_per_year=252)


@pytest.mark.parametrize("name", ["sharpe", "sortino"])
def test_a_measure_like_none_is_offered_none_but_the_list(name):
    with pytest.raises(UnknownNameError) as refused:
        rs.measure(name)
    assert str(refused.value) == f"unknown measure {name!r} (rs.measures() lists them)"
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


def test_a_fund_like_none_is_followed_by_those_that_exist():
    with pytest.raises(UnknownNameError, match=r"^unknown fund 'SPY' \(funds: .*ETHV"):
        rs.fund("SPY")


def test_plots_name_themselves(history):
    plots = rs.decompose(history).plot
    said = repr(plots)
    assert said.startswith("Plots of ETHV, nav basis: ")
    offered = {name for name in dir(plots) if not name.startswith("_") and callable(getattr(plots, name))}
    assert {name.removesuffix("()") for name in said.split(": ")[1].split(", ")} == offered

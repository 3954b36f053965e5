"""What every result of the room can do: show itself as a table in every form, and give its numbers away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

import research as rs
from research import decomposition
from research.decomposition import (
    autocorrelation_test,
    averaged_level,
    averaged_panel,
    bootstrap_decomposition,
    chance_of_remainder,
    decompose,
    fee_regimes,
    identify,
    local_level,
    local_level_panel,
    slope_break,
)
from research.tables import Result

DAYS = pd.bdate_range("2024-01-02", periods=160)
DRIVERS = pd.DataFrame(
    {"fee": -0.0025 * (DAYS - DAYS[0]).days / 365.0, "premium": 0.004 * np.random.default_rng(1).standard_normal(160)},
    DAYS,
)
LEVEL = DRIVERS.sum(axis=1) + 1e-5 * np.random.default_rng(2).standard_normal(160)

MAKERS: dict[str, Callable[[], object]] = {
    "AutocorrelationTest": lambda: autocorrelation_test(LEVEL, DRIVERS),
    "AveragedPanel": lambda: averaged_panel(LEVEL.to_frame("A"), DRIVERS),
    "AveragedResult": lambda: averaged_level(LEVEL, DRIVERS),
    "BootstrapDecomposition": lambda: bootstrap_decomposition(LEVEL, DRIVERS, draws=20),
    "Chance": lambda: chance_of_remainder(averaged_level(LEVEL, DRIVERS), 0.6),
    "Decomposition": lambda: decompose(rs.load("ETHV"), "price"),
    "DriverEstimate": lambda: decompose(rs.load("ETHV")).drivers[0],
    "FeeRegime": lambda: fee_regimes(rs.load("ETHV")).regimes[0],
    "FeeRegimes": lambda: fee_regimes(rs.load("ETHV")),
    "Identification": lambda: identify(LEVEL, DRIVERS, {"premium": "impose"}),
    "LocalLevelPanel": lambda: local_level_panel(LEVEL.to_frame("A"), DRIVERS),
    "LocalLevelResult": lambda: local_level(LEVEL, DRIVERS),
    "SlopeBreak": lambda: slope_break(LEVEL, draws=19),
}


def plain(value: object) -> bool:
    """Whether a value and all it holds are what a JSON encoder with dates can write."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(plain(item) for item in value)
    return value is None or isinstance(value, str | bool | int | float | date)


def test_none_is_forgotten():
    public = {name: getattr(decomposition, name) for name in decomposition.__all__}
    assert {name for name, thing in public.items() if isinstance(thing, type)} == set(MAKERS)


@pytest.mark.parametrize("name", MAKERS)
def test_every_result_shows_itself_in_every_form(name):
    result = MAKERS[name]()
    assert isinstance(result, Result)
    assert type(result).__name__ == name
    table = result.summary()
    assert repr(result) == str(result) == str(table)
    assert f"{name}(" not in repr(result)
    label = str(table.frame.index[0])
    assert label in repr(result)
    assert "<table" in result._repr_html_()
    assert label in result.to_markdown()
    assert result.to_latex().startswith("\\begin{table}")
    pd.testing.assert_frame_equal(result.to_frame(), table.frame)
    assert result.to_dict()
    assert plain(result.to_dict())


def test_identification_names_what_was_imposed_and_why():
    frame = identify(LEVEL, DRIVERS, {"premium": "impose"}).to_frame()
    assert frame.loc["premium", ["identified", "coefficient", "reason"]].tolist() == ["imposed", 1.0, "by request"]
    assert np.isnan(frame.loc["premium", "std error"])
    alone = averaged_level(LEVEL - DRIVERS["premium"], DRIVERS[["fee"]])
    assert frame.loc["fee", "coefficient"] == alone.params["fee"]
    assert frame.loc["fee", "std error"] == alone.std_errors["fee"]

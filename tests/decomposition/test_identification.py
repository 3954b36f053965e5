"""Which coefficients are estimated and which are imposed, and that the table says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from research import load
from research.decomposition import identify, local_level, variance_inflation
from research.decomposition.identification import identify_drivers
from research.errors import DataError, IdentificationError, ParameterError, SampleError, UnknownNameError


def test_clean_drivers_are_estimated(sample):
    found = identify(*sample(0, permanent=1e-5, transitory=2e-5))
    assert found.imposed == {}
    assert list(found.fit.params.index) == ["fee", "premium"]
    assert (found.inflation < 1.5).all()


def test_a_still_driver_is_imposed(sample):
    level, drivers = sample(0, permanent=1e-5, transitory=2e-5)
    found = identify(level, drivers.assign(waived=0.0))
    assert found.imposed == {"waived": "does not vary over the sample"}


@pytest.mark.parametrize("noise", [0.0, 1e-6])
def test_of_two_collinear_drivers_one_is_imposed(sample, noise):
    level, drivers = sample(0, permanent=1e-5, transitory=2e-5)
    rng = np.random.default_rng(0)
    copy = 0.5 * drivers["fee"] + noise * rng.standard_normal(len(drivers)).cumsum()
    found = identify(level + copy, drivers.assign(copy=copy))
    assert set(found.imposed) == {"copy"}
    assert "collinear" in found.imposed["copy"] or "standard error" in found.imposed["copy"]
    assert found.fit.params["fee"] == pytest.approx(1.0, abs=4 * found.fit.std_errors["fee"])


def test_a_driver_too_small_to_measure_is_imposed(sample):
    level, drivers = sample(0, permanent=1e-4, transitory=1e-4)
    rng = np.random.default_rng(1)
    tiny = pd.Series(1e-9 * rng.standard_normal(len(level)).cumsum(), level.index)
    found = identify(level, drivers.assign(tiny=tiny), {"fee": "estimate"})
    assert "standard error" in found.imposed["tiny"]


def test_imposing_moves_the_driver_to_the_left(sample):
    level, drivers = sample(0, permanent=1e-5, transitory=2e-5)
    found = identify(level, drivers, {"fee": "impose"}, cov_type="classical")
    by_hand = local_level(level - drivers["fee"], drivers[["premium"]])
    assert found.imposed == {"fee": "by request"}
    pd.testing.assert_series_equal(found.fit.params, by_hand.params)


def test_a_driver_that_must_be_estimated_and_cannot_is_an_error(sample):
    level, drivers = sample(0, permanent=1e-5, transitory=2e-5)
    with pytest.raises(IdentificationError):
        identify(level, drivers.assign(copy=drivers["fee"]), "estimate")


def test_variance_inflation_of_orthogonal_drivers_is_one():
    """Against the textbook: 1 / (1 − R²) of one regressor on the other, in the metric of the fit."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((400, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])
    drivers = pd.DataFrame(x.cumsum(axis=0), columns=["a", "b"])
    level = drivers.sum(axis=1) + pd.Series(rng.standard_normal(400).cumsum())
    fit = local_level(level, drivers)
    white = fit.whitened[:, 1:]
    a, b = white.T
    r_squared = (a @ b) ** 2 / ((a @ a) * (b @ b))
    np.testing.assert_allclose(variance_inflation(fit), 1.0 / (1.0 - r_squared), rtol=1e-9)


def test_policies_are_checked(sample):
    level, drivers = sample(0, permanent=1e-5, transitory=2e-5)
    with pytest.raises(UnknownNameError, match="premium"):
        identify(level, drivers, {"premum": "impose"})
    with pytest.raises(ParameterError, match="policy"):
        identify(level, drivers, "guess")


@pytest.mark.parametrize(("column", "basis"), [("nav", "nav"), ("benchmark", "nav"), ("close", "price")])
def test_a_series_without_a_value_is_named(column, basis):
    history = load("ETHV")
    void = replace(history, frame=history.frame.assign(**{column: np.nan}))
    with pytest.raises(SampleError, match=rf"ETHV has {column} without any value: fill series\.{column}"):
        identify_drivers(void, [], basis)


def test_a_level_of_nothing_is_refused():
    days = pd.bdate_range("2024-01-01", periods=50)
    with pytest.raises(SampleError, match="no value at all"):
        identify(pd.Series(np.nan, days), pd.DataFrame({"a": np.arange(50.0)}, days))


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_value_without_a_logarithm_is_named(value):
    history = load("ETHV")
    bad = replace(history, frame=history.frame.assign(close=value, benchmark=value))
    for read in (lambda: bad.premium, lambda: bad.benchmark_returns):
        with pytest.raises(DataError, match=r"ETHV: (close|benchmark) is -?[01] on 2024-07-23 .*leave the cell empty"):
            read()


def test_nothing_in_place_of_a_level():
    with pytest.raises(ParameterError, match="level is a NoneType: give a pandas Series"):
        local_level(None, None)

"""Annualised basis, slope and the shares of contango."""

import numpy as np
import pandas as pd
import pytest
from futures_worlds import few, worlds
from hypothesis import given

from research.drivers.futures import annualised_basis, annualised_slope, backwardation_share, contango_share
from research.errors import AlignmentError, DataError, ParameterError, SampleError

DAYS = pd.to_datetime(["2024-01-15", "2024-01-16"])


def test_basis_is_the_rate_at_which_spot_grows_into_the_future():
    futures, spot = pd.Series([110.0, 95.0], DAYS), pd.Series([100.0, 100.0], DAYS)
    left = pd.Series([73.0, 146.0], DAYS)
    basis = annualised_basis(futures, spot, left)
    np.testing.assert_allclose(spot * np.exp(basis * left / 365), futures)
    assert np.sign(basis).tolist() == [1.0, -1.0]


def test_basis_refuses_what_has_no_logarithm():
    good = pd.Series([1.0, 1.0], DAYS)
    for bad, name in ((-37.63, "futures price"), (0.0, "futures price")):
        with pytest.raises(DataError, match=f"the {name} is {bad:g} at 2024-01-16"):
            annualised_basis(pd.Series([1.0, bad], DAYS), good, 30.0)
    with pytest.raises(DataError, match="number of days is 0"):
        annualised_basis(good, good, 0.0)
    with pytest.raises(AlignmentError, match="futures and spot"):
        annualised_basis(good, good.iloc[:1], 30.0)
    assert np.isnan(annualised_basis(good.where(good.index > DAYS[0]), good, 30.0)).tolist() == [True, False]


@few
@given(worlds)
def test_slope_is_the_forward_carry_between_two_ranks(world):
    near, far = world.curve.by_rank(1), world.curve.by_rank(3)
    years = (far["expiry"] - near["expiry"]).dt.days / 365
    np.testing.assert_allclose(near["price"] * np.exp(annualised_slope(world.curve, 1, 3) * years), far["price"])
    with pytest.raises(ParameterError):
        annualised_slope(world.curve, 2, 2)


def test_shares_leave_out_missing_and_count_flat_as_neither():
    basis = pd.Series([0.1, np.nan, 0.0, -0.1, 0.2])
    assert (contango_share(basis), backwardation_share(basis)) == (0.5, 0.25)
    with pytest.raises(SampleError):
        contango_share(basis.iloc[1:2])

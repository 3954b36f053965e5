"""Curve shift from a history: zero where the basis stands still."""

from dataclasses import replace

import pytest
import roll_history

from research.drivers.curve_shift import curve_shift


@pytest.fixture(scope="module")
def history():
    held, spot = roll_history.position(seed=4, count=40)
    return roll_history.history(held, spot)


def test_name_and_sign(history):
    driver = curve_shift(history)
    assert driver.name == driver.level.name == "curve_shift"
    # Contracts that became dearer against spot are a gain to the long.
    dearer = history.inputs["held_futures"]["curve_shift"] > 0
    assert (driver.level.diff().iloc[1:][dearer] > 0).all()


def test_a_basis_that_stands_still_shifts_nothing(history):
    still = history.inputs["held_futures"].assign(curve_shift=0.0)
    assert (curve_shift(replace(history, inputs={"held_futures": still})).level == 0.0).all()

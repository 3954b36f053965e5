"""The logarithmic mean and the weights made of it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from research.drivers.futures.split import log_mean

prices = st.floats(1e-3, 1e6)


@given(prices, prices)
def test_log_mean_times_log_ratio_is_the_difference(a, b):
    mean = log_mean(np.array([a]), np.array([b]))[0]
    assert abs(mean * np.log(a / b) - (a - b)) <= 1e-12 * max(a, b)
    assert np.sqrt(a * b) * (1 - 1e-12) <= mean <= (a + b) / 2 * (1 + 1e-12)


@given(prices, st.floats(-1e-9, 1e-9))
def test_log_mean_keeps_its_digits_between_near_values(a, change):
    mean = log_mean(np.array([a * (1 + change)]), np.array([a]))[0]
    assert abs(mean / a - 1) < 1e-8

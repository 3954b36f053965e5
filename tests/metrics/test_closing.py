"""Who closes a premium: statsmodels as oracle, and worlds whose clocks are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS

from research.errors import AlignmentError, ParameterError, SampleError
from research.metrics.reversion import closing_sides, premium_closing
from research.opening import load

DAYS = pd.bdate_range("2022-01-03", periods=1000)


@pytest.fixture(scope="module")
def history():
    return load("ETHV")


@pytest.fixture
def usual(history):
    """ETHV's premium without its stale close."""
    return history.premium.mask(history.premium.index == pd.Timestamp("2026-03-06"))


@pytest.fixture
def moves(history):
    return history.nav_returns


def autoregression(rng, above, below, count=1000):
    level = [0.0]
    for shock in rng.normal(0.0, 0.003, count - 1):
        level.append((above if level[-1] > 0 else below) * level[-1] + shock)
    return pd.Series(level, DAYS[:count])


class TestClosing:
    def test_slopes_and_errors_are_those_of_statsmodels(self, usual, moves):
        pairs = pd.DataFrame({"now": usual.shift(1), "after": usual, "nav": moves}).dropna()
        design = np.column_stack([np.ones(len(pairs)), pairs["now"]])
        price = pairs["after"] - pairs["now"] + pairs["nav"]
        wanted = {"nav_catches_up": pairs["nav"], "price_comes_back": -price, "remains": pairs["after"]}
        for (name, target), error in zip(wanted.items(), premium_closing(usual, moves).std_errors, strict=True):
            fit = OLS(target.to_numpy(), design).fit(cov_type="HC3")
            assert getattr(premium_closing(usual, moves), name) == pytest.approx(fit.params[1], rel=1e-9)
            assert error == pytest.approx(fit.bse[1], rel=1e-9)

    def test_the_three_shares_add_up_to_one(self, usual, moves):
        one = premium_closing(usual, moves)
        assert one.nav_catches_up + one.price_comes_back + one.remains == pytest.approx(1.0, abs=1e-12)

    @pytest.mark.parametrize(("minutes", "share"), [(0, 0.0), (60, 0.5)])
    def test_recovers_the_share_that_is_clock(self, minutes, share):
        """NAV averages the hour before the close (or not), and a premium of the same variance comes on top."""
        rng = np.random.default_rng(3)
        found = []
        for _ in range(300):
            steps = rng.normal(0.0, 1e-4, (400, 24 * 60)) * 8.0
            path = np.cumsum(steps).reshape(400, -1)
            close, nav = path[:, -1], path[:, -max(minutes, 1) :].mean(axis=1)
            spread = float(np.std(close - nav)) or 0.004
            premium = pd.Series(close - nav + rng.normal(0.0, spread, 400), DAYS[:400])
            found.append(premium_closing(premium, pd.Series(np.diff(nav), DAYS[1:400])))
        shares = np.array([one.nav_catches_up for one in found])
        inside = [
            low <= share <= high for low, high in (one.interval(one.nav_catches_up, one.std_errors[0]) for one in found)
        ]
        assert shares.mean() == pytest.approx(share, abs=3 * shares.std() / np.sqrt(300))
        assert 0.92 <= np.mean(inside) <= 0.98

    def test_a_close_that_is_older_than_the_nav_shows_as_missed(self):
        rng = np.random.default_rng(5)
        before, after = rng.normal(0.0, 0.03, 1000), rng.normal(0.0, 0.01, 1000)
        nav = np.cumsum(before + after)  # the close misses `after`
        closing = premium_closing(pd.Series(-after, DAYS), pd.Series(np.diff(nav), DAYS[1:]))
        assert closing.missed_by_close == pytest.approx(1.0, abs=4 * closing.missed_std_error)
        assert closing.nav_catches_up == pytest.approx(0.0, abs=4 * closing.std_errors[0])

    def test_refusals(self):
        premium = pd.Series(np.zeros(100), DAYS[:100])
        with pytest.raises(AlignmentError, match="not labelled by the premium's sessions"):
            premium_closing(premium, pd.Series(np.zeros(100), DAYS[:100]))
        with pytest.raises(SampleError, match="19 neighbouring sessions"):
            premium_closing(premium.iloc[:20], pd.Series(np.zeros(19), DAYS[1:20]))


class TestSides:
    def test_is_least_squares_with_two_slopes(self, usual, moves):
        pairs = pd.DataFrame({"now": usual, "after": usual.shift(-1)}).dropna()
        now = pairs["now"].to_numpy()
        design = np.column_stack([np.ones(len(now)), np.maximum(now, 0), np.minimum(now, 0)])
        fit = OLS(pairs["after"].to_numpy(), design).fit(cov_type="HC3", use_t=True)
        assert [closing_sides(usual).premium, closing_sides(usual).discount] == pytest.approx(
            fit.params[1:].tolist(), rel=1e-9
        )
        assert closing_sides(usual).p_value_equal == pytest.approx(float(fit.t_test([0, 1, -1]).pvalue), rel=1e-9)

    def test_size_and_power(self):
        rng = np.random.default_rng(4)
        alike = [closing_sides(autoregression(rng, 0.5, 0.5, 400)).p_value_equal < 0.05 for _ in range(300)]
        apart = [closing_sides(autoregression(rng, 0.2, 0.7, 400)).p_value_equal < 0.05 for _ in range(100)]
        assert 0.02 <= np.mean(alike) <= 0.09
        assert np.mean(apart) > 0.8

    def test_refusals(self):
        with pytest.raises(SampleError, match="0 premiums and 99 discounts"):
            closing_sides(pd.Series(-np.ones(100), DAYS[:100]))
        with pytest.raises(ParameterError, match="one Series"):
            closing_sides(pd.DataFrame({"a": [1.0]}))

"""Shocks have the law that they state: moments of theory, not recorded output."""

import numpy as np
import pytest
from scipy import stats

from research.errors import ParameterError
from research.simulation.noise import Shocks, Streams, autoregressive, persistence, reverting, unit_shocks

ROWS = Streams(5, tuple(range(400)))


def draws(law: Shocks, count: int = 500) -> np.ndarray:
    return unit_shocks(ROWS("permanent"), count, law)


@pytest.mark.parametrize("law", [Shocks(), Shocks(df=9.0), Shocks(arch=0.1, garch=0.8)])
def test_variance_is_one_and_kurtosis_is_the_stated_one(law):
    x = draws(law)
    assert x.mean() == pytest.approx(0.0, abs=0.01)
    assert x.var() == pytest.approx(1.0, abs=0.04)
    assert (x**4).mean() == pytest.approx(law.kurtosis, rel=0.12)


def test_student_t_is_the_one_of_scipy():
    x = draws(Shocks(df=4.0)).ravel()
    statistic = stats.kstest(x * np.sqrt(2.0), stats.t(df=4.0).cdf).statistic
    assert statistic < 1.95 / np.sqrt(x.size)  # critical value at 0.1 %


def test_clusters_are_in_the_squares_only():
    law = Shocks(arch=0.1, garch=0.8)
    x = draws(law)
    lagged = [np.corrcoef(x[:, :-1].ravel(), x[:, 1:].ravel())[0, 1]]
    squares = [np.corrcoef(x[:, :-k].ravel() ** 2, x[:, k:].ravel() ** 2)[0, 1] for k in (1, 2)]
    a, b = law.arch, law.garch
    first = a * (1 - a * b - b**2) / (1 - 2 * a * b - b**2)  # Bollerslev (1986)
    assert lagged[0] == pytest.approx(0.0, abs=0.02)
    assert squares[0] == pytest.approx(first, abs=0.05)
    assert squares[1] == pytest.approx(first * (a + b), abs=0.05)


def test_autoregression_is_stationary_from_the_first_session():
    x = autoregressive(unit_shocks(Streams(1, tuple(range(4000)))("premium"), 30), 0.8)
    assert x.std(axis=0) == pytest.approx(1.0, abs=0.06)
    assert np.corrcoef(x[:, 0], x[:, 1])[0, 1] == pytest.approx(0.8, abs=0.03)
    assert np.corrcoef(x[:, 10], x[:, 13])[0, 1] == pytest.approx(0.8**3, abs=0.05)


def test_half_life_is_the_time_to_half():
    assert persistence(7.0) ** 7 == pytest.approx(0.5)
    assert persistence(0.0) == 0.0
    path = reverting(Streams(2, tuple(range(4000)))("rates"), 11, 0.05, 0.01, 10.0)
    assert path.mean() == pytest.approx(0.05, abs=0.001)
    assert path.std() == pytest.approx(0.01, rel=0.05)
    assert np.corrcoef(path[:, 0], path[:, 10])[0, 1] == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        ({"df": 2.0}, "df"),
        ({"df": float("nan")}, "df"),
        ({"arch": -0.1}, "arch"),
        ({"garch": -0.1}, "garch"),
        ({"arch": 0.3, "garch": 0.7}, r"arch \+ garch"),
    ],
)
def test_shocks_refuse_what_has_no_variance(terms, named):
    with pytest.raises(ParameterError, match=named):
        Shocks(**terms)


def test_infinite_kurtosis_is_said_to_be():
    assert Shocks(df=4.0).kurtosis == np.inf
    assert Shocks(arch=0.6, garch=0.3).kurtosis == np.inf

"""How much an answer owes to the model of its error: noise that persists, and other estimators."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from research.decomposition.local_level import local_level
from research.tables import Result, Table

__all__ = ["AutocorrelationTest", "autocorrelation_test", "compare_estimators", "newey_west_lags"]

SIGNIFICANT = 0.01
"""P-value of plain noise below which a persistent one may be recommended."""

NARROWER = 1.1
"""Least gain, in times, of some driver's precision at which it is."""


@dataclass(frozen=True, eq=False)
class AutocorrelationTest(Result):
    """Likelihood ratio of a transitory part that persists against plain noise.

    Parameters
    ----------
    statistic : float
        Twice the gain in restricted log likelihood.
    p_value : float
        Of plain noise, from χ² with one degree of freedom.
    phi : float
        Autocorrelation from one session to the next.
    narrowing : pandas.Series
        Standard errors under plain noise over those under the AR(1), by driver: 2 means that they halve.
    recommended : bool
        Whether ``transitory="ar1"`` is worth it: the gain is more than chance at 1 %, φ is positive, and some standard
        error shrinks by a tenth or more.
    """

    statistic: float
    p_value: float
    phi: float
    narrowing: pd.Series
    recommended: bool

    def summary(self) -> Table:
        """Return test and narrowing as a table."""
        advice = 'error="ar1" is recommended.' if self.recommended else "Plain noise is enough."
        notes = (
            f"Likelihood ratio {self.statistic:.2f}, p {self.p_value:.4f}, autocorrelation {self.phi:.3f}. {advice}",
        )
        frame = pd.DataFrame({"times narrower": self.narrowing})
        return Table(frame, "Standard errors under an AR(1) against plain noise", {"times narrower": ".2f"}, notes)


def autocorrelation_test(
    level: pd.Series, drivers: pd.DataFrame | None = None, *, positions: npt.ArrayLike | None = None
) -> AutocorrelationTest:
    """Test whether the transitory part of the error persists from session to session.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level; NaN is a missing session.
    drivers : pandas.DataFrame of float, shape (T + 1, K), optional
        Cumulated drivers.
    positions : array_like of int, optional
        As in `local_level`.

    Returns
    -------
    AutocorrelationTest
        Statistic, p-value, φ, how much narrower the standard errors get, and a recommendation.

    Notes
    -----
    Both fits share the drivers, so their restricted likelihoods are comparable. Where there is no transitory part at
    all φ is not identified and χ²(1) is only a guide, which is why the recommendation asks for more than the test.

    Examples
    --------
    >>> import research as rs
    >>> from research.decomposition import autocorrelation_test
    >>> autocorrelation_test(rs.load("ETHV").divergence("nav")).recommended
    False
    """
    plain = local_level(level, drivers, positions=positions)
    persistent = local_level(level, drivers, positions=positions, transitory="ar1")
    statistic = max(0.0, 2.0 * (persistent.log_likelihood - plain.log_likelihood))
    p_value = float(chdtrc(1, statistic))
    narrowing = (plain.std_errors / persistent.std_errors).rename("narrowing")
    useful = bool(len(narrowing) and narrowing.max() >= NARROWER)
    return AutocorrelationTest(
        statistic=statistic,
        p_value=p_value,
        phi=persistent.phi,
        narrowing=narrowing,
        recommended=p_value < SIGNIFICANT and persistent.phi > 0.0 and useful,
    )


def compare_estimators(
    level: pd.Series, drivers: pd.DataFrame, *, positions: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Estimate the drivers' coefficients by five estimators.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level; NaN rows are left out.
    drivers : pandas.DataFrame of float, shape (T + 1, K)
        Cumulated drivers with the labels of `level`.
    positions : array_like of int, optional
        Session numbers, for the local-level regression.

    Returns
    -------
    pandas.DataFrame
        Rows ``(estimator, driver)``; columns ``coefficient``, ``std_error``, ``lags``.

    Notes
    -----
    *changes*: OLS of Δg on ΔX without constant, Newey-West with ⌊4(n/100)^{2/9}⌋ lags and n/(n−k). *changes with
    constant* adds a drift. *levels, HAC*: OLS of g on X, Newey-West: its errors are far too small where the remainder
    wanders. *levels, AR(1)*: feasible GLS (Cochrane-Orcutt iterations). *local level*: what the package uses.
    """
    from statsmodels.regression.linear_model import GLSAR, OLS  # noqa: PLC0415 - a slow import, used only here

    known = level.notna().to_numpy()
    y, x = level.to_numpy(dtype=float)[known], drivers.to_numpy(dtype=float)[known]
    names = [str(name) for name in drivers.columns]
    lags = newey_west_lags(y.size - 1)
    hac = {"cov_type": "HAC", "cov_kwds": {"maxlags": lags, "use_correction": True}}
    constant = np.column_stack([x, np.ones(len(x))])
    dy, dx = np.diff(y), np.diff(x, axis=0)
    with_drift = np.column_stack([dx, np.ones(len(dx))])
    fit = local_level(level, drivers, positions=positions)
    rows: dict[str, tuple[Any, Any, float]] = {
        "local level": (fit.params.to_numpy(), fit.std_errors.to_numpy(), math.nan)
    }
    for label, model, lag in (
        ("changes", OLS(dy, dx).fit(**hac), lags),
        ("changes with constant", OLS(dy, with_drift).fit(**hac), lags),
        ("levels, HAC", OLS(y, constant).fit(**hac), lags),
        ("levels, AR(1)", GLSAR(y, constant, rho=1).iterative_fit(maxiter=50), 1),
    ):
        rows[label] = (model.params[: len(names)], model.bse[: len(names)], lag)
    frames = [
        pd.DataFrame(
            {"coefficient": params, "std_error": errors, "lags": lag},
            index=pd.MultiIndex.from_product([[label], names], names=["estimator", "driver"]),
        )
        for label, (params, errors, lag) in rows.items()
    ]
    return pd.concat(frames)


def newey_west_lags(nobs: int) -> int:
    """Return the usual lag of a Newey-West covariance, ⌊4·(n/100)^{2/9}⌋.

    Examples
    --------
    >>> newey_west_lags(546)
    5
    """
    return int(4.0 * (nobs / 100.0) ** (2.0 / 9.0))

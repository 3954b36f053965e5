"""The same drivers by other estimators, side by side: how much the answer owes to the model of the error."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.decomposition.local_level import local_level

__all__ = ["compare_estimators", "newey_west_lags"]

Array = npt.NDArray[np.float64]


def newey_west_lags(nobs: int) -> int:
    """Return the usual lag of a Newey-West covariance, ⌊4·(n/100)^{2/9}⌋.

    Examples
    --------
    >>> newey_west_lags(546)
    5
    """
    return int(4.0 * (nobs / 100.0) ** (2.0 / 9.0))


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

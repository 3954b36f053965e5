"""Rolling least squares with Newey-West errors: what statsmodels' RollingOLS lacks.

The fast form is right because every window is a slice of the same arrays: stacked, their cross products, residuals and
lagged score products are batched matrix products of exactly the numbers that a fit of that window has.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from research.errors import ParameterError, SampleError, renamed
from research.metrics import _moving as moving
from research.metrics._sample import Array, Returns, check_same_labels, check_values
from research.metrics.longrun import Bandwidth, bandwidth_lags, critical_value
from research.tables import Result, Table

__all__ = ["RollingRegression", "rolling_regression"]

CELLS = 1 << 22  # numbers of stacked windows held at once
COLLINEAR = 1e-12  # determinant of unit-length regressors below which a window cannot tell them apart


@dataclass(frozen=True, eq=False)
class RollingRegression(Result):
    """Coefficients and errors of a regression over moving windows, one row for each label.

    Parameters
    ----------
    params, std_errors : pandas.DataFrame
        One column for each regressor, ``constant`` first where there is one.
    nobs : pandas.Series
        Complete rows in each window.
    window, lags : int
        Rows in a window; lags of the long-run variance.
    method : str
        How the errors were made.
    """

    params: pd.DataFrame
    std_errors: pd.DataFrame
    nobs: pd.Series = field(repr=False)
    window: int
    lags: int
    method: str

    @renamed("level", "confidence")
    def conf_int(self, confidence: float = 0.95) -> pd.DataFrame:
        """Return intervals with fixed-b critical values; columns (regressor, ``lower`` or ``upper``).

        Parameters
        ----------
        confidence : float
            Nominal coverage.

        Returns
        -------
        pandas.DataFrame
            NaN where the coefficient is NaN.
        """
        fraction = np.minimum((self.lags + 1) / np.maximum(self.nobs.to_numpy(), 1), 1.0)
        values = {share: critical_value(confidence, float(share)) for share in np.unique(fraction)}
        half = self.std_errors.mul(pd.Series([values[share] for share in fraction], self.nobs.index), axis=0)
        ends = {"lower": self.params - half, "upper": self.params + half}
        return pd.concat(ends, axis=1).swaplevel(axis=1)[list(self.params.columns)]

    def summary(self) -> Table:
        """Return the last window's coefficients and the range of each over time."""
        frame = pd.DataFrame(
            {
                "last": self.params.iloc[-1],
                "std error": self.std_errors.iloc[-1],
                "least": self.params.min(),
                "most": self.params.max(),
            }
        )
        caption = f"Regression over {self.window} rows, rolling"
        return Table(frame, caption, dict.fromkeys(frame.columns, ".6g"), (self.method,))

    def to_dict(self) -> dict[str, object]:
        """Return the last window as plain numbers, ready for JSON."""
        return {
            "window": self.window,
            "lags": self.lags,
            "method": self.method,
            "params": {str(k): float(v) for k, v in self.params.iloc[-1].items()},
            "std_errors": {str(k): float(v) for k, v in self.std_errors.iloc[-1].items()},
        }


def rolling_regression(
    response: pd.Series,
    regressors: Returns,
    *,
    window: int,
    min_count: int | None = None,
    bandwidth: Bandwidth = "newey-west",
    constant: bool = True,
    small_sample: bool = True,
) -> RollingRegression:
    """Return least squares over moving windows with heteroskedasticity- and autocorrelation-consistent errors.

    Parameters
    ----------
    response : pandas.Series
        What is explained: a fund's returns or divergences per period.
    regressors : pandas.Series or pandas.DataFrame
        What explains it, on the same labels.
    window : int
        Rows in a window.
    min_count : int, optional
        Complete rows that a window needs; all of them where not given.
    bandwidth : {"newey-west", "lazarus"} or int
        Lag rule, see `bandwidth_lags`, for a full window.
    constant : bool
        Whether a constant is added.
    small_sample : bool
        Whether the covariance is multiplied by n/(n − k), as statsmodels' ``use_correction``.

    Returns
    -------
    RollingRegression
        Coefficients and standard errors on the labels of the input; NaN before the first full window, below
        `min_count` complete rows, and where a window cannot tell the regressors apart.

    Raises
    ------
    AlignmentError
        If labels differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If `window`, `min_count` or `bandwidth` cannot be.
    SampleError
        If a window has no more rows than coefficients.

    Notes
    -----
    (X'X)⁻¹ S (X'X)⁻¹ with S the Bartlett sum of x_t e_t over the window's own residuals (Newey and West 1987). A row
    with a NaN keeps its place and weighs nothing: products of scores across it keep their true lag.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> benchmark = pd.Series(rng.standard_normal(100), name="benchmark")
    >>> fit = rolling_regression(0.9 * benchmark, benchmark, window=20)
    >>> fit.params["benchmark"].iloc[-1].round(6), fit.lags
    (np.float64(0.9), 2)
    """
    y, x = check_values(response, "the response"), check_values(regressors, "the regressors")
    if y.columns is not None:
        raise ParameterError("the response is a DataFrame: give one fund as a Series")
    check_same_labels(y.index, x.index, "the response", "the regressors")
    names = [x.name if x.name is not None else "regressor"] if x.columns is None else list(x.columns)
    columns = (["constant"] if constant else []) + names
    length, needed = moving.check_window(window, min_count)
    if needed <= len(columns):
        raise SampleError(f"{needed} rows cannot carry {len(columns)} coefficients: give a longer window")
    lags = bandwidth_lags(bandwidth, length)
    there = ~(np.isnan(y.array[:, 0]) | np.isnan(x.array).any(axis=1))
    design = np.hstack([np.ones((len(there), 1)), x.array]) if constant else x.array
    design, target = np.where(there[:, None], design, 0.0), np.where(there, y.array[:, 0], 0.0)
    params, errors, nobs = _roll(design, target, there, length, needed, lags, small_sample)
    factor = "n/(n − k)" if small_sample else "no small-sample factor"
    return RollingRegression(
        params=pd.DataFrame(params, y.index, columns),
        std_errors=pd.DataFrame(errors, y.index, columns),
        nobs=pd.Series(nobs, y.index, name="nobs"),
        window=length,
        lags=lags,
        method=f"least squares, Newey-West errors with {lags} lags, {factor}",
    )


def _roll(
    design: Array, target: Array, there: np.ndarray, window: int, needed: int, lags: int, small_sample: bool
) -> tuple[Array, Array, np.ndarray]:
    """Return coefficients, errors and counts at each row."""
    rows, count = design.shape
    params, errors = np.full((rows, count), np.nan), np.full((rows, count), np.nan)
    nobs = moving.moving_sum(there[:, None].astype(np.float64), window)[:, 0].astype(np.int64)
    if rows < window:
        return params, errors, nobs
    stacked_x = sliding_window_view(design, window, axis=0)
    stacked_y = sliding_window_view(target, window)
    step = max(1, CELLS // (window * count))
    for start in range(0, rows - window + 1, step):
        part = slice(start, start + step)
        at = np.arange(rows - window + 1)[part] + window - 1
        beta, error = _fit(np.ascontiguousarray(stacked_x[part]), stacked_y[part], nobs[at], lags, small_sample)
        enough = nobs[at] >= needed
        params[at], errors[at] = (np.where(enough[:, None], found, np.nan) for found in (beta, error))
    return params, errors, nobs


def _fit(x: Array, y: Array, nobs: np.ndarray, lags: int, small_sample: bool) -> tuple[Array, Array]:
    """Fit stacked windows: `x` of shape (windows, k, window), `y` (windows, window)."""
    count = x.shape[1]
    norms = np.sqrt((x**2).sum(axis=2))
    flat = (norms == 0).any(axis=1)
    unit = x / np.where(norms == 0, 1.0, norms)[:, :, None]
    gram = unit @ unit.transpose(0, 2, 1)
    lost = flat | ~(np.linalg.det(gram) > COLLINEAR) | (nobs <= count)
    inverse = np.linalg.inv(np.where(lost[:, None, None], np.eye(count), gram))
    beta = (inverse @ (unit @ y[:, :, None]))[:, :, 0]
    scores = unit * (y - (beta[:, None, :] @ unit)[:, 0])[:, None, :]
    middle = scores @ scores.transpose(0, 2, 1)
    for lag in range(1, lags + 1):
        product = scores[:, :, lag:] @ scores[:, :, :-lag].transpose(0, 2, 1)
        middle += (1.0 - lag / (lags + 1.0)) * (product + product.transpose(0, 2, 1))
    covariance = inverse @ middle @ inverse
    if small_sample:
        covariance *= (nobs / np.maximum(nobs - count, 1))[:, None, None]
    error = np.sqrt(np.maximum(np.diagonal(covariance, axis1=1, axis2=2), 0.0))
    scale = np.where(lost[:, None], np.nan, norms)
    return beta / scale, error / scale

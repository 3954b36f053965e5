"""How small a change of a slow drift the data could have shown: the power of the fee's measurement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from research.conventions import DAYS_PER_YEAR, check_confidence
from research.decomposition.covariance import whiten
from research.decomposition.local_level import local_level
from research.errors import ParameterError, SampleError

__all__ = ["AFTER", "detectable_change"]

AFTER: tuple[int, ...] = (5, 10, 21, 42, 63, 126, 252)
"""Sessions since a change at which its detectable size is given: a week to a year."""


def detectable_change(
    level: pd.Series,
    drivers: pd.DataFrame | None = None,
    *,
    after: Sequence[int] = AFTER,
    confidence: float = 0.95,
    power: float = 0.8,
    positions: Sequence[int] | None = None,
) -> pd.Series:
    """Return the smallest change of the yearly drift that would be noticed, by sessions since it happened.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level in logs, labelled by session dates.
    drivers : pandas.DataFrame of float, shape (T + 1, K), optional
        Drivers with constant coefficients, the running fee among them. Columns that do not vary are left out.
    after : sequence of int
        Sessions since the change; those that leave fewer before it than after it are left out.
    confidence : float
        One minus the probability of a false alarm, two-sided.
    power : float
        Probability with which a change of that size is noticed.
    positions : sequence of int, optional
        Session numbers, as in `local_level`.

    Returns
    -------
    pandas.Series of float
        Fraction a year, indexed by sessions since the change.

    Raises
    ------
    ParameterError
        If `confidence` or `power` is not between 0 and 1.
    SampleError
        If the sample is too short for any of the horizons.

    Notes
    -----
    ``(t_{1−α/2} + z_power)·se``, with se the standard error of one more slope that starts h sessions before the end,
    by generalised least squares at the noise that the sample shows (`local_level`). The day is taken as known: looking
    for it costs more. NaN in `level` is left out.

    Examples
    --------
    >>> days = pd.bdate_range("2024-07-23", periods=300)
    >>> noise = 1e-5 * np.random.default_rng(3).standard_normal(300)
    >>> fee = pd.Series(-0.002 / 365 * (days - days[0]).days, days, name="fee")
    >>> found = detectable_change(fee + noise, fee.to_frame(), after=(21, 126))
    >>> bool(found[21] > 5 * found[126])
    True
    """
    check_confidence(confidence)
    if not 0.0 < power < 1.0:
        raise ParameterError(f"power is {power!r}: give a probability between 0 and 1, such as 0.8")
    columns = pd.DataFrame(index=level.index) if drivers is None else drivers
    columns = columns[[name for name in columns if np.ptp(columns[name].to_numpy(dtype=float)) > 0.0]]
    fit = local_level(level, columns, positions=positions)
    index = pd.DatetimeIndex(fit.level.index)
    elapsed = ((index - index[0]) // pd.Timedelta(days=1)).to_numpy(dtype=float) / DAYS_PER_YEAR
    usable = [h for h in after if 1 < h <= len(index) // 2]
    if not usable:
        raise SampleError(
            f"{len(index)} sessions are too few to say what change would show: give twice as many as since it"
        )
    half = float(stdtrit(fit.df_resid - 1, 0.5 + confidence / 2) + ndtri(power))
    sizes = {}
    for sessions in usable:
        ramp = np.maximum(elapsed - elapsed[-1 - sessions], 0.0)
        design = np.diff(np.column_stack([fit.drivers.to_numpy(dtype=float), ramp]), axis=0)
        # Columns differ by orders of magnitude, and products of them would lose digits.
        scale = np.sqrt((design**2).sum(axis=0))
        white = whiten(design / scale, fit.permanent_share, 0.0, fit.gaps)
        spread = np.linalg.inv(white.T @ white)[-1, -1] * fit.variance / scale[-1] ** 2
        sizes[sessions] = half * float(np.sqrt(spread))
    return pd.Series(sizes, name="detectable_change").rename_axis("sessions")

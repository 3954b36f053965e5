"""The split of a held futures return over spot into carry accrual and curve shift, exact to rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["log_mean", "split_held"]


def log_mean(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithmic mean ``(a − b)/ln(a/b)`` of positive numbers, ``a`` where they are equal.

    Examples
    --------
    >>> log_mean(np.array([2.0]), np.array([2.0])).tolist()
    [2.0]
    """
    x = np.log(a / b)
    # expm1(x)/x keeps its digits where a and b are nearly equal, which they are from one session to the next.
    ratio = np.where(x == 0.0, 1.0, np.expm1(x) / np.where(x == 0.0, 1.0, x))
    mean: NDArray[np.float64] = b * ratio
    return mean


def split_held(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    counts: NDArray[np.float64],
    days_before: NDArray[np.float64],
    days_after: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return carry accrual and curve shift of the position held over each interval.

    Parameters
    ----------
    before, after : array of float, shape (intervals, contracts)
        Futures over spot, F/S, at the start and at the end of the interval; anything positive where nothing is held.
    counts : array of float, same shape
        Numbers of contracts held, constant over the interval.
    days_before, days_after : array of float, same shape
        Calendar days to expiry at either end; positive at the start wherever something is held.

    Returns
    -------
    tuple of two arrays of float, shape (intervals,)
        Log returns that add up to ``ln(V₁/V₀)``, the log return of the position over that of spot.

    Notes
    -----
    One contract with annualised basis ``c = ln(F/S)·365/τ``, τ in days: carry ``−c₀·Δ/365`` and shift ``τ₁·Δc/365 =
    ln(F₁/S₁) − c₀·τ₁/365`` (``methods`` §4.3). The second form needs no ``c₁``, which does not exist on expiry day.
    Over several contracts both are summed with the logarithmic-mean weights ``L(v₁ᵢ, v₀ᵢ)/L(V₁, V₀)`` of the
    positions' values in units of spot, ``vᵢ = nᵢ·Fᵢ/S`` and ``V = Σvᵢ``: with them ``ln(V₁/V₀) = Σ ωᵢ·ln(v₁ᵢ/v₀ᵢ)``
    without a remainder (Vartia 1976), while value weights would leave one.
    """
    held = counts > 0
    start, end = np.where(held, before, 1.0), np.where(held, after, 1.0)
    values_before, values_after = counts * start, counts * end
    whole = log_mean(values_after.sum(axis=1), values_before.sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(held, log_mean(values_after, values_before), 0.0) / whole[:, None]
    runs = np.where(held, days_before, 1.0)
    elapsed = np.where(held, days_before - days_after, 0.0)
    basis = np.log(start)
    carry = (parts * -basis * elapsed / runs).sum(axis=1)
    shift = (parts * (np.log(end) - basis * np.where(held, days_after, 0.0) / runs)).sum(axis=1)
    return carry, shift

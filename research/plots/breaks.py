"""Figure of a slope break: which days the data allow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from research.conventions import BASIS_POINT
from research.decomposition.breaks import SlopeBreak
from research.plots.figure import DescribedFigure, axes_grid, date_axis, drawing, label_axes

__all__ = ["break_profile"]


def break_profile(level: pd.Series, found: SlopeBreak, title: str = "", margin_days: int = 45) -> DescribedFigure:
    """Draw a divergence level with the two slopes found in it, and the likelihood of each day of change.

    Parameters
    ----------
    level : pandas.Series
        The divergence level that was searched.
    found : SlopeBreak
        From `research.slope_break`.
    title : str
        What the level belongs to.
    margin_days : int
        Days shown around the interval in the right panel.

    Returns
    -------
    DescribedFigure
        Left: basis points; right: twice the log likelihood lost by assuming another day.
    """
    known = level.dropna()
    index = pd.DatetimeIndex(known.index)
    cumulated = (known - known.iloc[0]) / BASIS_POINT
    days = (index - found.date).days.to_numpy() + 1
    # Anchored so that the fitted kink passes through the mean of the level: the slopes are the finding, not the height.
    fitted = (np.minimum(days, 0) * found.slope_before + np.maximum(days, 0) * found.slope_after) / 365.0 / BASIS_POINT
    fitted = fitted + float((cumulated - fitted).mean())
    low, high = found.interval
    near = found.profile[low - pd.Timedelta(days=margin_days) : high + pd.Timedelta(days=margin_days)]
    with drawing():
        figure, grid = axes_grid(1, 2, height=3.3, width_ratios=[3, 2])
        left, right = grid[0]
        left.plot(cumulated.index, cumulated, color="#1b1b1b", label="divergence")
        left.plot(known.index, fitted, "--", color="#d55e00", label="two slopes")
        left.axvline(found.date, color="#0072b2", lw=1.0)
        left.legend(loc="best")
        label_axes(left, f"{title}: slope changes on {found.date:%Y-%m-%d}", "session", "bp")
        right.plot(near.index, near, ".-", color="#0072b2", ms=4, lw=0.8)
        right.axvspan(low, high, color="#cccccc", alpha=0.6, lw=0)
        label_axes(right, f"{found.confidence:.0%} interval shaded", "first day of the new slope", "likelihood ratio")
        date_axis(left, most=5)
        date_axis(right, most=3)
    figure.alt = (
        f"{title}: the divergence changes slope on {found.date:%Y-%m-%d}, from "
        f"{found.slope_before / BASIS_POINT:+.2f} to {found.slope_after / BASIS_POINT:+.2f} basis points a year; "
        f"{found.confidence:.0%} interval {low:%Y-%m-%d} to {high:%Y-%m-%d}."
    )
    return figure

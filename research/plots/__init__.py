"""Figures: functions that take a result or a history and return a matplotlib figure with a text alternative."""

from research.plots.breaks import break_profile
from research.plots.decomposition import divergence, residuals, waterfall
from research.plots.figure import DescribedFigure
from research.plots.history import horizon_curve, premium, rolling

__all__ = [
    "DescribedFigure",
    "break_profile",
    "divergence",
    "horizon_curve",
    "premium",
    "residuals",
    "rolling",
    "waterfall",
]

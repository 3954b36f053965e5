"""``result.plot``: the figures of a decomposition as methods."""

from __future__ import annotations

from dataclasses import dataclass

from research.decomposition.result import Decomposition
from research.plots.decomposition import divergence, residuals, waterfall
from research.plots.figure import DescribedFigure

__all__ = ["DecompositionPlots"]


@dataclass(frozen=True, eq=False)
class DecompositionPlots:
    """Figures of one decomposition; every method returns a figure and shows nothing.

    Parameters
    ----------
    result : Decomposition
        What is drawn.
    """

    result: Decomposition

    def divergence(self) -> DescribedFigure:
        """Draw the cumulated divergence and its parts; see `research.plots.divergence`."""
        return divergence(self.result)

    def waterfall(self) -> DescribedFigure:
        """Draw how the parts add up to the tracking difference; see `research.plots.waterfall`."""
        return waterfall(self.result)

    def residuals(self, lags: int = 20) -> DescribedFigure:
        """Draw the residual diagnostics; see `research.plots.residuals`."""
        return residuals(self.result, lags)

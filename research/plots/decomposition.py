"""Figures of one decomposition: its parts through time, the waterfall of the tracking difference, the residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from research.conventions import BASIS_POINT
from research.decomposition.estimates import UNEXPLAINED
from research.decomposition.result import Decomposition
from research.plots.figure import COLOURS, DescribedFigure, axes_grid, date_axis, drawing, label_axes
from research.tables import unsigned_zero

__all__ = ["DecompositionPlots", "cumulated_parts", "divergence", "residuals", "waterfall"]


_BASIS = {"nav": "net asset value", "price": "market price"}


def divergence(result: Decomposition) -> DescribedFigure:
    """Draw the cumulated divergence and each part of it, one panel a part, each on its own scale.

    Parameters
    ----------
    result : Decomposition
        From `research.decompose`.

    Returns
    -------
    DescribedFigure
        Panels share the time axis; the y axes are basis points (log).
    """
    titles = {part.name: part.title for part in (*result.drivers, result.unexplained)}
    parts = list(result.components.columns)
    with drawing():
        figure, grid = axes_grid(len(parts) + 1, 1, height=1.9 + 1.45 * len(parts), sharex=True)
        rows = grid[:, 0]
        explained = result.components[[name for name in parts if name != UNEXPLAINED]].sum(axis=1)
        rows[0].plot(result.total.index, result.total / BASIS_POINT, color=COLOURS["total"], label="divergence")
        rows[0].plot(explained.index, explained / BASIS_POINT, "--", color="#d55e00", lw=1.0, label="sum of drivers")
        rows[0].legend(loc="best", ncols=2)
        label_axes(rows[0], f"Divergence of {result.ticker}, {_BASIS[result.basis]}", "", "bp")
        for axes, name in zip(rows[1:], parts, strict=True):
            axes.plot(result.components.index, result.components[name] / BASIS_POINT, color=COLOURS.get(name, "#444"))
            axes.axhline(0.0, color="#999999", lw=0.6)
            label_axes(axes, titles[name], "", "bp")
        rows[-1].set_xlabel("session")
        date_axis(rows[-1])
    ends = ", ".join(f"{titles[name]} {result.components[name].iloc[-1] / BASIS_POINT:+.1f} bp" for name in parts)
    figure.alt = (
        f"Cumulated log divergence of {result.ticker} from its benchmark at {_BASIS[result.basis]}, in basis points, "
        f"ending at {result.total.iloc[-1] / BASIS_POINT:+.1f} bp; below it its parts, ending at: {ends}."
    )
    return figure


def waterfall(result: Decomposition) -> DescribedFigure:
    """Draw how the drivers and the remainder add up to the yearly tracking difference.

    Parameters
    ----------
    result : Decomposition
        From `research.decompose`.

    Returns
    -------
    DescribedFigure
        Bars in basis points a year; whiskers are the interval of each estimated part.
    """
    parts = (*result.drivers, result.unexplained)
    values = [part.contribution / BASIS_POINT for part in parts]
    total = result.tracking_difference / BASIS_POINT
    ends = np.cumsum(values)
    starts = np.concatenate([[0.0], ends[:-1]])
    labels = [part.title for part in parts] + ["Tracking\ndifference"]
    with drawing():
        figure, grid = axes_grid(1, 1, height=3.6)
        axes = grid[0, 0]
        colours = [COLOURS.get(part.name, "#444444") for part in parts]
        axes.bar(range(len(parts)), values, bottom=starts, color=colours, width=0.62)
        axes.bar(len(parts), total, color=COLOURS["total"], width=0.62)
        for i, (part, start, end) in enumerate(zip(parts, starts, ends, strict=True)):
            axes.plot([i + 0.31, i + 1 - 0.31], [end, end], color="#888888", lw=0.8)
            if np.isfinite(part.interval[0]):
                low, high = (start + bound / BASIS_POINT for bound in part.interval)
                axes.vlines(i, low, high, color="black", lw=1.2)
        span = max(np.abs(np.concatenate([starts, ends, [total]])).max(), 1e-9)
        tops = [*np.maximum(starts, ends), max(total, 0.0)]
        for i, (value, top) in enumerate(zip([*values, total], tops, strict=True)):
            axes.annotate(unsigned_zero(f"{value:+.2f}"), (i, top + 0.03 * span), ha="center", va="bottom", fontsize=9)
        axes.axhline(0.0, color="#333333", lw=0.8)
        axes.use_sticky_edges = False  # else the labels of bars that hang from zero are cut off
        axes.margins(y=0.14)
        axes.set_xticks(range(len(labels)), labels)
        axes.grid(visible=False, axis="x")
        title = f"{result.ticker}, {_BASIS[result.basis]}: what makes up the tracking difference"
        label_axes(axes, title, "", "bp a year (log)")
    listed = ", ".join(
        f"{part.title} {unsigned_zero(f'{value:+.2f}')}" for part, value in zip(parts, values, strict=True)
    )
    figure.alt = (
        f"Waterfall of the tracking difference of {result.ticker} at {_BASIS[result.basis]}, basis points a year: "
        f"{listed}; sum {total:+.2f}."
    )
    return figure


def cumulated_parts(
    parts: pd.DataFrame,
    total: pd.Series,
    left: pd.Series,
    *,
    colours: Sequence[str],
    title: str,
    unit: str,
    legend: str = "best",
) -> DescribedFigure:
    """Draw parts of a divergence cumulated, the divergence beside them, and below what they leave.

    Parameters
    ----------
    parts : pandas.DataFrame
        One column a part, named as the legend has it.
    total : pandas.Series
        The divergence, in the unit of the parts.
    left : pandas.Series
        What the parts leave, basis points.
    colours : sequence of str
        One a part.
    title, unit : str
        Of the upper panel.
    legend : str
        Where the legend stands.

    Returns
    -------
    DescribedFigure
        Without a description: whoever names the parts describes them.
    """
    with drawing():
        figure, grid = axes_grid(2, 1, height=5.0, sharex=True, height_ratios=[3, 1])
        above, below = grid[:, 0]
        for name, colour in zip(parts, colours, strict=True):
            above.plot(parts.index, parts[name], color=colour, label=str(name))
        above.plot(total.index, total, color=COLOURS["total"], lw=1.6, label="divergence")
        above.axhline(0.0, color="#999999", lw=0.6)
        above.legend(loc=legend, ncols=2)
        label_axes(above, title, "", f"{unit}, cumulated (log)")
        below.plot(left.index, left, color=COLOURS["unexplained"], lw=0.9)
        below.axhline(0.0, color="#333333", lw=0.6)
        label_axes(below, "What is left", "session", "bp")
        date_axis(below)
    return figure


def residuals(result: Decomposition, lags: int = 20) -> DescribedFigure:
    """Draw what the regression leaves, and whether its innovations are as white as the model says.

    Parameters
    ----------
    result : Decomposition
        From `research.decompose`.
    lags : int
        Lags of the autocorrelation.

    Returns
    -------
    DescribedFigure
        Residual level with its smoothed permanent part; standardised innovations; their autocorrelation with 95 %
        bounds of white noise; their quantiles against the normal's.
    """
    from scipy.stats import kurtosis  # noqa: PLC0415 - slow to import, used only here

    fit = result.fit
    white = fit.innovations.to_numpy()
    correlations = _autocorrelation(white, lags)
    bound = 1.96 / np.sqrt(white.size)
    with drawing():
        figure, grid = axes_grid(2, 2, height=5.6)
        level, scatter, bars, quantiles = grid.ravel()
        level.plot(
            fit.residual_level.index, fit.residual_level / BASIS_POINT, color="#9a9a9a", lw=0.8, label="residual"
        )
        level.plot(fit.permanent.index, fit.permanent / BASIS_POINT, color=COLOURS["total"], label="permanent part")
        level.legend(loc="best")
        label_axes(level, "What the drivers leave", "session", "bp")
        scatter.plot(fit.innovations.index, white, ".", ms=2.5, color="#0072b2")
        label_axes(scatter, "Standardised innovations", "session", "standard deviations")
        bars.bar(range(1, lags + 1), correlations, color="#0072b2", width=0.5)
        bars.axhspan(-bound, bound, color="#cccccc", alpha=0.6, lw=0)
        bars.axhline(0.0, color="#333333", lw=0.6)
        label_axes(bars, "Autocorrelation of the innovations", f"lag, {result.period}s", "correlation")
        expected = ndtri((np.arange(1, white.size + 1) - 0.5) / white.size)
        quantiles.plot(expected, np.sort(white), ".", ms=2.5, color="#0072b2")
        quantiles.plot([-3.5, 3.5], [-3.5, 3.5], color="#888888", lw=0.8)
        label_axes(quantiles, "Normal quantiles", "expected, sd", "observed, sd")
        for axes in (level, scatter):
            date_axis(axes, most=4)
    outside = int(np.count_nonzero(np.abs(correlations) > bound))
    figure.alt = (
        f"Residual diagnostics of {result.ticker} at {_BASIS[result.basis]}: residual level with its permanent part, "
        f"innovations, their autocorrelation ({outside} of {lags} lags outside the bounds of white noise) and their "
        f"normal quantiles (excess kurtosis {float(kurtosis(white)):.1f})."
    )
    return figure


def _autocorrelation(values: np.ndarray[tuple[int], np.dtype[np.float64]], lags: int) -> pd.Series:
    centred = values - values.mean()
    power = float(centred @ centred) or 1.0
    return pd.Series([float(centred[lag:] @ centred[:-lag]) / power for lag in range(1, lags + 1)])


@dataclass(frozen=True, eq=False)
class DecompositionPlots:
    """Figures of one decomposition; every method returns a figure and shows nothing.

    Parameters
    ----------
    result : Decomposition
        What is drawn.
    """

    result: Decomposition

    def __repr__(self) -> str:
        drawn = ", ".join(f"{name}()" for name in vars(type(self)) if not name.startswith("_") and name != "result")
        return f"Plots of {self.result.ticker}, {self.result.basis} basis: {drawn}"

    def divergence(self) -> DescribedFigure:
        """Draw the cumulated divergence and its parts; see `research.plots.divergence`."""
        return divergence(self.result)

    def waterfall(self) -> DescribedFigure:
        """Draw how the parts add up to the tracking difference; see `research.plots.waterfall`."""
        return waterfall(self.result)

    def residuals(self, lags: int = 20) -> DescribedFigure:
        """Draw the residual diagnostics; see `research.plots.residuals`."""
        return residuals(self.result, lags)

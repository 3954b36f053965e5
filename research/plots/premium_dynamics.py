"""Figures of a premium's dynamics: against the session before, by quarter, and by kind of close."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from research.conventions import BASIS_POINT
from research.metrics.reversion import ClosingSides
from research.plots.figure import COLOURS, DescribedFigure, axes_grid, drawing, label_axes

__all__ = ["premium_by_quarter", "premium_groups", "premium_next_session"]

_COLOUR = COLOURS["premium_discount"]


def premium_next_session(premium: pd.Series, sides: ClosingSides, ticker: str, lags: int = 10) -> DescribedFigure:
    """Draw the premium against that of the session before, with what is left on either side, and its autocorrelation.

    Parameters
    ----------
    premium : pandas.Series
        Log premium; NaN is left out.
    sides : ClosingSides
        Shares left one session later.
    ticker : str
        For the title.
    lags : int
        Lags of the autocorrelation.

    Returns
    -------
    DescribedFigure
        Basis points; the dashed diagonal is a premium that stays.
    """
    values = premium / BASIS_POINT
    pairs = pd.DataFrame({"now": values, "after": values.shift(-1)}).dropna()
    correlations = [float(values.corr(values.shift(lag))) for lag in range(1, lags + 1)]
    bound = 1.96 / np.sqrt(len(pairs))
    limit = 1.05 * float(values.abs().max())
    with drawing():
        figure, grid = axes_grid(1, 2, height=3.6, width_ratios=[3, 2])
        left, right = grid[0]
        left.plot(pairs["now"], pairs["after"], ".", ms=3, color=_COLOUR, alpha=0.6)
        left.plot([-limit, limit], [-limit, limit], "--", color="#999999", lw=0.8, label="stays as it is")
        centre = float(pairs["after"].mean() - sides.premium * pairs["now"].clip(lower=0).mean())
        centre -= float(sides.discount * pairs["now"].clip(upper=0).mean())
        line = np.array([-limit, 0.0, limit])
        fitted = centre + np.where(line > 0, sides.premium, sides.discount) * line
        left.plot(line, fitted, color=COLOURS["expense_ratio"], lw=1.6, label="what is left")
        left.set_xlim(-limit, limit)
        left.set_ylim(-limit, limit)
        left.legend(loc="lower right")
        label_axes(
            left, f"Premium of {ticker}: next close against this one", "premium, bp", "premium one session later, bp"
        )
        right.axhspan(-bound, bound, color="#cccccc", alpha=0.6, lw=0)
        right.bar(range(1, lags + 1), correlations, color=_COLOUR, width=0.5)
        right.axhline(0.0, color="#333333", lw=0.6)
        label_axes(right, "Autocorrelation", "lag, sessions", "correlation")
    figure.alt = (
        f"Premium of {ticker} against that of the session before: {sides.premium:.2f} of a premium and "
        f"{sides.discount:.2f} of a discount are left one session later. Autocorrelations at lags 1 to 3: "
        f"{', '.join(f'{value:.2f}' for value in correlations[:3])}; bounds of white noise ±{bound:.2f}."
    )
    return figure


def premium_by_quarter(premium: pd.Series, ticker: str) -> DescribedFigure:
    """Draw the premium's mean, middle half and middle nine tenths in every quarter.

    Parameters
    ----------
    premium : pandas.Series
        Log premium by session; NaN is left out.
    ticker : str
        For the title.

    Returns
    -------
    DescribedFigure
        Basis points.
    """
    known = premium.dropna() / BASIS_POINT
    groups = known.groupby(pd.DatetimeIndex(known.index).to_period("Q"))
    marks = groups.quantile(np.array([0.05, 0.25, 0.75, 0.95])).unstack()  # noqa: PD010 - labels are unique
    means = groups.mean()
    places = np.arange(len(means))
    with drawing():
        figure, grid = axes_grid(1, 1, height=3.0)
        axes = grid[0, 0]
        axes.vlines(places, marks[0.05], marks[0.95], color=_COLOUR, lw=1.2, label="middle nine tenths")
        axes.vlines(places, marks[0.25], marks[0.75], color=_COLOUR, lw=6, alpha=0.6, label="middle half")
        axes.plot(places, means, "o", ms=4, color="#1b1b1b", label="mean")
        axes.axhline(0.0, color="#333333", lw=0.6)
        axes.set_xticks(places, [f"{quarter}" for quarter in means.index], rotation=0 if len(places) <= 10 else 60)
        axes.legend(loc="upper left", ncols=3)
        axes.margins(y=0.2)
        label_axes(axes, f"Premium (+) or discount (−) of {ticker} by quarter", "quarter", "bp of NAV (log)")
    figure.alt = (
        f"Premium of {ticker} by quarter in basis points: means from {means.min():+.1f} to {means.max():+.1f}; the "
        f"middle nine tenths are {float((marks[0.95] - marks[0.05]).min()):.0f} to "
        f"{float((marks[0.95] - marks[0.05]).max()):.0f} bp wide."
    )
    return figure


def premium_groups(groups: Mapping[str, tuple[float, float]], ticker: str) -> DescribedFigure:
    """Draw the mean absolute premium by kind of close, and what the clock alone would make it.

    Parameters
    ----------
    groups : mapping of str to (float, float)
        Mean absolute premium and what is expected from the clock (NaN where it is not known), fractions.
    ticker : str
        For the title.

    Returns
    -------
    DescribedFigure
        Basis points.
    """
    names = list(groups)
    seen = [groups[name][0] / BASIS_POINT for name in names]
    expected = [groups[name][1] / BASIS_POINT for name in names]
    with drawing():
        figure, grid = axes_grid(1, 1, height=1.3 + 0.5 * len(names))
        axes = grid[0, 0]
        places = np.arange(len(names))[::-1]
        axes.barh(places, seen, color=_COLOUR, height=0.5, label="observed")
        axes.plot(expected, places, "D", ms=7, color=COLOURS["clock"], mec="black", label="from the clock alone")
        for place, value in zip(places, seen, strict=True):
            axes.annotate(f"{value:.0f}", (value, place), xytext=(4, 0), textcoords="offset points", va="center")
        axes.set_yticks(places, names)
        axes.grid(visible=False, axis="y")
        axes.margins(x=0.1)
        if np.isfinite(expected).any():
            axes.legend(loc="lower right")
        label_axes(axes, f"Mean absolute premium of {ticker} by kind of close", "bp of NAV (log)", "")
    listed = ", ".join(
        f"{name} {value:.0f}" + ("" if np.isnan(clock) else f" (from the clock alone {clock:.0f})")
        for name, value, clock in zip(names, seen, expected, strict=True)
    )
    figure.alt = f"Mean absolute premium of {ticker} by kind of close, basis points: {listed}."
    return figure

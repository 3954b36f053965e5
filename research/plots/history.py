"""Figures of a history: premium, rolling tracking error, and tracking error by horizon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import dates as mdates
from matplotlib.ticker import LogLocator, NullFormatter

from research.alignment.history import Basis, History
from research.conventions import BASIS_POINT
from research.errors import MissingColumnError
from research.metrics import horizon_tracking_error_of_level, rolling_tracking_error
from research.plots.figure import DescribedFigure, axes_grid, date_axis, drawing, label_axes

__all__ = ["horizon_curve", "premium", "rolling"]

_COLOUR = {"nav": "#d55e00", "price": "#0072b2"}
_LABEL = {"nav": "net asset value", "price": "market price"}


def premium(history: History) -> DescribedFigure:
    """Draw the premium through time and its distribution, with closes that a screen flags.

    Parameters
    ----------
    history : History
        With a market close.

    Returns
    -------
    DescribedFigure
        Basis points of net asset value.

    Raises
    ------
    MissingColumnError
        If the fund has no closes.
    """
    if "close" not in history.frame:
        raise MissingColumnError(f"{history.fund.ticker} has no market close, so it has no premium to draw")
    values = history.premium / BASIS_POINT
    found = [item for item in history.findings if item.rule == "stale_value" and item.series == "close"]
    flagged = {item.session: float(values.loc[item.session]) for item in found if item.session is not None}
    # A single stale close would flatten two years of premium: the axis follows the bulk, the arrow names the point.
    usual = values.drop(list(flagged)).dropna()
    limit = 1.15 * float(usual.abs().max())
    with drawing():
        figure, grid = axes_grid(1, 2, height=3.2, width_ratios=[4, 1], sharey=True)
        through, spread = grid[0]
        through.plot(values.index, values.clip(-limit, limit), color=_COLOUR["price"], lw=0.8)
        through.axhline(
            float(usual.mean()),
            color="#333333",
            lw=0.9,
            ls="--",
            label=f"mean {usual.mean():+.1f} bp{', flagged closes apart' if flagged else ''}",
        )
        through.set_ylim(-limit, limit)
        for session, value in flagged.items():
            at = float(np.clip(value, -limit, limit))
            note = f"{session:%Y-%m-%d}\n{value:+.0f} bp, stale close"
            through.annotate(
                note,
                (mdates.date2num(session), at),  # type: ignore[no-untyped-call]
                xytext=(-12, -4 if at > 0 else 4),
                textcoords="offset points",
                ha="right",
                va="top" if at > 0 else "bottom",
                fontsize=8.5,
                arrowprops={"arrowstyle": "->", "color": "#a00000"},
                color="#a00000",
            )
        through.legend(loc="lower left")
        date_axis(through)
        label_axes(through, f"Premium (+) or discount (−) of {history.fund.ticker}", "session", "bp of NAV (log)")
        spread.hist(usual, bins=40, orientation="horizontal", color=_COLOUR["price"])
        label_axes(spread, "How often", "sessions", "")
    figure.alt = (
        f"Premium of {history.fund.ticker} through time in basis points: mean {usual.mean():+.1f}, standard deviation "
        f"{usual.std():.1f}, largest {usual.max():+.0f}, smallest {usual.min():+.0f}, flagged closes apart."
    )
    if flagged:
        dates = ", ".join(f"{session:%Y-%m-%d} at {value:+.0f} bp" for session, value in flagged.items())
        figure.alt += f" Stale closes: {dates}."
    return figure


def rolling(
    history: History, windows: Sequence[int] = (60, 90), periods_per_year: float | None = None
) -> DescribedFigure:
    """Draw the rolling tracking error on every basis the fund has.

    Parameters
    ----------
    history : History
        Aligned history.
    windows : sequence of int
        Sessions in a window; of a history of weeks or months, weeks or months.
    periods_per_year : float, optional
        Sessions a year, for annualising; by default those of the history.

    Returns
    -------
    DescribedFigure
        One panel a basis, basis points a year.
    """
    described = []
    periods = history.periods_per_year if periods_per_year is None else periods_per_year
    with drawing():
        figure, grid = axes_grid(len(history.bases), 1, height=0.6 + 2.1 * len(history.bases), sharex=True)
        for axes, basis in zip(grid[:, 0], history.bases, strict=True):
            returns = history.nav_returns if basis == "nav" else history.price_returns
            for window, style in zip(windows, ("-", "--", ":", "-.") * len(windows), strict=False):
                values = _rolling(returns, history.target_returns, window, periods)
                axes.plot(values.index, values, style, color=_COLOUR[basis], label=f"{window} {history.period}s")
                if values.notna().any():
                    last = values.dropna()
                    described.append(
                        f"{_LABEL[basis]} over {window} {history.period}s from {last.min():.2f} to {last.max():.2f} bp"
                    )
            axes.legend(loc="best", ncols=len(windows))
            axes.set_ylim(bottom=0.0)
            label_axes(axes, f"Rolling tracking error of {history.fund.ticker}, {_LABEL[basis]}", "", "bp a year")
        grid[-1, 0].set_xlabel(f"{history.period} at the end of the window")
        date_axis(grid[-1, 0])
    figure.alt = f"Rolling tracking error of {history.fund.ticker}, basis points a year: {'; '.join(described)}."
    return figure


def _rolling(fund: pd.Series, benchmark: pd.Series, window: int, periods_per_year: float) -> pd.Series:
    values = rolling_tracking_error(fund, benchmark, window=window, periods_per_year=periods_per_year)
    return values / BASIS_POINT


def horizon_curve(
    history: History,
    horizons: Sequence[int] = (1, 2, 3, 5, 10, 21, 42, 63),
    periods_per_year: float | None = None,
) -> DescribedFigure:
    """Draw annualised tracking error against the horizon over which returns are compared.

    Parameters
    ----------
    history : History
        Aligned history.
    horizons : sequence of int
        Sessions; of a history of weeks or months, weeks or months.
    periods_per_year : float, optional
        Sessions a year, for annualising; by default those of the history.

    Returns
    -------
    DescribedFigure
        Both axes logarithmic. Noise that comes back falls like 1/√h (grey); what accumulates stays or rises.
    """
    described = []
    periods = history.periods_per_year if periods_per_year is None else periods_per_year
    with drawing():
        figure, grid = axes_grid(1, 1, height=3.4)
        axes = grid[0, 0]
        for basis in history.bases:
            values = _by_horizon(history, basis, horizons, periods)
            axes.plot(values.index, values, "o-", ms=4, color=_COLOUR[basis], label=_LABEL[basis])
            fallen = values.iloc[0] / np.sqrt(values.index.to_numpy() / values.index[0])
            label = "noise that comes back, 1/√h" if basis == history.bases[0] else None
            axes.plot(values.index, fallen, ":", color="#888888", label=label)
            described.append(f"{_LABEL[basis]} " + ", ".join(f"{v:.1f} bp at {h}" for h, v in values.items()))
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(list(horizons), [str(h) for h in horizons])
        axes.xaxis.set_minor_locator(LogLocator(subs=()))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.legend(loc="best")
        label_axes(
            axes, f"Tracking error of {history.fund.ticker} by horizon", f"horizon, {history.period}s", "bp a year"
        )
    figure.alt = f"Tracking error of {history.fund.ticker} by horizon in {history.period}s: {'; '.join(described)}."
    return figure


def _by_horizon(history: History, basis: Basis, horizons: Sequence[int], periods_per_year: float) -> pd.Series:
    level = history.divergence(basis)
    usable = [h for h in horizons if h + 2 < len(level)]
    values = horizon_tracking_error_of_level(level, horizons=usable, periods_per_year=periods_per_year)
    return pd.Series(values) / BASIS_POINT

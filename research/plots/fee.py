"""Figures of a fee: the level it drives, its estimators side by side, the smallest change that would show."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import NullLocator, ScalarFormatter
from scipy.special import ndtri

from research.alignment.history import History
from research.conventions import BASIS_POINT
from research.decomposition.regimes import FeeRegimes
from research.plots.figure import COLOURS, DescribedFigure, axes_grid, date_axis, drawing, label_axes

__all__ = ["estimator_whiskers", "fee_level", "power_curve"]


def fee_level(history: History, regimes: FeeRegimes) -> DescribedFigure:
    """Draw the divergence of net asset value with the stated fee and the fee found, and what neither explains.

    Parameters
    ----------
    history : History
        With a fund whose fee is known.
    regimes : FeeRegimes
        From `research.fee_regimes`.

    Returns
    -------
    DescribedFigure
        Basis points, cumulated from the first session.
    """
    index = pd.DatetimeIndex(history.frame.index)
    level = history.divergence("nav")
    level = (level - level.iloc[0]) / BASIS_POINT
    stated = history.fund.fee_accrual(index, history.frame.get("assets")) / BASIS_POINT
    clocks = regimes.fit.drivers.iloc[:, : len(regimes.regimes)]
    found = pd.Series(clocks.to_numpy() @ regimes.fit.params.iloc[: len(regimes.regimes)].to_numpy(), index)
    found = (found - found.iloc[0]) / BASIS_POINT
    with drawing():
        figure, grid = axes_grid(2, 1, height=4.8, sharex=True, height_ratios=[2, 1])
        above, below = grid[:, 0]
        above.plot(index, level, color=COLOURS["total"], lw=1.0, label="net asset value less index")
        above.plot(index, stated, color="#56b4e9", lw=2.4, alpha=0.7, label="fee as stated")
        above.plot(index, found, "--", color=COLOURS["expense_ratio"], label="fee as found")
        for one in regimes.regimes[1:]:
            above.axvline(one.start, color="#888888", lw=0.8, ls=":")
        above.legend(loc="lower left")
        label_axes(above, f"{history.fund.ticker}: what the fee took", "", "bp, cumulated (log)")
        rest = regimes.fit.residual_level / BASIS_POINT
        others = regimes.fit.drivers.shape[1] > len(regimes.regimes)
        below.plot(
            index, level - found, color=COLOURS["accrued_fee" if others else "unexplained"], lw=0.9, label="by the fee"
        )
        if others:
            below.plot(rest.index, rest, color=COLOURS["unexplained"], lw=0.9, label="by all drivers")
            below.legend(loc="best", ncols=2)
        below.axhline(0.0, color="#333333", lw=0.6)
        label_axes(below, "What is left", "session", "bp")
        date_axis(below)
    figure.alt = (
        f"Cumulated log divergence of {history.fund.ticker}'s net asset value from its index, ending at "
        f"{level.iloc[-1]:+.1f} bp; the stated fee ends at {stated.iloc[-1]:+.1f} bp and the fee found at "
        f"{found.iloc[-1]:+.1f} bp; the fee leaves {float((level - found).std()):.2f} bp "
        f"(standard deviation), all drivers {float(rest.std()):.2f}."
    )
    return figure


def estimator_whiskers(
    rates: pd.DataFrame, stated: float, ticker: str, period: str, confidence: float = 0.95
) -> DescribedFigure:
    """Draw one period's fee by each estimator with its interval.

    Parameters
    ----------
    rates : pandas.DataFrame
        Rows estimators, columns ``rate`` and ``std_error`` (fractions a year); NaN for no error.
    stated : float
        Stated fee, a fraction a year.
    ticker, period : str
        For the title.
    confidence : float
        Nominal coverage of the whiskers (normal).

    Returns
    -------
    DescribedFigure
        Basis points a year. Right panel: only those within five times the first, so that the narrow ones can be seen.
    """
    half = float(ndtri(0.5 + confidence / 2)) * rates["std_error"] / BASIS_POINT
    values = rates["rate"] / BASIS_POINT
    narrow = half <= 5.0 * float(half.iloc[0])
    with drawing():
        figure, grid = axes_grid(1, 2, height=2.9, sharey=True)
        places = np.arange(len(rates))[::-1]
        for axes, shown in zip(grid[0], (np.ones(len(rates), dtype=bool), narrow.to_numpy()), strict=True):
            axes.errorbar(
                values[shown], places[shown], xerr=half[shown].fillna(0.0), fmt="o", ms=4, color="#0072b2", capsize=3
            )
            axes.axvline(stated / BASIS_POINT, color=COLOURS["expense_ratio"], ls="--", lw=1.0, label="stated")
            axes.grid(visible=False, axis="y")
            axes.margins(y=0.12)
        grid[0, 0].set_yticks(places, list(rates.index))
        grid[0, 0].legend(loc="best")
        label_axes(grid[0, 0], f"Fee of {ticker} from {period.split(maxsplit=1)[0]}", "bp a year", "")
        label_axes(grid[0, 1], "The narrow ones, enlarged", "bp a year", "")
    listed = ", ".join(
        f"{name} {value:.1f}" + ("" if np.isnan(error) else f" ± {error:.1f}")
        for name, value, error in zip(rates.index, values, rates["std_error"] / BASIS_POINT, strict=True)
    )
    figure.alt = (
        f"Fee of {ticker} from {period} by estimator, basis points a year with standard errors: {listed}; stated "
        f"{stated / BASIS_POINT:.1f}."
    )
    return figure


def power_curve(detectable: pd.Series, ticker: str) -> DescribedFigure:
    """Draw the smallest change of the fee that would show against the sessions since it.

    Parameters
    ----------
    detectable : pandas.Series
        Fraction a year by sessions, from `research.decomposition.breaks.detectable_change`.
    ticker : str
        For the title.

    Returns
    -------
    DescribedFigure
        Both axes logarithmic.
    """
    values = detectable / BASIS_POINT
    with drawing():
        figure, grid = axes_grid(1, 1, height=3.0)
        axes = grid[0, 0]
        axes.plot(values.index, values, "o-", ms=4, color=COLOURS["expense_ratio"])
        for sessions, value in values.items():
            axes.annotate(_short(value), (sessions, value), xytext=(4, 5), textcoords="offset points", fontsize=9)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(list(values.index), [str(h) for h in values.index])
        axes.margins(x=0.08, y=0.15)
        steps = [step * 10.0**power for power in range(-4, 5) for step in (1, 2, 5)]
        axes.set_yticks([step for step in steps if 0.7 * values.min() <= step <= 1.4 * values.max()])
        axes.yaxis.set_major_formatter(ScalarFormatter())
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_minor_locator(NullLocator())
        label_axes(axes, f"Smallest change of {ticker}'s fee that would show", "sessions since the change", "bp a year")
    listed = ", ".join(f"{_short(value)} bp after {sessions}" for sessions, value in values.items())
    figure.alt = f"Smallest change of the fee of {ticker} that would show, by sessions since the change: {listed}."
    return figure


def _short(value: float) -> str:
    """Return a number with two digits, or whole where it has more."""
    return f"{value:,.0f}" if value >= 10.0 else f"{value:.2g}"

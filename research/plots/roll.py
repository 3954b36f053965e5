"""Figures of a futures roll: basis through time, average curve, parts cumulated, and held against spliced."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from research.conventions import BASIS_POINT
from research.decomposition.result import Decomposition
from research.plots.decomposition import cumulated_parts
from research.plots.figure import COLOURS, DescribedFigure, axes_grid, date_axis, drawing, label_axes

__all__ = ["basis_through_time", "curve_shape", "roll_parts", "spliced_against_held"]

_PARTS = ("roll_yield", "curve_shift", "roll_cost", "collateral", "expense_ratio")


def basis_through_time(basis: pd.Series, ticker: str) -> DescribedFigure:
    """Draw the annualised basis of what is held, contango above zero and backwardation below.

    Parameters
    ----------
    basis : pandas.Series
        Fraction a year by session.
    ticker : str
        For the title.

    Returns
    -------
    DescribedFigure
        Percent a year, and how often.
    """
    values = 100 * basis
    with drawing():
        figure, grid = axes_grid(1, 2, height=3.1, width_ratios=[4, 1], sharey=True)
        through, spread = grid[0]
        through.plot(values.index, values, color=COLOURS["roll_yield"], lw=0.9)
        through.fill_between(
            values.index, 0.0, values.clip(lower=0.0), color="#d55e00", alpha=0.18, lw=0, label="contango"
        )
        through.fill_between(
            values.index, 0.0, values.clip(upper=0.0), color="#0072b2", alpha=0.25, lw=0, label="backwardation"
        )
        through.axhline(float(values.mean()), color="#333333", ls="--", lw=0.9, label=f"mean {values.mean():+.1f} %")
        through.legend(loc="upper left", ncols=3)
        through.margins(y=0.18)
        date_axis(through)
        label_axes(through, f"Annualised basis of the contracts that {ticker} holds", "session", "% a year")
        spread.hist(values, bins=40, orientation="horizontal", color=COLOURS["roll_yield"])
        label_axes(spread, "How often", "intervals", "")
    figure.alt = (
        f"Annualised basis of the contracts that {ticker} holds, percent a year: mean {values.mean():+.1f}, from "
        f"{values.min():+.1f} to {values.max():+.1f}; above zero (contango) in {float((values > 0).mean()):.0%} of "
        "intervals."
    )
    return figure


def curve_shape(ranks: Mapping[int, tuple[pd.Series, pd.Series]], ticker: str) -> DescribedFigure:
    """Draw the average annualised basis by time to expiry, with its middle nine tenths.

    Parameters
    ----------
    ranks : mapping of int to (days, basis)
        Days to expiry and annualised basis (fractions) by session, for each rank.
    ticker : str
        For the title.

    Returns
    -------
    DescribedFigure
        Percent a year against days.
    """
    days = [float(part[0].mean()) for part in ranks.values()]
    means = [100 * float(part[1].mean()) for part in ranks.values()]
    low, high = ([100 * float(part[1].quantile(q)) for part in ranks.values()] for q in (0.05, 0.95))
    with drawing():
        figure, grid = axes_grid(1, 1, height=3.0)
        axes = grid[0, 0]
        axes.vlines(
            days, low, high, color=COLOURS["roll_yield"], lw=5, alpha=0.35, label="middle nine tenths of sessions"
        )
        axes.plot(days, means, "o-", ms=5, color=COLOURS["roll_yield"], label="mean")
        for rank, at, mean in zip(ranks, days, means, strict=True):
            axes.annotate(f"contract {rank}", (at, mean), xytext=(8, 6), textcoords="offset points", fontsize=9)
        axes.axhline(0.0, color="#333333", lw=0.6)
        axes.margins(x=0.15, y=0.12)
        axes.legend(loc="best")
        label_axes(axes, f"Average curve of {ticker}", "days to expiry, mean", "basis, % a year")
    listed = ", ".join(
        f"contract {rank} {mean:+.1f} ({a:+.1f} to {b:+.1f})"
        for rank, mean, a, b in zip(ranks, means, low, high, strict=True)
    )
    figure.alt = (
        f"Average annualised basis of {ticker} by contract, percent a year, with the middle nine tenths: {listed}."
    )
    return figure


def roll_parts(result: Decomposition) -> DescribedFigure:
    """Draw carry, shift, cost, collateral and fee cumulated, and the divergence beside their sum.

    Parameters
    ----------
    result : Decomposition
        On NAV basis.

    Returns
    -------
    DescribedFigure
        Percent (log); the lower panel is what is left, in basis points.
    """
    titles = {part.name: part.title for part in result.drivers}
    names = [name for name in _PARTS if name in result.components]
    left = result.components["unexplained"] / BASIS_POINT
    figure = cumulated_parts(
        (100 * result.components[names]).rename(columns=titles),
        100 * result.total,
        left,
        colours=[COLOURS[name] for name in names],
        title=f"{result.ticker}{' (simulated)' if result.simulated else ''}: what parts net asset value from spot",
        unit="%",
    )
    ends = ", ".join(f"{titles[name]} {100 * result.components[name].iloc[-1]:+.2f} %" for name in names)
    figure.alt = (
        f"Parts of the divergence of {result.ticker} from spot, cumulated: {ends}; divergence "
        f"{100 * result.total.iloc[-1]:+.2f} %; what is left ends at {left.iloc[-1]:+.1f} bp."
    )
    return figure


def spliced_against_held(held: pd.Series, booked: pd.Series, ticker: str) -> DescribedFigure:
    """Draw what the contracts held earned over spot, and what a spliced price would show.

    Parameters
    ----------
    held : pandas.Series
        Cumulated log return of the contracts held less that of spot.
    booked : pandas.Series
        What a spliced price adds to it at the rolls, cumulated, on the same labels.
    ticker : str
        For the title.

    Returns
    -------
    DescribedFigure
        Percent (log).
    """
    spliced = held + booked
    with drawing():
        figure, grid = axes_grid(1, 1, height=3.0)
        axes = grid[0, 0]
        axes.plot(held.index, 100 * held, color=COLOURS["roll_yield"], label="contracts held")
        axes.plot(spliced.index, 100 * spliced, "--", color="#a00000", label="spliced price (wrong)")
        axes.axhline(0.0, color="#999999", lw=0.6)
        axes.legend(loc="lower left")
        date_axis(axes)
        label_axes(axes, f"{ticker}: futures over spot", "session", "%, cumulated (log)")
    figure.alt = (
        f"Futures over spot for {ticker}, cumulated: the contracts held end at {100 * held.iloc[-1]:+.1f} %, a spliced "
        f"price at {100 * spliced.iloc[-1]:+.1f} %; the difference is the spreads at the rolls, which nobody earned."
    )
    return figure

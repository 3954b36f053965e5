"""Figures of clocks: offsets by period, what hours cost, and correlations by lead and lag."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.conventions import BASIS_POINT, SESSIONS_PER_YEAR
from research.plots.figure import COLOURS, DescribedFigure, axes_grid, drawing, label_axes

__all__ = ["cost_of_hours", "lead_lag", "offset_by_period"]

Array = npt.NDArray[np.float64]

_MARKS = ("#0072b2", "#d55e00", "#117733")


def offset_by_period(pairs: Mapping[str, tuple[pd.DataFrame, float, float]]) -> DescribedFigure:
    """Draw each pair's offset by period, with the offset of the whole sample and what the labels say.

    Parameters
    ----------
    pairs : mapping of str to (periods, hours, expected)
        ``hours`` and ``std_error`` by the end of each period; hours of the whole sample; hours by the labels (NaN where
        there are none).

    Returns
    -------
    DescribedFigure
        Hours, one panel a pair; whiskers are ± 2 standard errors.
    """
    described = []
    with drawing():
        figure, grid = axes_grid(len(pairs), 1, height=0.7 + 2.0 * len(pairs))
        for axes, (name, (periods, hours, expected)) in zip(grid[:, 0], pairs.items(), strict=True):
            places = np.arange(len(periods))
            values = periods["hours"].astype(float)
            axes.errorbar(
                places,
                values,
                yerr=2.0 * periods["std_error"].astype(float),
                fmt="o",
                ms=4,
                capsize=3,
                color=COLOURS["clock"],
            )
            axes.axhline(hours, color="#333333", ls="--", lw=0.9, label=f"whole sample {hours:+.2g}")
            if np.isfinite(expected) and abs(expected - hours) > 0.01:
                axes.axhline(
                    expected, color=COLOURS["expense_ratio"], ls=":", lw=1.2, label=f"by the labels {expected:+.2f}"
                )
            axes.set_xticks(places, [f"{pd.Timestamp(str(end)):%Y-%m}" for end in periods.index])
            axes.margins(x=0.05, y=0.25)
            axes.legend(loc="upper left", ncols=2)
            title = f"{name[0].upper()}{name[1:]}: hours from the first to the second"
            label_axes(axes, title, "", "hours")
            described.append(f"{name} from {values.min():+.2g} to {values.max():+.2g}, whole sample {hours:+.2g}")
        grid[-1, 0].set_xlabel("end of the period")
    figure.alt = f"Clock offset by period in hours: {'; '.join(described)}."
    return figure


def cost_of_hours(
    hour_variance: float,
    marks: Mapping[str, float],
    most: float,
    ticker: str,
    *,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> DescribedFigure:
    """Draw the tracking error that an offset makes by itself against its hours, with the offsets found.

    Parameters
    ----------
    hour_variance : float
        Variance of the benchmark's log return in an hour.
    marks : mapping of str to float
        Hours found, by pair.
    most : float
        Right end of the axis.
    ticker : str
        For the title.
    periods_per_year : float
        Sessions a year, such as ``History.periods_per_year``.

    Returns
    -------
    DescribedFigure
        Basis points a year.
    """
    grid_of = np.linspace(0.0, 1.1 * most, 200)

    def cost(hours: Array, sessions: int) -> Array:
        return np.asarray(np.sqrt(2.0 * hours * hour_variance * periods_per_year / sessions) / BASIS_POINT)

    def at(hours: float, sessions: int = 1) -> float:
        return float(cost(np.array(hours), sessions))

    with drawing():
        figure, grid = axes_grid(1, 1, height=3.4)
        axes = grid[0, 0]
        axes.plot(grid_of, cost(grid_of, 1), color=COLOURS["clock"], label="from daily returns")
        axes.plot(grid_of, cost(grid_of, 21), "--", color=COLOURS["clock"], label="over 21 sessions")
        for colour, (name, hours) in zip(_MARKS, marks.items(), strict=False):
            axes.plot([hours], [at(hours)], "D", ms=7, color=colour, mec="black", label=name)
        axes.set_ylim(bottom=0.0)
        axes.legend(loc="best", fontsize=9)
        label_axes(axes, f"Tracking error of {ticker} that an offset makes by itself", "hours apart", "bp a year")
    listed = ", ".join(f"{name} {hours:.2f} hours, {at(hours):,.0f} bp" for name, hours in marks.items())
    figure.alt = (
        f"Tracking error that an offset makes by itself, basis points a year: {at(1.0):,.0f} at one hour "
        "from "
        f"daily returns, {at(1.0, 21):,.0f} over 21 sessions; found: {listed}."
    )
    return figure


def lead_lag(correlations: pd.DataFrame, ticker: str) -> DescribedFigure:
    """Draw the correlation of the fund's return with the benchmark's, some sessions earlier and later.

    Parameters
    ----------
    correlations : pandas.DataFrame
        One column a series, indexed by the sessions by which the benchmark is moved.
    ticker : str
        For the title.

    Returns
    -------
    DescribedFigure
        Correlation; equal clocks have one bar.
    """
    lags = [int(lag) for lag in correlations.index]
    width = 0.7 / correlations.shape[1]
    with drawing():
        figure, grid = axes_grid(1, 1, height=2.9)
        axes = grid[0, 0]
        for at, (name, colour) in enumerate(zip(correlations, _MARKS, strict=False)):
            where = np.arange(len(lags)) + (at - (correlations.shape[1] - 1) / 2) * width
            axes.bar(where, correlations[name], width=0.9 * width, color=colour, label=str(name))
        axes.axhline(0.0, color="#333333", lw=0.6)
        axes.set_xticks(range(len(lags)), [_label(lag) for lag in lags])
        axes.grid(visible=False, axis="x")
        if correlations.shape[1] > 1:
            axes.legend(loc="best")
        label_axes(
            axes, f"{ticker}'s return and the benchmark's of another session", "benchmark's session", "correlation"
        )
    described = "; ".join(
        f"{name}: "
        + ", ".join(f"{value:+.2f} at {lag:+d}" for lag, value in zip(lags, correlations[name], strict=True))
        for name in correlations
    )
    figure.alt = f"Correlation of {ticker}'s daily return with the benchmark's, sessions later: {described}."
    return figure


def _label(lag: int) -> str:
    if lag == 0:
        return "same"
    return f"{abs(lag)} {'before' if lag > 0 else 'after'}"

"""Figures of a check of data: what became of every day, and where the screens fired."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib import dates as mdates

from research.alignment.history import History
from research.conventions import BASIS_POINT
from research.plots.figure import DescribedFigure, axes_grid, date_axis, drawing, label_axes

__all__ = ["days_strip", "findings_marked"]

_STATES: Final = (
    ("kept", "#0072b2"),
    ("weekend", "#d9d9d9"),
    ("holiday", "#b0b0b0"),
    ("before_listing", "#efe6c8"),
    ("before_start", "#efe6c8"),
    ("after_end", "#efe6c8"),
    ("not_sampled", "#cfe2f1"),
    ("missing_value", "#d55e00"),
    ("no_row", "#a00000"),
    ("masked_stale_close", "#cc79a7"),
    ("masked_spike_close", "#cc79a7"),
    ("masked_session", "#8b3a6b"),
)

_MARKS: Final = (("error", "#a00000", "X"), ("warning", "#d55e00", "o"), ("note", "#777777", "|"))


def days_strip(history: History) -> DescribedFigure:
    """Draw what became of every day of the files: one mark a day, one line a reason.

    Parameters
    ----------
    history : History
        With its loss report.

    Returns
    -------
    DescribedFigure
    """
    days = {"kept": pd.DatetimeIndex(history.frame.index)}
    dropped = history.losses.dropped
    for name, _ in _STATES[1:]:
        found = pd.DatetimeIndex(dropped.loc[dropped["rule"] == name, "date"])
        if len(found):
            days[name] = found
    colours = dict(_STATES)
    with drawing():
        figure, grid = axes_grid(1, 1, height=1.1 + 0.32 * len(days))
        axes = grid[0, 0]
        for place, (name, labels) in enumerate(days.items()):
            at = mdates.date2num(labels.to_pydatetime())  # type: ignore[no-untyped-call]
            axes.vlines(at, place - 0.38, place + 0.38, color=colours[name], lw=0.9)
        names = [f"{name.replace('_', ' ')} ({len(labels):,})" for name, labels in days.items()]
        axes.set_yticks(range(len(days)), names)
        axes.invert_yaxis()
        axes.xaxis_date()
        date_axis(axes)
        label_axes(axes, f"What became of each day of the files of {history.fund.ticker}", "day", "")
    counts = ", ".join(f"{name.replace('_', ' ')} {len(labels)}" for name, labels in days.items())
    figure.alt = f"Days of {history.fund.ticker} by what became of them: {counts}."
    return figure


def findings_marked(history: History) -> DescribedFigure:
    """Draw the premium, or the divergence where there is no close, with every session that a screen names.

    Parameters
    ----------
    history : History
        With its findings.

    Returns
    -------
    DescribedFigure
        Basis points.
    """
    has_close = "close" in history.frame
    level = history.divergence("nav")
    values = (history.premium if has_close else level - level.iloc[0]) / BASIS_POINT
    what = "premium" if has_close else "divergence from the benchmark"
    dated = [(session, item) for item in history.findings for session in item.sessions if session in values.index]
    with drawing():
        figure, grid = axes_grid(1, 1, height=3.2)
        axes = grid[0, 0]
        axes.plot(values.index, values, color="#0072b2", lw=0.8)
        for severity, colour, mark in _MARKS:
            days = pd.DatetimeIndex(sorted({session for session, item in dated if item.severity == severity}))
            if len(days):
                at = mdates.date2num(days.to_pydatetime())  # type: ignore[no-untyped-call]
                heights = np.nan_to_num(values.reindex(days).to_numpy(dtype=np.float64))
                label = f"{severity} ({len(days)})"
                axes.scatter(at, heights, color=colour, marker=mark, s=42, zorder=3, label=label)
        if dated:
            axes.legend(loc="best")
        date_axis(axes)
        label_axes(axes, f"Sessions that a screen names, on the {what} of {history.fund.ticker}", "session", "bp (log)")
    listed = "; ".join(f"{session:%Y-%m-%d} {item.rule}" for session, item in dated[:8]) or "none"
    figure.alt = f"The {what} of {history.fund.ticker} in basis points; sessions that a screen names: {listed}."
    return figure

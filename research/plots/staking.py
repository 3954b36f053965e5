"""Figures of staking: yield and share, parts cumulated, tax scenarios, and the protocol's issuance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from research.conventions import BASIS_POINT
from research.decomposition.result import Decomposition
from research.drivers.issuance import expected_staking_yield
from research.plots.decomposition import cumulated_parts
from research.plots.figure import COLOURS, DescribedFigure, axes_grid, date_axis, drawing, label_axes
from research.tables import unsigned_zero

__all__ = ["issuance_curve", "staking_parts", "staking_scenario_bars", "staking_through_time"]


def staking_through_time(yields: pd.Series, shares: pd.Series, ticker: str) -> DescribedFigure:
    """Draw gross reward on staked coins and staked share by session.

    Parameters
    ----------
    yields, shares : pandas.Series
        Fractions.
    ticker : str
        For the title.

    Returns
    -------
    DescribedFigure
        Percent a year, and percent of coins.
    """
    with drawing():
        figure, grid = axes_grid(2, 1, height=4.0, sharex=True)
        above, below = grid[:, 0]
        above.plot(yields.index, 100 * yields, color=COLOURS["staking_reward"], lw=0.9)
        above.set_ylim(bottom=0.0)
        label_axes(above, f"{ticker}: gross reward on staked coins", "", "% a year")
        below.plot(shares.index, 100 * shares, color=COLOURS["staking_fee"], lw=0.9)
        below.set_ylim(0.0, 100.0)
        label_axes(below, "Staked share", "session", "% of coins")
        date_axis(below)
    figure.alt = (
        f"{ticker}: gross reward on staked coins from {100 * yields.min():.2f} to {100 * yields.max():.2f} percent a "
        "year, "
        f"mean {100 * yields.mean():.2f}; staked share from {100 * shares.min():.0f} to {100 * shares.max():.0f} "
        "percent."
    )
    return figure


def staking_parts(result: Decomposition) -> DescribedFigure:
    """Draw reward, staking fee, tax and expense ratio cumulated, and the divergence beside them.

    Parameters
    ----------
    result : Decomposition
        On NAV basis.

    Returns
    -------
    DescribedFigure
        Basis points, cumulated; the lower panel is what is left.
    """
    titles = {part.name: part.title for part in result.drivers}
    total, left = result.total / BASIS_POINT, result.components["unexplained"] / BASIS_POINT
    name = f"{result.ticker} (simulated)" if result.simulated else result.ticker
    figure = cumulated_parts(
        (result.components[list(titles)] / BASIS_POINT).rename(columns=titles),
        total,
        left,
        colours=[COLOURS.get(driver, "#444444") for driver in titles],
        title=f"{name}: what parts net asset value from the benchmark",
        unit="bp",
        legend="upper left",
    )
    ends = ", ".join(
        f"{title} {result.components[name].iloc[-1] / BASIS_POINT:+.0f} bp" for name, title in titles.items()
    )
    figure.alt = (
        f"Parts of the divergence of {result.ticker}, cumulated: {ends}; divergence {total.iloc[-1]:+.0f} bp; what is "
        "left "
        f"ends at {left.iloc[-1]:+.1f} bp."
    )
    return figure


def staking_scenario_bars(scenarios: pd.DataFrame, ticker: str) -> DescribedFigure:
    """Draw gross reward, deductions and what is left, one group of bars a tax scenario.

    Parameters
    ----------
    scenarios : pandas.DataFrame
        Frame of `research.drivers.staking_scenarios`, basis points a year.
    ticker : str
        For the title.

    Returns
    -------
    DescribedFigure
        Basis points of net asset value a year.
    """
    rows = {
        "gross reward": COLOURS["staking_reward"],
        "staking fee": COLOURS["staking_fee"],
        "staking tax": COLOURS["staking_tax"],
        "expense ratio": COLOURS["expense_ratio"],
        "net yield": COLOURS["total"],
    }
    places = np.arange(scenarios.shape[1])
    width = 0.8 / len(rows)
    with drawing():
        figure, grid = axes_grid(1, 1, height=3.6)
        axes = grid[0, 0]
        for at, (name, colour) in enumerate(rows.items()):
            values = scenarios.loc[name].to_numpy(dtype=float)
            where = places + (at - (len(rows) - 1) / 2) * width
            axes.bar(where, values, width=0.9 * width, color=colour, label=name)
            for x, value in zip(where, values, strict=True):
                axes.annotate(
                    unsigned_zero(f"{value:+.0f}"),
                    (x, value),
                    xytext=(0, 3 if value >= 0 else -3),
                    textcoords="offset points",
                    ha="center",
                    va="bottom" if value >= 0 else "top",
                    fontsize=8.5,
                )
        axes.axhline(0.0, color="#333333", lw=0.8)
        axes.set_xticks(places, list(scenarios.columns))
        axes.grid(visible=False, axis="x")
        axes.use_sticky_edges = False
        axes.margins(y=0.22)
        axes.legend(loc="upper center", ncols=len(rows), fontsize=9)
        label_axes(axes, f"{ticker}: what is left of the reward, by tax scenario", "", "bp of NAV a year")
    listed = "; ".join(f"{name}: net yield {value:+.0f}" for name, value in scenarios.loc["net yield"].items())
    figure.alt = f"Staking of {ticker} by tax scenario, basis points of net asset value a year: {listed}."
    return figure


def issuance_curve(staked: float, scale: float, own: float, ticker: str) -> DescribedFigure:
    """Draw the yield that the protocol's issuance gives by ether staked, and where a fund's own reward stands.

    Parameters
    ----------
    staked : float
        Ether staked in the network.
    scale : float
        Expected yield at that number over the highest that issuance allows: participation and priority fees.
    own : float
        The fund's gross reward on staked coins, a fraction a year.
    ticker : str
        For the labels.

    Returns
    -------
    DescribedFigure
        Percent a year against million ether.
    """
    grid_of = np.linspace(0.4, 1.8, 57) * staked
    curve = np.array([expected_staking_yield(float(ether)) for ether in grid_of]) * scale
    at = expected_staking_yield(staked) * scale
    with drawing():
        figure, grid = axes_grid(1, 1, height=3.0)
        axes = grid[0, 0]
        axes.plot(grid_of / 1e6, 100 * curve, color=COLOURS["staking_reward"], label="issuance: 166.32·√S, shared by S")
        axes.plot([staked / 1e6], [100 * at], "o", color=COLOURS["total"], label=f"network: {100 * at:.2f} %")
        axes.axhline(100 * own, color=COLOURS["staking_fee"], ls="--", lw=1.0, label=f"{ticker}: {100 * own:.2f} %")
        axes.legend(loc="upper right")
        axes.set_ylim(bottom=0.0)
        label_axes(axes, "Yield on staked ether to expect", "ether staked in the network, million", "% a year")
    figure.alt = (
        "Yield on staked ether that the protocol's issuance leads one to expect, falling with the root of what is "
        "staked: "
        f"{100 * at:.2f} percent a year at {staked / 1e6:.1f} million ether; the reward of {ticker} is "
        f"{100 * own:.2f} percent."
    )
    return figure

"""Figure of a coverage study: how often intervals held, by driver and kind of noise."""

from __future__ import annotations

import numpy as np

from research.plots.figure import COLOURS, DescribedFigure, axes_grid, drawing, label_axes
from research.simulation.coverage import CoverageStudy

__all__ = ["coverage_chart"]


def coverage_chart(study: CoverageStudy, basis: str = "nav") -> DescribedFigure:
    """Draw each driver's coverage with its Monte-Carlo interval, one row a kind of noise.

    Parameters
    ----------
    study : CoverageStudy
        From `research.simulation.coverage_study`.
    basis : {"nav", "price"}
        Which decomposition is shown.

    Returns
    -------
    DescribedFigure
        Percent of intervals that hold the truth; shaded, three points around the nominal.
    """
    frame = study.frame[study.frame["basis"] == basis]
    noises, drivers = list(dict.fromkeys(frame["noise"])), list(dict.fromkeys(frame["driver"]))
    nominal = 100 * study.confidence
    with drawing():
        figure, grid = axes_grid(1, 1, height=1.4 + 0.16 * len(frame) + 0.25 * len(noises))
        axes = grid[0, 0]
        axes.axvspan(nominal - 3, nominal + 3, color="#dddddd", lw=0)
        axes.axvline(nominal, color="#333333", lw=0.8)
        step = 0.7 / max(len(drivers), 1)
        for place, driver in enumerate(drivers):
            rows = frame[frame["driver"] == driver]
            heights = (
                np.array([noises.index(noise) for noise in rows["noise"]]) + (place - (len(drivers) - 1) / 2) * step
            )
            at = 100 * rows["coverage"].to_numpy()
            low, high = at - 100 * rows["lower"].to_numpy(), 100 * rows["upper"].to_numpy() - at
            colour = COLOURS.get(driver, "#444444")
            axes.errorbar(
                at, heights, xerr=np.maximum([low, high], 0.0), fmt="o", ms=4, color=colour, lw=1, label=driver
            )
        axes.set_yticks(range(len(noises)), [noise.replace("_", " ") for noise in noises])
        axes.invert_yaxis()
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=8.5)
        name = "net asset value" if basis == "nav" else "market price"
        label_axes(
            axes, f"Coverage of {study.confidence:.0%} intervals, {name}", "intervals that hold the truth, %", ""
        )
        axes.set_ylabel("kind of noise")
    known = frame[frame["coverage"].notna()]
    shares = zip(known["noise"], known["driver"], 100 * known["coverage"], strict=True)
    listed = "; ".join(f"{noise} {driver} {share:.1f}" for noise, driver, share in shares)
    alt = f"Coverage in percent of {nominal:.0f} % intervals from {study.draws} simulated funds each: {listed}."
    figure.alt = alt if len(alt) < 580 else f"{alt[:570]} …"
    return figure

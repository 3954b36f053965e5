"""What every report of this package's notebooks does first; imported by the process that reports are forked from."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import research
from research.reporting.warm import attempt

_LIBRARIES: Final = (
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "pandas.core.reshape.reshape",
    "pandas.io.formats.string",
    "PIL.PngImagePlugin",
    "scipy.stats",
    "scipy.optimize",
    "statsmodels.base.covtype",
    "statsmodels.regression.linear_model",
    "statsmodels.stats.sandwich_covariance",
)
_ROOMS: Final = ("alignment", "metrics", "drivers", "decomposition", "simulation", "plots", "analyses")
"""Rooms that notebooks enter whole; of the loaders each takes what its data need."""


def _modules() -> Iterator[str]:
    for room in _ROOMS:
        folders = [str(Path(folder) / room) for folder in research.__path__]
        for module in pkgutil.walk_packages(folders, f"research.{room}.", onerror=lambda _: None):
            yield module.name


def _calendar() -> None:
    """Make the exchange's calendar over the years of the bundled data and of the contracts listed at their end.

    Before anything else: whoever asks for fewer years finds this one, and to make one takes a third of a second.
    """
    from research.alignment.sessions import sessions

    sessions("XNYS", "2024-01-02", "2027-12-31")


def _fund() -> None:
    """Load a bundled fund: what stays is the registry and what pandas compiles and caches."""
    research.load("ETHV")


def _fonts() -> None:
    """Draw a figure of the package: matplotlib looks for fonts and loads its parts when it first draws."""
    import pandas as pd

    from research.plots.figure import axes_grid, date_axis, drawing, label_axes

    with drawing():
        figure, grid = axes_grid(1, 1, height=2.0)
        days = pd.bdate_range("2024-01-02", periods=300)
        grid[0, 0].plot(days, range(len(days)), label="a")
        grid[0, 0].legend()
        label_axes(grid[0, 0], "title", "x", "y")
        date_axis(grid[0, 0])
    figure.to_png()


def _versions() -> None:
    """Read the versions of the libraries, which every report names."""
    from research.versions import versions

    versions()


def _steps() -> Iterator[str | Callable[[], object]]:
    """Yield what there is to do; to look for modules is to import their packages, so one after the other."""
    yield _calendar
    yield from _LIBRARIES
    yield from _modules()
    yield from (_fund, _fonts, _versions)


attempt(_steps())

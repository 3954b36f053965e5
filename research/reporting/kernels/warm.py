"""Do once what every kernel would do first: imports, fonts, the exchange calendar."""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

__all__ = ["other_threads", "warm"]

_LIBRARIES: Final = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "faulthandler",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "pandas.core.reshape.reshape",
    "pandas.io.formats.string",
    "PIL.PngImagePlugin",
    "scipy.stats",
    "scipy.optimize",
    "sqlite3",
    "statsmodels.base.covtype",
    "statsmodels.regression.linear_model",
    "statsmodels.stats.sandwich_covariance",
    "tornado.platform.asyncio",
    "zmq.utils.garbage",
)
_ROOMS: Final = ("alignment", "metrics", "drivers", "decomposition", "simulation", "plots", "reporting")
"""Rooms that notebooks enter whole; of the loaders each takes what its data need."""
_NOT_FOR_KERNELS: Final = ("research.reporting.kernels", "research.reporting.batch", "research.reporting.gallery")


def warm(wanted: Callable[[], bool] = lambda: True) -> bool:
    """Import what notebooks use and fill the caches that do not depend on data; return whether that is done.

    Nothing here may leave a thread, an open file or a changed setting behind: kernels inherit them all. Whatever cannot
    be imported is left to the kernels, which say so themselves.

    Parameters
    ----------
    wanted : callable
        Asked before each step whether somebody still waits. A process that is killed instead, in the middle of one,
        leaves behind what libraries were writing: a lock beside matplotlib's list of fonts, a folder for its settings.
    """
    shown, warnings.showwarning = warnings.showwarning, lambda *_, **__: None
    try:
        for step in _steps():
            if not wanted():
                return False
            # A warm-up must not be stricter than the kernels: whoever needs what failed here meets the error itself.
            with contextlib.suppress(Exception):
                step()
    finally:
        warnings.showwarning = shown
    _forget_warnings()
    return True


def _steps() -> Iterator[Callable[[], object]]:
    """Yield what there is to do, in an order in which nothing is done twice."""
    yield _calendar
    for name in (*_LIBRARIES, *_rooms()):
        yield partial(importlib.import_module, name)
    yield from (_fund, _fonts, _versions)


def _forget_warnings() -> None:
    """Forget which warnings were given: they belong to runs. The filters that libraries have set stay, as they do."""
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if isinstance(names, dict):  # among the modules are objects that only look like one
            names.pop("__warningregistry__", None)
    warnings.onceregistry.clear()  # type: ignore[attr-defined]


def _rooms() -> list[str]:
    import research  # noqa: PLC0415

    folders = [str(Path(folder) / room) for folder in research.__path__ for room in _ROOMS]
    found = [
        module.name
        for folder in folders
        for module in pkgutil.walk_packages([folder], f"research.{Path(folder).name}.", onerror=lambda _: None)
    ]
    return [name for name in found if not name.startswith(_NOT_FOR_KERNELS)]


def _calendar() -> None:
    """Make the exchange's calendar over the years of the bundled data and of the contracts listed at their end.

    Before anything else: whoever asks for fewer years finds this one, and to make one takes a third of a second.
    """
    from research.alignment.sessions import sessions  # noqa: PLC0415

    sessions("XNYS", "2024-01-02", "2027-12-31")


def _fund() -> None:
    """Load a bundled fund: what stays is the registry and what pandas compiles and caches."""
    import research  # noqa: PLC0415

    research.load("ETHV")


def _versions() -> None:
    """Read the versions of the libraries, which every report names."""
    from research.versions import versions  # noqa: PLC0415

    versions()


def _fonts() -> None:
    """Draw a figure of the package: matplotlib looks for fonts and loads its parts when it first draws."""
    import pandas as pd  # noqa: PLC0415

    from research.plots.figure import axes_grid, date_axis, drawing, label_axes  # noqa: PLC0415

    with drawing():
        figure, grid = axes_grid(1, 1, height=2.0)
        days = pd.bdate_range("2024-01-02", periods=300)
        grid[0, 0].plot(days, range(len(days)), label="a")
        grid[0, 0].legend()
        label_axes(grid[0, 0], "title", "x", "y")
        date_axis(grid[0, 0])
    figure.to_png()


def other_threads() -> int:
    """Return how many threads this process has besides the one that asks, those of libraries included."""
    tasks = Path("/proc/self/task")
    native = len(os.listdir(tasks)) if tasks.is_dir() else 1  # noqa: PTH208 - names are enough
    return max(native, threading.active_count()) - 1

"""Do once, in the process that others are forked from, what every report would do first.

Imported by that process. Whatever cannot be done here is left to the forks, which say so themselves.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import os
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from research.reporting.execute import quick_imports
from research.reporting.process import note_path

__all__ = ["WANTED", "attempt"]

WANTED: Final = "RESEARCH_WARM_FOR"
"""Variable with the path of a file that is there as long as somebody needs this process; others have none."""

_LIBRARIES: Final = (
    "IPython.core.completerlib",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "research.reporting.cells",
    "research.reporting.run",
)


def attempt(steps: Iterable[str | Callable[[], object]]) -> None:
    """Import modules and call functions, in a process that others are forked from, as long as somebody needs it.

    A process that is killed instead, in the middle of one, leaves behind what libraries were writing: a lock beside
    matplotlib's list of fonts, a folder for its settings.

    Parameters
    ----------
    steps : iterable of str or callable
        Names of modules, or functions without parameters. Nothing here may leave a thread, an open file or a changed
        setting behind: forks inherit them all.
    """
    shown, warnings.showwarning = warnings.showwarning, lambda *_, **__: None
    wanted = os.environ.get(WANTED, "")
    try:
        for step in steps:
            if not os.path.exists(wanted):  # noqa: PTH110 - a name as it was given
                return
            # A warm-up must not be stricter than the forks: whoever needs what failed here meets the error itself.
            with contextlib.suppress(Exception):
                partial(importlib.import_module, step)() if isinstance(step, str) else step()
    finally:
        warnings.showwarning = shown


def _pandas() -> None:
    """Import pandas as in a notebook: it decides then how many columns of a table to print, and in which encoding."""
    with _as_in_a_notebook():
        import pandas  # noqa: F401, PLC0415


@contextlib.contextmanager
def _as_in_a_notebook() -> Iterator[None]:
    output, sys.stdout = sys.stdout, types.SimpleNamespace(encoding="utf-8")
    builtins.get_ipython = lambda: types.SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        sys.stdout = output
        del builtins.get_ipython  # type: ignore[attr-defined]


if WANTED in os.environ:  # not where somebody only looks at the module
    gc.disable()  # imports make much that stays
    note_path()
attempt([_pandas, quick_imports, *_LIBRARIES])

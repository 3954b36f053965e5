"""Versions of what computes the numbers; its own file, because reading them must not load what they are of."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

__all__ = ["LIBRARIES", "versions"]

LIBRARIES: Final = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "exchange-calendars")
"""Libraries that compute the numbers of a report."""


def versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of the libraries that compute its numbers.

    Examples
    --------
    >>> list(versions())[:2]
    ['python', 'tracking-research']
    """
    return {"python": platform.python_version()} | {name: _version(name) for name in ("tracking-research", *LIBRARIES)}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"

"""Versions of what computes the numbers; its own file, because reading them must not load what they are of."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

__all__ = ["LIBRARIES", "code_fingerprint", "package_hash", "versions"]

LIBRARIES: Final = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "exchange-calendars")
"""Libraries that compute the numbers of a report."""

_PACKAGE: Final = Path(__file__).resolve().parent
# Notebooks are hashed one by one, so that a change to one of them is a change to its runs only.
_NOT_SOURCE: Final = frozenset({"__pycache__", "_notebooks"})


def versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of the libraries that compute its numbers.

    Examples
    --------
    >>> list(versions())[:2]
    ['python', 'tracking-research']
    """
    return {"python": platform.python_version()} | {name: _version(name) for name in ("tracking-research", *LIBRARIES)}


@cache  # to find one out is to parse a page of metadata
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def package_hash(folder: Path = _PACKAGE) -> str:
    """Return one hash of the package's own files, code and data.

    Parameters
    ----------
    folder : pathlib.Path
        The package's folder.
    """
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if not path.is_file() or _NOT_SOURCE & set(inside.parts) or path.suffix in {".pyc", ".pyo"}:
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{inside.as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def code_fingerprint() -> dict[str, Any]:
    """Return what says whether a result comes from the same code: the hash of this package, and all versions.

    Of what is installed now, in a process that has lived long, too.
    """
    _version.cache_clear()
    return {"package": package_hash(), "versions": versions()}

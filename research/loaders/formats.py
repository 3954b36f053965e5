"""The formats that are known: one line for each, its module loaded when a file of that format is read."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from research.errors import ParameterError, UnknownNameError, nearest
from research.loaders.published import Kind, PublishedTable

__all__ = ["FORMATS", "Format", "file_format", "load_file"]


@dataclass(frozen=True)
class Format:
    """One publisher's format.

    Parameters
    ----------
    name : str
        As in ``funds.toml`` and ``research check --format``.
    title : str
        Publisher and file, in words.
    module, function : str
        Where its loader is.
    kind : {"daily", "bars", "contracts", "other"}
        How rows are labelled.
    endings : tuple of str
        Usual endings of such files.
    """

    name: str
    title: str
    module: str
    function: str
    kind: Kind
    endings: tuple[str, ...] = (".csv",)

    @property
    def load(self) -> Callable[..., PublishedTable]:
        """The loader, imported now."""
        loader: Callable[..., PublishedTable] = getattr(importlib.import_module(self.module), self.function)
        return loader

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the loader's keyword options."""
        parameters = inspect.signature(self.load).parameters.values()
        return tuple(item.name for item in parameters if item.kind is item.KEYWORD_ONLY)


_ALL: Final[tuple[Format, ...]] = (
    # One line for each format, in order of name: Format(name, title, module, function, kind, endings).
)

FORMATS: Final[Mapping[str, Format]] = {item.name: item for item in _ALL}
"""Every known format by name."""


def file_format(name: str) -> Format:
    """Return the format called `name`.

    Raises
    ------
    UnknownNameError
        If there is none; the nearest is offered.
    """
    if name not in FORMATS:
        raise UnknownNameError("format", name, FORMATS)
    return FORMATS[name]


def load_file(path: Path | str, format: str, **options: Any) -> PublishedTable:  # noqa: ANN401 - the loaders' own
    """Read a file in a publisher's format.

    Parameters
    ----------
    path : pathlib.Path or str
        The file.
    format : str
        One of `FORMATS`.
    **options
        What the format's loader takes, as in ``sheet="navhist"``.

    Returns
    -------
    PublishedTable

    Raises
    ------
    UnknownNameError
        If there is no such format.
    ParameterError
        If the format has no such option.
    DataFileError, DataError, MissingColumnError
        If the file is not what the format says it is.
    """
    found = file_format(format)
    for option in options:
        if option not in found.options:
            close = nearest(option, found.options)
            hint = f"did you mean {close!r}? " if close else ""
            have = ", ".join(found.options) or "none"
            raise ParameterError(f"format {format!r} has no option {option!r}: {hint}(options: {have})")
    return found.load(path, **options)

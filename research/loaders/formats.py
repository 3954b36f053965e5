"""The formats that are known: one line for each, its module loaded when a file of that format is read."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from research.errors import ParameterError, UnknownNameError, nearest, offering
from research.loaders.published import Kind, PublishedTable
from research.loaders.raw import RawFile

__all__ = ["FORMATS", "Format", "file_format", "load_file"]


@dataclass(frozen=True, repr=False)
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
    ending : str
        Usual ending of such files.
    """

    name: str
    title: str
    module: str
    function: str
    kind: Kind
    ending: str

    def __repr__(self) -> str:
        return f"{self.name}: {self.title} ({self.kind}, {self.ending})"

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


def _format(name: str, title: str, kind: Kind, ending: str, *, module: str = "") -> Format:
    """Return a format whose loader is called after it."""
    return Format(name, title, f"research.loaders.{module or name}", f"load_{name}", kind, ending)


_ALL: Final[tuple[Format, ...]] = (
    _format("bars", "Bars of a market: time, open, high, low, close", "bars", ".csv"),
    _format("cboe_vx", "Cboe VX futures, one contract or all", "contracts", ".csv"),
    _format("cme_curve", "CME bitcoin curve at constant maturities, vendor export", "daily", ".csv"),
    _format("coin_metrics", "Coin Metrics community file", "daily", ".csv"),
    _format("coingecko", "CoinGecko daily export", "daily", ".csv"),
    _format("cryptodatadownload", "CryptoDataDownload bars", "bars", ".csv"),
    _format("csv", "Delimited text with one row a day", "daily", ".csv"),
    _format("eia", "EIA history workbook", "daily", ".xls"),
    _format("excel", "Workbook with one row a day", "daily", ".xlsx"),
    _format("farside", "Farside flows of the US spot funds", "daily", ".csv"),
    _format("fred", "FRED series", "daily", ".csv"),
    _format("grayscale", "Grayscale product page, saved", "daily", ".html"),
    _format("index_members", "Members of an index token, with dates", "other", ".csv", module="dpi"),
    _format("ishares", "iShares fund workbook, CSV or JSON", "daily", ".xls"),
    _format("nav_table", "NAV table of an issuer without a format of its own", "daily", ".csv"),
    _format("parquet", "Parquet file with one row a day", "daily", ".parquet"),
    _format("proshares", "ProShares NAV history", "daily", ".csv"),
    _format("set_rebalance", "Rebalance of a Set Protocol index token", "other", ".json", module="dpi"),
    _format("spdr_gold", "SPDR Gold historical archive", "daily", ".csv"),
    _format("sql", "Query of a SQLite, DuckDB or PostgreSQL database", "daily", ".sqlite"),
    _format("ssga", "State Street NAV history workbook", "daily", ".xlsx"),
    _format("vaneck", "VanEck NAV history", "daily", ".csv"),
    _format("vx_by_rank", "VIX futures by rank", "daily", ".csv"),
    _format("yahoo", "Yahoo Finance export", "daily", ".csv"),
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


def load_file(path: Path | str | RawFile | None, format: str, **options: Any) -> PublishedTable:  # noqa: ANN401 - the loaders' own
    """Read a file in a publisher's format.

    Parameters
    ----------
    path : pathlib.Path, str, RawFile or None
        The file, or its bytes; None for a query of a server.
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
            have = ", ".join(found.options) or "none"
            said, close = f"format {format!r} has no option {option!r}", nearest(option, found.options)
            raise ParameterError(offering(said, close, f"options: {have}"))
    _check_types(found, options)
    if path is None and found.name != "sql":
        raise ParameterError(f"format {format!r} reads a file: name one")
    return found.load(path, **options)


def _check_types(found: Format, options: Mapping[str, Any]) -> None:
    """Refuse an option of another type than its loader takes: options come from files that people write."""
    parameters = inspect.signature(found.load).parameters
    for name, value in options.items():
        wanted = {"str": str, "int": int}.get(str(parameters[name].annotation))
        if wanted is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
            told = {str: "a text", int: "a whole number"}[wanted]
            raise ParameterError(f"option {name!r} of format {found.name!r} is {value!r}: give {told}")

"""Files become series here, checked and with their source; nothing is dropped in silence, nothing filled."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from research.errors import DataFileError
from research.loaders.bundled import TableInfo, bundled_table, bundled_tables
from research.loaders.formats import FORMATS, Format, file_format, load_file
from research.loaders.published import Column, PublishedTable, Remark
from research.loaders.raw import RawFile
from research.loaders.source import LoadedSeries, SourceRecord, load_input, load_series, load_table

__all__ = [
    "FORMATS",
    "Column",
    "Format",
    "LoadedSeries",
    "PublishedTable",
    "RawFile",
    "Remark",
    "SourceRecord",
    "TableInfo",
    "bundled_table",
    "bundled_tables",
    "file_format",
    "load_file",
    "load_input",
    "load_series",
    "load_table",
]

if TYPE_CHECKING:
    import pandas as pd


def __getattr__(name: str) -> object:
    """Return what an older name stands for, with a warning."""
    now = {"parse_csv": (_parse_csv, "load_file(RawFile(name, raw), 'csv')"), "ColumnInfo": (Column, "Column")}
    if name not in now:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found, written = now[name]
    warnings.warn(f"research.loaders.{name} is old: write {written}", DeprecationWarning, stacklevel=2)
    return found


def _parse_csv(
    raw: bytes, name: str, columns: Sequence[str], *, date_column: str = "date", needs_final_newline: bool = False
) -> "pd.DataFrame":
    wanted = {column: column for column in columns}
    table = load_file(RawFile(name, raw), "csv", date_column=date_column, columns=wanted)
    if needs_final_newline and any(remark.rule == "no_final_newline" for remark in table.remarks):
        raise DataFileError(f"{name}: torn: the last line has no end, so its last number may be cut: fetch it again")
    return table.frame

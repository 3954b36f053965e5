"""Sheets of a workbook with one row a day and columns named by whoever uses them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from research.errors import ParameterError
from research.loaders.csv import table_of
from research.loaders.published import PublishedTable
from research.loaders.raw import RawFile, read_raw
from research.loaders.workbook import grid_of, read_workbook, sheet_named

__all__ = ["load_excel"]


def load_excel(
    path: Path | str | RawFile,
    *,
    sheet: str = "",
    header_row: int = 1,
    date_column: str = "date",
    date_format: str = "%Y-%m-%d",
    columns: Mapping[str, str] | None = None,
) -> PublishedTable:
    """Read a sheet of a workbook with one row a day.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        An ``.xlsx`` or an old binary ``.xls``.
    sheet : str
        Name of the sheet; by default the only one.
    header_row : int
        Row of the column names, counted from 1.
    date_column, date_format, columns
        As `load_csv`; cells that are dates need no format.

    Returns
    -------
    PublishedTable
        Daily, float64, in the file's own units. Empty cells are NaN.

    Raises
    ------
    ParameterError
        If the workbook has several sheets and none is named.
    DataFileError, MissingColumnError, DataError
        If the file is not so, a formula has no stored value, or a cell cannot be read.
    """
    file = read_raw(path)
    sheets = read_workbook(file)
    if not sheet and len(sheets) > 1:
        raise ParameterError(f"{file.name}: has the sheets {', '.join(one.name for one in sheets)}: name one")
    found = sheet_named(sheets, sheet, file.name) if sheet else sheets[0]
    if isinstance(header_row, bool) or not isinstance(header_row, int) or not 1 <= header_row <= len(found.rows):
        raise ParameterError(f"header_row is {header_row!r}: sheet {found.name!r} has rows 1 to {len(found.rows)}")
    grid = grid_of(found, header_row - 1, file.name)
    formats = date_format if date_format == "%Y-%m-%d" else ("%Y-%m-%d", date_format)
    return table_of(file, grid, "excel", date_column, formats, columns, {})

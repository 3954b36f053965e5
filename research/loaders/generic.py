"""Tables in no publisher's format: delimited text and workbooks, with the columns named by whoever uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from research.errors import ParameterError
from research.loaders.cells import MISSING
from research.loaders.delimited import Grid, read_grid
from research.loaders.published import Column, PublishedTable
from research.loaders.raw import RawFile, decode, read_raw
from research.loaders.sheets import grid_of
from research.loaders.tidy import Field, daily_table
from research.loaders.workbook import read_workbook, sheet_named

__all__ = ["load_csv", "load_excel", "parse_csv_table", "parse_excel", "table_of"]

_DELIMITERS: Final = {",", ";", "\t", "|"}


def load_csv(
    path: Path | str,
    *,
    date_column: str = "date",
    date_format: str = "%Y-%m-%d",
    columns: Mapping[str, str] | None = None,
    delimiter: str = ",",
    decimal: str = ".",
    thousands: str = "",
    strip: str = "",
    skip: int = 0,
    header: Sequence[str] | None = None,
    missing: Sequence[str] = tuple(MISSING),
) -> PublishedTable:
    r"""Read a delimited text with one row a day.

    Parameters
    ----------
    path : pathlib.Path or str
        The file, UTF-8.
    date_column : str
        Column with the days; ``""`` for a column without a name.
    date_format : str
        In the notation of ``strptime``.
    columns : mapping of str to str, optional
        Columns to read, under which name: ``{"nav": "NAV per share"}``. By default all that hold numbers, under their
        own names.
    delimiter : str
        ``","``, ``";"``, ``"|"`` or a tab.
    decimal, thousands : str
        Decimal mark, and separator that groups three digits.
    strip : str
        Signs that may stand around a number: ``"$%"``.
    skip : int
        Lines above the header.
    header : sequence of str, optional
        Column names of a file that has none.
    missing : sequence of str
        Texts that stand for no value.

    Returns
    -------
    PublishedTable
        Daily, float64, in the file's own units. Missing cells are NaN, nothing is filled.

    Raises
    ------
    ParameterError
        If an option cannot be what it is.
    DataFileError, MissingColumnError, DataError
        If the file is not so, or a cell cannot be read.

    Examples
    --------
    >>> raw = b"Tag;Kurs\n31.01.2007;1.234,5\n"
    >>> options = {"date_column": "Tag", "date_format": "%d.%m.%Y", "delimiter": ";", "decimal": ",", "thousands": "."}
    >>> parse_csv_table(RawFile("x.csv", raw), **options).frame["Kurs"].tolist()
    [1234.5]
    """
    return parse_csv_table(
        read_raw(path),
        date_column=date_column,
        date_format=date_format,
        columns=columns,
        delimiter=delimiter,
        decimal=decimal,
        thousands=thousands,
        strip=strip,
        skip=skip,
        header=header,
        missing=missing,
    )


def parse_csv_table(
    file: RawFile,
    *,
    date_column: str = "date",
    date_format: str = "%Y-%m-%d",
    columns: Mapping[str, str] | None = None,
    delimiter: str = ",",
    decimal: str = ".",
    thousands: str = "",
    strip: str = "",
    skip: int = 0,
    header: Sequence[str] | None = None,
    missing: Sequence[str] = tuple(MISSING),
) -> PublishedTable:
    """Return the table in the bytes of a delimited text; see `load_csv`."""
    if delimiter not in _DELIMITERS:
        raise ParameterError(f"delimiter is {delimiter!r}: give ',', ';', '|' or a tab")
    if isinstance(skip, bool) or not isinstance(skip, int) or not 0 <= skip <= 10_000:
        raise ParameterError(f"skip is {skip!r}: give a number of lines")
    grid = read_grid(decode(file), file.name, skip=skip, delimiter=delimiter, header=header, trailing=True)
    notation = {"decimal": decimal, "thousands": thousands, "strip": strip, "missing": missing}
    return table_of(file, grid, "csv", date_column, date_format, columns, notation)


def load_excel(
    path: Path | str,
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
    path : pathlib.Path or str
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
    return parse_excel(
        read_raw(path),
        sheet=sheet,
        header_row=header_row,
        date_column=date_column,
        date_format=date_format,
        columns=columns,
    )


def parse_excel(
    file: RawFile,
    *,
    sheet: str = "",
    header_row: int = 1,
    date_column: str = "date",
    date_format: str = "%Y-%m-%d",
    columns: Mapping[str, str] | None = None,
) -> PublishedTable:
    """Return the table in the bytes of a workbook; see `load_excel`."""
    sheets = read_workbook(file)
    if not sheet and len(sheets) > 1:
        raise ParameterError(f"{file.name}: has the sheets {', '.join(one.name for one in sheets)}: name one")
    found = sheet_named(sheets, sheet, file.name) if sheet else sheets[0]
    if isinstance(header_row, bool) or not isinstance(header_row, int) or not 1 <= header_row <= len(found.rows):
        raise ParameterError(f"header_row is {header_row!r}: sheet {found.name!r} has rows 1 to {len(found.rows)}")
    grid = grid_of(found, header_row - 1, file.name)
    formats = date_format if date_format == "%Y-%m-%d" else ("%Y-%m-%d", date_format)
    return table_of(file, grid, "excel", date_column, formats, columns, {})


def table_of(
    file: RawFile,
    grid: Grid,
    format_name: str,
    date_column: str,
    date_formats: str | Sequence[str],
    columns: Mapping[str, str] | None,
    notation: Mapping[str, Any],
) -> PublishedTable:
    """Return the wanted columns of a grid, or all that hold numbers, as a daily table."""
    place = grid.place(date_column)
    if columns is None:
        numeric = [
            at for at in range(len(grid.header)) if at != place and grid.header[at] and _numeric(grid, at, notation)
        ]
        columns = {grid.header[at]: grid.header[at] for at in numeric}
    elif not isinstance(columns, Mapping):
        raise ParameterError(f"columns is a {type(columns).__name__}: give a table such as {{nav = 'NAV per share'}}")
    fields = [Field(target, (name,), Column("", "", ""), "any_number", **notation) for target, name in columns.items()]
    formats = (date_formats,) if isinstance(date_formats, str) else tuple(date_formats)
    return daily_table(file, grid, format_name, fields, date_names=(date_column,), date_formats=formats)


def _numeric(grid: Grid, place: int, notation: Mapping[str, Any]) -> bool:
    """Return whether the first cell with a value looks like a number; a column of words is none."""
    missing = notation.get("missing", MISSING)
    strip = notation.get("strip", "") + "+-(. "
    for row in grid.rows:
        cell = row[place].strip()
        if cell and cell not in missing:
            return cell.lstrip(strip)[:1].isdigit()
    return True

"""Delimited text with one row a day: the one reader of plain text, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from research.errors import MissingColumnError, ParameterError
from research.loaders.grid import MISSING, Grid, divided, read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, daily_table
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_csv", "table_of"]

_DELIMITERS: Final = {",", ";", "\t", "|"}
_SIGNS: Final = "+-() $€£¥%\u00a0"
_GROUPS: Final = dict.fromkeys(map(ord, ".,' \u00a0"))


def load_csv(
    path: Path | str | RawFile,
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
    path : pathlib.Path, str or RawFile
        The file: UTF-8, or UTF-16 with its mark; any line ends.
    date_column : str
        Column with the days; ``""`` for a column without a name.
    date_format : str
        In the notation of ``strptime``.
    columns : mapping of str to str, optional
        Columns to read, under which name: ``{"nav": "NAV per share"}``. By default all that hold numbers, under their
        own names: those most of whose cells look like one, so that a cell that does not is refused and a column of
        words is left out with a remark.
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

    Notes
    -----
    The one reader of plain text: files that ``funds.toml`` names, ``research check``, the bundled tables and this
    function judge a file alike. Case does not count in column names. Delimiters too many at the end of a row, rows
    without any cell, and marks that only steer how text is shown mean nothing and are passed over. A row that repeats
    another is kept once, a last line without an end is read, both with a remark.

    Examples
    --------
    >>> raw = b"Tag;Kurs\n31.01.2007;1.234,5\n"
    >>> options = {"date_column": "Tag", "date_format": "%d.%m.%Y", "delimiter": ";", "decimal": ",", "thousands": "."}
    >>> load_csv(RawFile("x.csv", raw), **options).frame["Kurs"].tolist()
    [1234.5]
    """
    file = read_raw(path)
    if delimiter not in _DELIMITERS:
        raise ParameterError(f"delimiter is {delimiter!r}: give ',', ';', '|' or a tab")
    if isinstance(skip, bool) or not isinstance(skip, int) or not 0 <= skip <= 10_000:
        raise ParameterError(f"skip is {skip!r}: give a number of lines")
    text = decode(file)
    grid = read_grid(text, file.name, skip=skip, delimiter=delimiter, header=header, trailing=True)
    notation = {"decimal": decimal, "thousands": thousands, "strip": strip, "missing": missing}
    table = table_of(file, grid, "csv", date_column, date_format, columns, notation)
    if not text.rpartition("\n")[2].strip(f" {delimiter}"):
        return table
    last = grid.lines[-1]
    remark = Remark("no_final_newline", f"row {last}, the last, has no end: its last number may be cut", row=last)
    return replace(table, remarks=(*table.remarks, remark))


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
    try:
        place = grid.place(date_column)
    except MissingColumnError as error:
        nameless = ": the first column has no name: say date_column = ''" if not grid.header[0] else ""
        raise MissingColumnError(f"{error}{divided(grid.header) or nameless}") from None
    if columns is None:
        others = [at for at in range(len(grid.header)) if at != place and grid.header[at]]
        # Where all are words the first cell is refused, which says more than a table without columns.
        taken = [at for at in others if _holds_numbers(grid, at, notation)] or others
        columns = {grid.header[at]: grid.header[at] for at in taken}
    elif not isinstance(columns, Mapping):
        raise ParameterError(f"columns is a {type(columns).__name__}: give a table such as {{nav = 'NAV per share'}}")
    fields = [Field(target, (name,), Column("", "", ""), "any_number", **notation) for target, name in columns.items()]
    formats = (date_formats,) if isinstance(date_formats, str) else tuple(date_formats)
    return daily_table(file, grid, format_name, fields, date_names=(date_column,), date_formats=formats)


def _holds_numbers(grid: Grid, place: int, notation: Mapping[str, Any]) -> bool:
    """Return whether most cells with a value look like numbers; a column of words or of other dates does not."""
    missing = notation.get("missing", MISSING)
    signs = notation.get("strip", "") + _SIGNS
    cells = [cell for row in grid.rows if (cell := row[place].strip()) and cell not in missing]
    # Looks like one, whatever signs stand around it: one that cannot be read is to be refused, not left out.
    found = sum(cell.strip(signs).casefold().partition("e")[0].translate(_GROUPS).isdigit() for cell in cells)
    return 2 * found >= len(cells)

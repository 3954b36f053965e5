"""State Street: the NAV history workbook of its US funds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from research.loaders.delimited import Grid
from research.loaders.published import Column, PublishedTable, Remark
from research.loaders.raw import RawFile, read_raw
from research.loaders.sheets import as_text, grid_of, header_row
from research.loaders.tidy import Field, daily_table
from research.loaders.workbook import read_workbook, sheet_named

__all__ = ["load_ssga", "parse_ssga"]

_CLOCK: Final = "16:00 America/New_York"
_FIELDS: Final = (
    Field("nav", ("NAV",), Column("USD", _CLOCK, "net asset value per share"), thousands=","),
    Field(
        "shares_outstanding",
        ("Shares Outstanding",),
        Column("shares", _CLOCK, "shares outstanding"),
        "not_negative",
        required=False,
        thousands=",",
    ),
    Field(
        "assets",
        ("Total Net Assets",),
        Column("USD", _CLOCK, "total net assets"),
        "not_negative",
        required=False,
        thousands=",",
    ),
)


def load_ssga(path: Path | str, *, sheet: str = "navhist") -> PublishedTable:
    """Read a ``navhist-us-en-<ticker>.xlsx``.

    Parameters
    ----------
    path : pathlib.Path or str
        The workbook.
    sheet : str
        Name of the sheet.

    Returns
    -------
    PublishedTable
        Daily: ``nav`` (US dollars), ``shares_outstanding``, ``assets`` (US dollars). Distributions are in another
        file: add them, or every payment reads as a loss.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout or a cell cannot be read.

    Notes
    -----
    Rows without a date below the table are a disclaimer: set aside and remarked. The layout is known from public
    descriptions, not from a file.
    """
    return parse_ssga(read_raw(path), sheet=sheet)


def parse_ssga(file: RawFile, *, sheet: str = "navhist") -> PublishedTable:
    """Return the table in the bytes of a workbook; see `load_ssga`."""
    found = sheet_named(read_workbook(file), sheet, file.name)
    place = header_row(found, lambda cells: cells[:1] == ["Date"], "Date", file.name)
    grid = grid_of(found, place, file.name)
    rows = len(grid.rows)
    grid, remarks = without_footer(grid)
    return daily_table(file, grid, "ssga", _FIELDS, date_formats=("%d-%b-%Y", "%Y-%m-%d"), remarks=remarks, rows=rows)


def without_footer(grid: Grid) -> tuple[Grid, list[Remark]]:
    """Return the grid without rows of words below the last row that has a digit in its first cell and other cells."""
    wanted = [True] * len(grid.rows)
    for at in range(len(grid.rows) - 1, -1, -1):
        row = grid.rows[at]
        if any(sign.isdigit() for sign in row[0][:12]) and any(as_text(cell).strip() for cell in row[1:]):
            break
        wanted[at] = False
    lost = wanted.count(False)
    if not lost or lost == len(wanted):
        return grid, []
    line = grid.lines[wanted.index(False)]
    text = " ".join(grid.rows[wanted.index(False)][0].split())
    message = f"{lost} rows of words below the table, from row {line}: {text[:60]!r}"
    return grid.keep(wanted), [Remark("footer", message, row=line, count=lost, rows_lost=lost)]

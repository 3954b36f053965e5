"""State Street: the NAV history workbook of its US funds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from research.loaders.published import Column, Field, PublishedTable, daily_table, without_footer
from research.loaders.raw import RawFile, read_raw
from research.loaders.workbook import grid_of, header_row, read_workbook, sheet_named

__all__ = ["load_ssga"]

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


def load_ssga(path: Path | str | RawFile, *, sheet: str = "navhist") -> PublishedTable:
    """Read a ``navhist-us-en-<ticker>.xlsx``.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
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
    file = read_raw(path)
    found = sheet_named(read_workbook(file), sheet, file.name)
    place = header_row(found, lambda cells: cells[:1] == ["Date"], "Date", file.name)
    grid = grid_of(found, place, file.name)
    rows = len(grid.rows)
    grid, remarks = without_footer(grid)
    return daily_table(file, grid, "ssga", _FIELDS, date_formats=("%d-%b-%Y", "%Y-%m-%d"), remarks=remarks, rows=rows)

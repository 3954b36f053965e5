"""EIA: the history workbooks of spot and futures prices, .xls or .xlsx."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from research.errors import DataFileError, MissingColumnError
from research.loaders.published import Column, Field, PublishedTable, Remark, daily_table
from research.loaders.raw import RawFile, read_raw
from research.loaders.workbook import Sheet, as_text, grid_of, read_workbook, sheet_named

__all__ = ["load_eia"]

_KEYS: Final = "sourcekey"
_SETTLEMENT: Final = "14:30 America/New_York"


def load_eia(path: Path | str | RawFile, *, sheet: str = "Data 1") -> PublishedTable:
    """Read one sheet of an EIA workbook.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The workbook.
    sheet : str
        Name of the sheet; ``Contents`` lists them.

    Returns
    -------
    PublishedTable
        Daily: one column for each series under its source key in lower case (``rclc1``), in the unit that its title
        names. An empty cell is a day without a quote: NaN. NYMEX settles crude oil at 14:30 New York.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout or a cell cannot be read.

    Notes
    -----
    Negative prices are real (-37.63 dollars on 2020-04-20) and kept, with a remark: no logarithm of them exists.
    """
    file = read_raw(path)
    found = sheet_named(read_workbook(file), sheet, file.name)
    keys = _keys(found, file.name)
    grid = grid_of(found, keys + 1, file.name)
    names = [as_text(cell).strip() for cell in found.rows[keys]][1 : len(grid.header)]
    titles = grid.header[1:]
    if len(names) != len(titles) or not all(names):
        raise MissingColumnError(f"{file.name}: sheet {sheet!r}: source keys and titles do not match: fetch it again")
    fields = [
        Field(
            key.casefold(),
            (title,),
            Column(_unit(title), _SETTLEMENT if key.startswith("RCLC") else "", title),
            "any_number",
        )
        for key, title in zip(names, titles, strict=True)
    ]
    table = daily_table(file, grid, "eia", fields, date_names=(grid.header[0],))
    negative = table.frame < 0
    remarks = [
        Remark(
            "negative_price",
            f"{name} is {table.frame[name][day]:g} on {day:%Y-%m-%d}: real, but it has no logarithm",
            column=name,
        )
        for name in table.frame.columns
        for day in table.frame.index[negative[name]]
    ]
    return replace(table, remarks=(*table.remarks, *remarks))


def _keys(sheet: Sheet, name: str) -> int:
    for place, row in enumerate(sheet.rows[:10]):
        if row and as_text(row[0]).strip().casefold() == _KEYS:
            return place
    raise DataFileError(f"{name}: sheet {sheet.name!r} has no row Sourcekey: name another sheet, or fetch it again")


def _unit(title: str) -> str:
    start = title.rfind("(")
    return title[start + 1 :].rstrip(") ") if start >= 0 else "as published"

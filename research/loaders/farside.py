"""Farside: net creations of the US spot funds by day."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from research.errors import MissingColumnError
from research.loaders.grid import read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, daily_table
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_farside"]

_MILLION: Final = 1e6
_TOTAL: Final = "total"
_TICKER: Final = re.compile(r"[A-Z]{2,6}")
_FOOT: Final = ("seed", "total", "average", "maximum", "minimum", "fee")
# Each number is printed to a tenth of a million, so a sum of twelve may be off by half a million or so.
_ROUNDING: Final = 0.1 * _MILLION


def load_farside(path: Path | str | RawFile) -> PublishedTable:
    r"""Read a table of daily net creations.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The table as CSV: ``Date``, a column for each fund, ``Total``.

    Returns
    -------
    PublishedTable
        Daily: one column for each fund, under its ticker in lower case, and ``total``; US dollars (the file prints
        millions; brackets are outflows). Blank before a fund lists, and on days not yet reported: NaN.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout or a cell cannot be read.

    Notes
    -----
    The rows ``Seed``, ``Total``, ``Average``, ``Maximum``, ``Minimum`` and ``Fee`` are no days: set aside, remarked.
    Days on which the funds do not add up to the printed total are remarked.

    Examples
    --------
    >>> raw = b"Date,ETHA,ETHV,Total\nSeed,10.6,10.2,20.8\n23 Jul 2024,266.5,(7.6),258.9\n"
    >>> load_farside(RawFile("flows.csv", raw)).frame["ethv"].tolist()
    [-7600000.0]
    """
    file = read_raw(path)
    grid = read_grid(decode(file), file.name)
    date = grid.place("Date")
    rows = len(grid.rows)
    wanted = [row[date].strip().casefold() not in _FOOT for row in grid.rows]
    remarks = [
        Remark("not_a_day", f"row {line}, {row[date].strip()!r}, is no day", line, rows_lost=1)
        for row, line, keep in zip(grid.rows, grid.lines, wanted, strict=True)
        if not keep
    ]
    grid = grid.keep(wanted)
    names = [name for place, name in enumerate(grid.header) if place != date and name]
    strange = [name for name in names if not _TICKER.fullmatch(name) and name.casefold() != _TOTAL]
    if strange or not names:
        raise MissingColumnError(
            f"{file.name}: column {(strange or ['(none)'])[0]!r} is no ticker: fetch the table again"
        )
    fields = [
        Field(
            name.casefold(),
            (name,),
            Column("USD", "", "sum of the funds" if name.casefold() == _TOTAL else f"net creations of {name}"),
            "any_number",
            scale=_MILLION,
            thousands=",",
            strip=" ",
        )
        for name in names
    ]
    formats = ("%d %b %Y", "%Y-%m-%d")
    table = daily_table(file, grid, "farside", fields, date_formats=formats, remarks=remarks, rows=rows)
    return replace(table, remarks=(*table.remarks, *_sums(table)))


def _sums(table: PublishedTable) -> list[Remark]:
    if _TOTAL not in table.frame:
        return []
    funds = table.frame.drop(columns=_TOTAL)
    gap = (funds.sum(axis=1) - table.frame[_TOTAL]).abs()
    wrong = gap > _ROUNDING * (1 + funds.notna().sum(axis=1)) / 2 + 1.0
    if not wrong.any():
        return []
    first = table.frame.index[int(np.argmax(wrong.to_numpy()))]
    message = (
        f"on {int(wrong.sum())} days the funds do not add up to the printed total, the first {first:%Y-%m-%d} "
        f"({gap[first] / _MILLION:,.1f} million apart)"
    )
    return [Remark("total_differs", message, column=_TOTAL, count=int(wrong.sum()))]

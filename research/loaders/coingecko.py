"""CoinGecko: the daily export, whose label is the start of its day."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from research.errors import DataError
from research.loaders.grid import read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, daily_table
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_coingecko"]

_CLOCK: Final = "00:00 UTC"
_STAMP: Final = re.compile(r"(\d{4}-\d{2}-\d{2}) 00:(\d{2}:\d{2}) UTC")
_FIELDS: Final = (
    Field("price", ("price",), Column("USD", _CLOCK, "price at the start of the day")),
    Field(
        "market_cap",
        ("market_cap",),
        Column("USD", _CLOCK, "market capitalisation, 0 where not known"),
        "not_negative",
        required=False,
    ),
    Field(
        "volume",
        ("total_volume",),
        Column("USD", _CLOCK, "volume of the 24 hours before"),
        "not_negative",
        required=False,
    ),
)


def load_coingecko(path: Path | str | RawFile) -> PublishedTable:
    r"""Read CoinGecko's daily export.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The CSV file: ``snapped_at, price, market_cap, total_volume``.

    Returns
    -------
    PublishedTable
        Daily: ``price``, ``market_cap``, ``volume``, US dollars. Day D is 00:00 UTC of D, its *start*: the same
        instant that other sites call 24:00 UTC of the day before, so labels are one day off theirs.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout or a cell cannot be read.

    Examples
    --------
    >>> raw = b"snapped_at,price,market_cap,total_volume\n2015-08-07 00:00:00 UTC,2.83162,0.0,90622.0\n"
    >>> load_coingecko(RawFile("eth.csv", raw)).columns["price"].clock
    '00:00 UTC'
    """
    file = read_raw(path)
    grid = read_grid(decode(file), file.name)
    place = grid.place("snapped_at")
    days = []
    late = []
    for row, line in zip(grid.rows, grid.lines, strict=True):
        found = _STAMP.fullmatch(row[place].strip())
        if found is None:
            raise DataError(
                f"{file.name}: row {line}, column 'snapped_at': {row[place][:40]!r} is not the start of a day in UTC: "
                "drop the running day, and read hourly exports as format bars"
            )
        if found[2] != "00:00":
            late.append(line)
        days.append(found[1])
    remarks = []
    if late:
        message = f"{len(late)} prices were taken minutes after midnight, the first in row {late[0]}"
        remarks.append(Remark("late_snapshot", message, row=late[0], count=len(late)))
    grid = grid.with_cells(place, days)
    return daily_table(file, grid, "coingecko", _FIELDS, date_names=("snapped_at",), remarks=remarks)

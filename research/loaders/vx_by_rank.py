"""VIX futures by rank: first month, second month and so on, rolling on the day of expiry."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from research.errors import MissingColumnError
from research.loaders.grid import read_grid
from research.loaders.published import Column, Field, PublishedTable, daily_table
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_vx_by_rank"]

_RANK: Final = re.compile(r"VX\d+")
_CLOCK: Final = "15:15 America/Chicago"


def load_vx_by_rank(path: Path | str | RawFile) -> PublishedTable:
    r"""Read a table of VIX futures by rank.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The CSV file: ``DATE``, ``VX1`` and further ranks, and possibly ``VIX`` and ``SP500``.

    Returns
    -------
    PublishedTable
        Daily: ``vx1`` … (settlements, index points), ``vix``, ``sp500``. The contract behind a rank changes on its day
        of expiry: a change of a column across that day is no return.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout or a cell cannot be read.

    Examples
    --------
    >>> raw = b",DATE,VIX,VX1,VX2\n61,2007-04-02,14.53,14.7,14.77\n"
    >>> load_vx_by_rank(RawFile("vx.csv", raw)).frame.iloc[0].to_dict()
    {'vix': 14.53, 'vx1': 14.7, 'vx2': 14.77}
    """
    file = read_raw(path)
    grid = read_grid(decode(file), file.name)
    ranks = [name for name in grid.header if _RANK.fullmatch(name)]
    if not ranks:
        raise MissingColumnError(f"{file.name}: no column such as VX1: it is another table")
    others = [name for name in ("VIX", "SP500") if name in grid.header]
    about = {"VIX": "the VIX index", "SP500": "the S&P 500 index"}
    fields = [
        Field(name.casefold(), (name,), Column("index points", clock, text))
        for name, clock, text in [
            *(
                (name, "16:15 America/New_York" if name == "VIX" else "16:00 America/New_York", about[name])
                for name in others
            ),
            *((name, _CLOCK, f"settlement of the contract of rank {name[2:]}") for name in ranks),
        ]
    ]
    return daily_table(file, grid, "vx_by_rank", fields, date_names=("DATE",))

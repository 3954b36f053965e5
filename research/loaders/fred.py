"""FRED: one or several series by day, as the site's graph page downloads them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from research.errors import MissingColumnError
from research.loaders.grid import read_grid
from research.loaders.published import Column, Field, PublishedTable, daily_table
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_fred"]

_DATES: Final = ("observation_date", "DATE")
_SERIES: Final = re.compile(r"[A-Z0-9_]{2,40}")


def load_fred(path: Path | str | RawFile) -> PublishedTable:
    r"""Read a ``fredgraph.csv``.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The file, with the new header ``observation_date`` or the old ``DATE``.

    Returns
    -------
    PublishedTable
        Daily: one column for each series, under FRED's own name in lower case (``dtb3``), in FRED's own unit: a bill
        rate is in percent. Empty cells and ``.`` are NaN.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout or a cell cannot be read.

    Examples
    --------
    >>> load_fred(RawFile("dtb3.csv", b"observation_date,DTB3\n2024-07-04,\n2024-07-05,5.22\n")).frame["dtb3"].tolist()
    [nan, 5.22]
    """
    file = read_raw(path)
    grid = read_grid(decode(file), file.name)
    date = grid.place(*_DATES)
    names = [name for place, name in enumerate(grid.header) if place != date]
    if not names or not all(_SERIES.fullmatch(name) for name in names) or grid.header[date] not in _DATES:
        raise MissingColumnError(
            f"{file.name}: not {' or '.join(_DATES)} and series such as DTB3 (columns: {', '.join(grid.header[:8])}): "
            "fetch the file again"
        )
    fields = [
        Field(
            name.casefold(),
            (name,),
            Column("as FRED publishes it", "", f"FRED series {name}"),
            "any_number",
            missing=("", "."),
        )
        for name in names
    ]
    return daily_table(file, grid, "fred", fields, date_names=_DATES)

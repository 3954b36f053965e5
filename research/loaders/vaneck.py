"""VanEck: the NAV history of its site, one row for every calendar day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from research.errors import MissingColumnError
from research.loaders.grid import read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, daily_table
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_vaneck"]

_CLOCK: Final = "16:00 America/New_York"
_FIELDS: Final = (
    Field("nav", ("NAV",), Column("USD", _CLOCK, "net asset value per share"), thousands=",", strip="$"),
    Field(
        "close",
        ("Close", "Closing Price", "Market Price"),
        Column("USD", _CLOCK, "closing price; equals the NAV before the listing"),
        required=False,
        thousands=",",
        strip="$",
    ),
    Field(
        "premium",
        ("Premium/Discount",),
        Column("USD", _CLOCK, "close minus NAV in dollars, although the name suggests percent", 0.01),
        "any_number",
        required=False,
        thousands=",",
        strip="$",
    ),
    Field("volume", ("Volume",), Column("shares", "", "shares traded"), "not_negative", required=False, thousands=","),
    Field(
        "assets",
        ("Total Net Assets",),
        Column("USD", _CLOCK, "total net assets"),
        "not_negative",
        required=False,
        thousands=",",
        strip="$",
    ),
    Field(
        "benchmark",
        ("Index Level",),
        Column("index points", _CLOCK, "index level, every calendar day"),
        required=False,
        thousands=",",
    ),
)


def load_vaneck(path: Path | str | RawFile) -> PublishedTable:
    r"""Read VanEck's NAV history.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The file, as CSV.

    Returns
    -------
    PublishedTable
        Daily, weekends and holidays included: ``nav``, and where the file has them ``close``, ``premium`` (US dollars,
        not percent), ``volume``, ``assets``, ``benchmark``.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout or a cell cannot be read.

    Notes
    -----
    On days without trading the file repeats NAV, close and assets of the session before while the index goes on; a
    remark counts weekend rows. Nothing is dropped here: `align` does, by the calendar of the exchange.

    Examples
    --------
    >>> raw = b'Date,NAV,Close,Index Level\nSep 25 2026,39.3432,39.36,"2,692.99"\n'
    >>> load_vaneck(RawFile("ethv.csv", raw)).frame["benchmark"].tolist()
    [2692.99]
    """
    file = read_raw(path)
    grid = read_grid(decode(file), file.name)
    if not grid.has("Premium/Discount", "Index Level", "Total Net Assets"):
        raise MissingColumnError(
            f"{file.name}: none of VanEck's columns Premium/Discount, Index Level, Total Net Assets: another format"
        )
    table = daily_table(file, grid, "vaneck", _FIELDS, date_formats=("%Y-%m-%d", "%b %d %Y", "%m/%d/%Y", "%b %d, %Y"))
    weekend = pd.DatetimeIndex(table.frame.index).day_of_week >= 5
    if not weekend.any():
        return table
    first = table.frame.index[int(np.argmax(weekend))]
    message = f"{int(weekend.sum())} weekend rows, the first {first:%Y-%m-%d}: they repeat the session before"
    remark = Remark("calendar_daily", message, count=int(weekend.sum()))
    return replace(table, remarks=(*table.remarks, remark))

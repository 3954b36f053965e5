"""Grayscale: the table of price and coins per share on its product page."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Final

from research.errors import DataFileError
from research.loaders.grid import Grid
from research.loaders.published import Column, Field, PublishedTable, daily_table
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_grayscale"]

_TABLE: Final = "chart-data"
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})([^<>]{0,2000})>")
_ANY: Final = re.compile(r"<[^<>]{0,2000}>")
_ID: Final = re.compile(rf"""\bid\s*=\s*["']?{_TABLE}["']?(?:\s|/|$)""")


def load_grayscale(path: Path | str | RawFile) -> PublishedTable:
    """Read the table ``chart-data`` of a saved Grayscale product page.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The saved HTML page.

    Returns
    -------
    PublishedTable
        Daily: ``close`` (market price per share, US dollars, NaN before the shares were quoted) and ``nav`` (value of
        the holdings per share, US dollars), both printed to a cent.

    Raises
    ------
    DataFileError
        If the page has no such table, or a row of another width.
    MissingColumnError, DataError
        If a column is missing or a cell cannot be read.

    Notes
    -----
    The page is read as text: no script runs, no address is followed.

    Examples
    --------
    >>> page = (
    ...     "<table id='chart-data'><tr><th></th><th>Market Price/Share</th><th>Bitcoin Holdings/Share</th></tr>"
    ...     "<tr><td>2020-12-04</td><td>23.22</td><td>18.21</td></tr></table>"
    ... )
    >>> load_grayscale(RawFile("gbtc.html", page.encode())).frame.iloc[0].to_dict()
    {'close': 23.22, 'nav': 18.21}
    """
    file = read_raw(path)
    grid = _table(decode(file), file.name)
    holdings = next((name for name in grid.header if name.casefold().endswith("holdings/share")), "Holdings/Share")
    fields = (
        Field(
            "close",
            ("Market Price/Share",),
            Column("USD", "16:00 America/New_York", "market price per share", 0.01),
            strip="$",
            thousands=",",
        ),
        Field(
            "nav",
            (holdings,),
            Column("USD", "16:00 America/New_York", "value of the holdings per share", 0.01),
            strip="$",
            thousands=",",
        ),
    )
    return daily_table(file, grid, "grayscale", fields, date_names=("Date",))


def _table(page: str, name: str) -> Grid:
    """Return the cells of the one table with the right id; in one pass, whatever the markup."""
    start = next(
        (tag.end() for tag in _TAG.finditer(page) if tag[2].casefold() == "table" and _ID.search(tag[3])), None
    )
    if start is None:
        raise DataFileError(f"{name}: no table with id {_TABLE!r}: save the page again")
    rows: list[tuple[int, list[str]]] = []
    opened: int | None = None
    line, counted = page.count("\n", 0, start) + 1, start
    for tag in _TAG.finditer(page, start):
        kind = tag[2].casefold()
        if kind not in {"tr", "td", "th", "table"}:
            continue
        if opened is not None:
            rows[-1][1].append(" ".join(html.unescape(_ANY.sub("", page[opened : tag.start()])).split()))
            opened = None
        if tag[1] and kind == "table":
            break
        if kind == "tr" and not tag[1]:
            line, counted = line + page.count("\n", counted, tag.start()), tag.start()
            rows.append((line, []))
        elif kind in {"td", "th"} and not tag[1]:
            rows = rows or [(line, [])]
            opened = tag.end()
    return _grid([row for row in rows if row[1]], name)


def _grid(rows: list[tuple[int, list[str]]], name: str) -> Grid:
    if len(rows) < 2:
        raise DataFileError(f"{name}: a table with id {_TABLE!r} and no rows in it: save the page again")
    header = [cell or "Date" for cell in rows[0][1]]
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            raise DataFileError(
                f"{name}: line {line}: a row of {len(cells)} cells under {len(header)} headings: the page is torn or "
                "of another layout, save it again"
            )
    body = rows[1:]
    return Grid(name, tuple(header), tuple(cells for _, cells in body), tuple(line for line, _ in body))

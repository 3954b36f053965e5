"""Grayscale: the table of price and coins per share on its product page."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from research.errors import DataFileError
from research.loaders.delimited import Grid
from research.loaders.published import Column, PublishedTable
from research.loaders.raw import RawFile, decode, read_raw
from research.loaders.tidy import Field, daily_table

__all__ = ["load_grayscale", "parse_grayscale"]

_TABLE: Final = "chart-data"
_MOST_CELLS: Final = 2_000_000


def load_grayscale(path: Path | str) -> PublishedTable:
    """Read the table ``chart-data`` of a saved Grayscale product page.

    Parameters
    ----------
    path : pathlib.Path or str
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
    >>> parse_grayscale(RawFile("gbtc.html", page.encode())).frame.iloc[0].to_dict()
    {'close': 23.22, 'nav': 18.21}
    """
    return parse_grayscale(read_raw(path))


def parse_grayscale(file: RawFile) -> PublishedTable:
    """Return the table in the bytes of a Grayscale page; see `load_grayscale`."""
    parser = _TableParser(file.name)
    parser.feed(decode(file))
    parser.close()
    grid = parser.grid()
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


class _TableParser(HTMLParser):
    """Cells of the one table with the right id."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self._name = name
        self._depth = 0
        self._rows: list[tuple[int, list[str]]] = []
        self._cell: list[str] | None = None
        self._cells = 0
        self._found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table" and (self._depth or (not self._found and dict(attrs).get("id") == _TABLE)):
            self._depth += 1
            self._found = True
        elif self._depth and tag == "tr":
            self._end_cell()
            self._rows.append((self.getpos()[0], []))
        elif self._depth and tag in {"td", "th"}:
            self._end_cell()
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag in {"td", "th", "tr", "table"}:
            self._end_cell()
        if tag == "table" and self._depth:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        self._cells += 1
        if self._cells > _MOST_CELLS:
            raise DataFileError(f"{self._name}: more than {_MOST_CELLS:,} cells: that is no table of a fund")
        if not self._rows:
            self._rows.append((self.getpos()[0], []))
        self._rows[-1][1].append("".join(self._cell).strip())
        self._cell = None

    def grid(self) -> Grid:
        """Return header and rows."""
        self._end_cell()
        rows = [(line, cells) for line, cells in self._rows if cells]
        if not self._found or len(rows) < 2:
            raise DataFileError(f"{self._name}: no table with id {_TABLE!r} and rows in it: save the page again")
        header = [cell or "Date" for cell in rows[0][1]]
        for line, cells in rows[1:]:
            if len(cells) != len(header):
                raise DataFileError(
                    f"{self._name}: line {line}: a row of {len(cells)} cells under {len(header)} headings: the page is "
                    "torn or of another layout, save it again"
                )
        body = rows[1:]
        return Grid(self._name, tuple(header), tuple(cells for _, cells in body), tuple(line for line, _ in body))

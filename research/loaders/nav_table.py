"""NAV tables of issuers without a format of their own: columns are found by what issuers call them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from research.errors import DataFileError, MissingColumnError
from research.loaders.grid import Grid, read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, Sort, daily_table, without_footer
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_nav_table"]

_DATES: Final = ("date", "as of", "as of date", "asofdate", "nav date", "trade date", "effective date", "pricing date")
_FORMATS: Final = ("%Y-%m-%d", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%Y/%m/%d", "%Y%m%d")


@dataclass(frozen=True)
class _Synonyms:
    target: str
    names: tuple[str, ...]
    unit: str
    about: str
    sort: Sort = "positive"
    scale: float = 1.0


_KNOWN: Final = (
    _Synonyms(
        "nav",
        ("nav", "nav per share", "net asset value", "net asset value per share", "nav/share", "nav (usd)", "nav ($)"),
        "fund currency",
        "net asset value per share",
    ),
    _Synonyms(
        "close",
        (
            "close",
            "closing price",
            "market price",
            "market close",
            "price",
            "share price",
            "closing market price",
            "market price ($)",
        ),
        "fund currency",
        "price on the exchange",
    ),
    _Synonyms(
        "premium",
        (
            "premium/discount (%)",
            "premium / discount (%)",
            "premium/discount %",
            "premium discount (%)",
            "premium/(discount) (%)",
        ),
        "fraction",
        "close against NAV, printed in percent",
        "any_number",
        0.01,
    ),
    _Synonyms(
        "shares_outstanding",
        ("shares outstanding", "outstanding shares", "shares", "units outstanding"),
        "shares",
        "shares outstanding",
        "not_negative",
    ),
    _Synonyms(
        "assets",
        ("net assets", "total net assets", "aum", "assets under management", "total assets"),
        "fund currency",
        "net assets",
        "not_negative",
    ),
    _Synonyms(
        "benchmark",
        ("index level", "benchmark", "benchmark level", "index value", "reference rate"),
        "index points",
        "index level",
    ),
    _Synonyms(
        "distribution",
        ("distribution", "distributions", "dividend", "dividends", "ex-dividends"),
        "fund currency per share",
        "cash on the ex-date",
        "not_negative",
    ),
)
_MONTH_FIRST: Final = "%m/%d/%Y"
_DAY_FIRST: Final = "%d/%m/%Y"


def load_nav_table(path: Path | str | RawFile, *, date_format: str = "", clock: str = "") -> PublishedTable:
    r"""Read a NAV table whose columns have the usual names: Bitwise, Franklin, 21Shares and others.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        A delimited text: comma, semicolon or tab.
    date_format : str
        In the notation of ``strptime``. Needed only where days and months cannot be told apart, ``03/04/2025``.
    clock : str
        Clock of NAV, price and index; empty where whoever uses the table states it.

    Returns
    -------
    PublishedTable
        Daily: ``nav`` and whichever of ``close``, ``premium`` (fraction; the column says that it prints percent),
        ``shares_outstanding``, ``assets``, ``benchmark``, ``distribution`` the file has.

    Raises
    ------
    DataFileError
        If no row looks like a header, dates are ambiguous, or two columns could be the same thing.
    MissingColumnError, DataError
        If there is no date or NAV, or a cell cannot be read.

    Notes
    -----
    Lines above the header and words below the table are set aside and remarked. A premium column that does not say its
    unit is left out with a remark: whether dollars or percent must not be guessed. Other columns are left out too, and
    named in a remark.

    Examples
    --------
    >>> raw = b"Fund history\nDate,NAV,Market Price\n2025-03-14,20.11,20.10\n"
    >>> load_nav_table(RawFile("ethw.csv", raw)).frame.iloc[0].to_dict()
    {'nav': 20.11, 'close': 20.1}
    """
    file = read_raw(path)
    text = decode(file)
    start, delimiter = _header(text, file.name)
    grid = read_grid(_body(text, start, delimiter), file.name, delimiter=delimiter)
    grid = Grid(grid.name, grid.header, grid.rows, tuple(line + start for line in grid.lines))
    rows = len(grid.rows)
    grid, remarks = without_footer(grid)
    fields, left = _fields(grid, clock)
    remarks += left
    if start:
        remarks.insert(0, Remark("preamble", f"{start} lines above the header", row=1, count=start))
    date_names = [name for name in grid.header if _folded(name) in _DATES]
    if len(date_names) > 1:
        raise DataFileError(f"{file.name}: {date_names[0]!r} and {date_names[1]!r} could both be the date: keep one")
    formats = (date_format,) if date_format else _formats(grid, date_names[0], file.name)
    return daily_table(
        file, grid, "nav_table", fields, date_names=(date_names[0],), date_formats=formats, remarks=remarks, rows=rows
    )


def _header(text: str, name: str) -> tuple[int, str]:
    """Return the lines above the header and the delimiter: the first line with a date column and a NAV column."""
    for at, line in enumerate(text.split("\n", 60)[:60]):
        for delimiter in (",", ";", "\t"):
            cells = {_folded(cell.strip('"')) for cell in line.split(delimiter)}
            if cells & set(_DATES) and cells & set(_KNOWN[0].names):
                return at, delimiter
    raise MissingColumnError(
        f"{name}: no header with a date and a NAV column in its first 60 lines: read it as format csv and name its "
        "columns"
    )


def _body(text: str, start: int, delimiter: str) -> str:
    """Return the lines from the header on, short rows of a disclaimer padded to the header's width."""
    lines = text.split("\n")[start:]
    width = len(next(csv.reader([lines[0]], delimiter=delimiter)))
    end = len(lines)
    while end > 1 and (not lines[end - 1].strip() or not lines[end - 1].lstrip('" ')[:1].isdigit()):
        if lines[end - 1].lstrip('" ')[:3].casefold() in _MONTHS:
            break
        end -= 1
    tail = [" ".join(line.split()) for line in lines[end:] if line.strip()]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([line, *[""] * (width - 1)] for line in tail)
    return "\n".join(lines[:end]) + "\n" + out.getvalue()


_MONTHS: Final = frozenset(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])


def _fields(grid: Grid, clock: str) -> tuple[Sequence[Field], list[Remark]]:
    fields: list[Field] = []
    used: set[str] = set()
    for known in _KNOWN:
        names = [name for name in grid.header if _folded(name) in known.names]
        if len(names) > 1:
            raise DataFileError(
                f"{grid.name}: columns {names[0]!r} and {names[1]!r} could both be {known.target}: keep one, or read "
                "the file as format csv and name the column"
            )
        if names:
            used.add(names[0])
            timed = clock if known.target in {"nav", "close", "premium", "benchmark"} else ""
            column = Column(known.unit, timed, known.about)
            fields.append(
                Field(known.target, (names[0],), column, known.sort, scale=known.scale, thousands=",", strip="$%€£ ")
            )
    unclear = [name for name in grid.header if name not in used and "premium" in _folded(name)]
    why = "does not say whether dollars or percent: left out"
    return fields, [Remark("unit_not_stated", f"{name!r} {why}", column=name) for name in unclear]


def _formats(grid: Grid, column: str, name: str) -> Sequence[str]:
    """Return the formats to try: with slashes the one that a day above 12 proves, or an error."""
    cells = [cell.strip() for cell in grid.column(column)]
    if not any("/" in cell for cell in cells) or any(cell[:4].isdigit() for cell in cells):
        return _FORMATS
    parts = [cell.split("/") for cell in cells if cell.count("/") == 2]
    month_first = any(part[1].isdigit() and int(part[1][:4]) > 12 for part in parts)
    day_first = any(part[0].isdigit() and int(part[0][:4]) > 12 for part in parts)
    if month_first == day_first:
        raise DataFileError(
            f"{name}: column {column!r}: whether {cells[0]!r} starts with the month or the day does not show: say so, "
            f"date_format='{_MONTH_FIRST}' or '{_DAY_FIRST}'"
        )
    return (_MONTH_FIRST,) if month_first else (_DAY_FIRST,)


def _folded(name: str) -> str:
    return " ".join(name.strip().strip('"').casefold().split())

"""Yahoo Finance exports: the old site's CSV, and what yfinance has written over the years."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from research.errors import DataFileError, MissingColumnError, ParameterError, UnknownNameError
from research.loaders.grid import Grid, read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, Sort, daily_table
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_yahoo"]

_MISSING: Final = frozenset({"", "-", "--", "null", "nan", "NaN"})
_STAMP: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]00:00:00(?:\.0+)?(?:[+-]\d{2}:?\d{2}|Z)?")
_SHIFTED: Final = ("date", "price", "close", "high", "low", "open")


def _field(
    target: str, names: tuple[str, ...], about: str, sort: Sort = "positive", unit: str = "quote currency"
) -> Field:
    return Field(target, names, Column(unit, "", about), sort, required=target == "close", missing=_MISSING)


_FIELDS: Final = (
    _field("open", ("Open",), "first price of the day"),
    _field("high", ("High",), "highest price of the day"),
    _field("low", ("Low",), "lowest price of the day"),
    _field("close", ("Close",), "last price of the day, adjusted for splits"),
    _field("adjusted_close", ("Adj Close", "AdjClose"), "close adjusted for splits and distributions"),
    _field("volume", ("Volume",), "shares or units traded", "not_negative", "shares"),
    _field("distribution", ("Dividends",), "cash per share on the ex-date", "not_negative", "quote currency per share"),
    _field(
        "split", ("Stock Splits",), "new shares for an old one on the day of a split, else 0", "not_negative", "ratio"
    ),
    _field("capital_gain", ("Capital Gains",), "capital gains per share on the ex-date", "not_negative"),
)


def load_yahoo(path: Path | str | RawFile, *, ticker: str = "") -> PublishedTable:
    r"""Read a Yahoo Finance export of any vintage.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The CSV file.
    ticker : str
        Which one of a file with three header lines that holds several.

    Returns
    -------
    PublishedTable
        Daily: ``close`` and whichever of ``open``, ``high``, ``low``, ``adjusted_close``, ``volume``,
        ``distribution``, ``split``, ``capital_gain`` the file has. A fund's close is of 16:00 New York and a coin's of
        24:00 UTC: the file does not say which it is, so whoever uses it does.

    Raises
    ------
    ParameterError, UnknownNameError
        If the file holds several tickers and none, or another, is asked for.
    DataFileError, MissingColumnError, DataError
        If the file is in no layout of Yahoo's or a cell cannot be read.

    Notes
    -----
    Read are: ISO dates with ``null`` in the running day; three header lines ``Price / Ticker / Date``; stamps of
    midnight with an offset, whose local date is the day; and the header ``Date,Price,Close,High,Low,Open`` that stands
    one column off its numbers, put right only where high and low prove it. yfinance adjusts closes for distributions
    by default: a file without an adjusted close, or one whose close equals it although distributions were paid, gets a
    remark that its close may not be what was traded. Rows out of order are sorted, which loses nothing, and remarked.

    Examples
    --------
    >>> raw = b"Date,Open,High,Low,Close,Adj Close,Volume\n2024-07-23,33,33.1,31.9,32.7,32.7,2013020\n"
    >>> load_yahoo(RawFile("ETH.csv", raw)).frame["close"].tolist()
    [32.7]
    """
    file = read_raw(path)
    text = decode(file)
    head = text.split("\n", 3)
    first = [cell.strip().casefold() for cell in head[0].split(",")]
    if first[0] == "price" and len(head) > 2 and head[1].strip().casefold().startswith("ticker"):
        grid = _three_headers(text, file.name, ticker)
    else:
        grid = read_grid(text, file.name)
        if not grid.has("Adj Close", "AdjClose") and not (grid.has("High") and grid.has("Low")):
            raise MissingColumnError(f"{file.name}: neither an adjusted close nor high and low: it is another format")
    remarks: list[Remark] = []
    if tuple(first[: len(_SHIFTED)]) == _SHIFTED:
        grid, remarks = _put_right(grid)
    grid = _local_days(grid)
    date = ("Date", "Datetime")
    # A row of nothing but "null" is the day that was still running.
    others = [place for place, name in enumerate(grid.header) if place != grid.place(*date) and name]
    running = [all(row[place].strip() in _MISSING for place in others) for row in grid.rows]
    rows = len(grid.rows)
    if any(running):
        line = grid.lines[running.index(True)]
        count = sum(running)
        remarks.append(
            Remark("no_value", f"{count} rows without any value, the first row {line}", line, "", count, count)
        )
        grid = grid.keep([not item for item in running])
        if not grid.rows:
            raise DataFileError(f"{file.name}: every row is without a value: fetch the file again")
    table = daily_table(file, grid, "yahoo", _FIELDS, date_names=date, remarks=remarks, rows=rows, sort=True)
    return replace(table, remarks=(*table.remarks, *_adjusted(table.frame), *_odd(table.frame)))


def _three_headers(text: str, name: str, ticker: str) -> Grid:
    """Return the columns of one ticker of a file with the header lines Price, Ticker and Date."""
    grid = read_grid(text, name)
    tickers = [cell.strip() for cell in grid.rows[0]]
    there = sorted(set(tickers[1:]) - {""})
    if ticker and ticker.casefold() not in {item.casefold() for item in there}:
        raise UnknownNameError("ticker in this file", ticker, there)
    if not ticker and len(there) > 1:
        raise ParameterError(f"{name}: holds {', '.join(there[:5])}: say which with ticker")
    if len(grid.rows) < 3 or grid.rows[1][0].strip().casefold() not in {"date", "datetime"}:
        raise DataFileError(f"{name}: three header lines and no rows below them: fetch the file again")
    wanted = ticker or (there[0] if there else "")
    places = [0, *(at for at, item in enumerate(tickers) if at and item.casefold() == wanted.casefold())]
    header = ("Date", *(grid.header[at] for at in places[1:]))
    rows = tuple([row[at] for at in places] for row in grid.rows[2:])
    return Grid(name, header, rows, grid.lines[2:])


def _put_right(grid: Grid) -> tuple[Grid, list[Remark]]:
    """Return a flattened table with its names above the right numbers, where highs and lows prove which they are."""
    shifted = ["Date", "Close", "High", "Low", "Open", "Volume", *grid.header[6:]]
    try:
        sample = np.array([[float(cell) for cell in row[1:5]] for row in grid.rows if "" not in row[1:5]])
    except ValueError:
        raise DataFileError(f"{grid.name}: header 'Date,Price,Close,...' over cells that are no numbers") from None
    close, high, low, opened = sample.T if len(sample) else np.zeros((4, 0))
    slack = 1e-6 * np.abs(close)
    proved = len(sample) > 0 and bool(
        ((high >= np.maximum(close, opened) - slack) & (low <= np.minimum(close, opened) + slack)).all()
        and (high > low).any()
    )
    if not proved:
        raise DataFileError(
            f"{grid.name}: the header {','.join(grid.header[:6])} is known to stand one column off its numbers, and "
            "highs and lows do not show by how much: export the table again"
        )
    message = "header Date,Price,Close,High,Low,Open stands one column off: read as Date,Close,High,Low,Open,Volume"
    header = tuple(shifted[: len(grid.header)])
    return Grid(grid.name, header, grid.rows, grid.lines), [Remark("shifted_header", message, row=1)]


def _local_days(grid: Grid) -> Grid:
    """Return the grid with stamps of midnight as days; the offset is the exchange's, so the local date is the day."""
    place = grid.place("Date", "Datetime")
    cells = [row[place] for row in grid.rows]
    stamps = [_STAMP.fullmatch(cell.strip()) for cell in cells]
    return grid.with_cells(place, [found[1] if found else cell for found, cell in zip(stamps, cells, strict=True)])


def _adjusted(frame: pd.DataFrame) -> list[Remark]:
    paid = "distribution" in frame and bool((frame["distribution"] > 0).any())
    if "adjusted_close" not in frame:
        message = "no adjusted close beside the close: yfinance adjusts closes by default, so it may not be what traded"
        return [Remark("maybe_adjusted", message, column="close")]
    if paid and np.allclose(frame["close"], frame["adjusted_close"], rtol=1e-6, equal_nan=True):
        message = "close equals adjusted close although distributions were paid: it is adjusted, not what traded"
        return [Remark("adjusted_close", message, column="close")]
    return []


def _odd(frame: pd.DataFrame) -> list[Remark]:
    if not {"high", "low"} <= set(frame.columns):
        return []
    # Exports hold single-precision numbers, and of a running day the last price arrives before the high.
    slack = 1e-5 * frame["close"]
    wrong = (frame["high"] < frame["close"] - slack) | (frame["low"] > frame["close"] + slack)
    if not wrong.any():
        return []
    first = frame.index[int(np.argmax(wrong.to_numpy()))]
    message = f"{int(wrong.sum())} closes outside their day's high and low, the first {first:%Y-%m-%d}"
    return [Remark("bar_inconsistent", message, count=int(wrong.sum()))]

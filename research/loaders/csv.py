"""Comma-separated tables read strictly: a date column and number columns, or an error that names row and column."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from research.errors import DataError, DataFileError, MissingColumnError
from research.loaders.cells import MISSING, ascending

__all__ = ["parse_csv"]

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
YEARS = range(1800, 2200)

Row = tuple[int, list[str]]
"""Line number in the file, and the cells."""


def parse_csv(
    raw: bytes, name: str, columns: Sequence[str], *, date_column: str = "date", needs_final_newline: bool = False
) -> pd.DataFrame:
    r"""Return number columns of a comma-separated table by date, ascending.

    Parameters
    ----------
    raw : bytes
        Content of the file, UTF-8 with or without byte order mark.
    name : str
        What messages call the file.
    columns : sequence of str
        Columns to read; the others are only counted.
    date_column : str
        Column with ISO dates (``2024-07-23``).
    needs_final_newline : bool
        Refuse a file whose last line has no end, because the last number may have lost digits.

    Returns
    -------
    pandas.DataFrame, float64
        All rows of the file, weekends included; index naive days, strictly increasing, named ``date``.
        An empty cell, ``-`` and ``--`` are NaN. Nothing is filled.

    Raises
    ------
    DataFileError
        If the file is empty, binary, not UTF-8, torn or has no rows.
    MissingColumnError
        If a column is not there; the message offers the nearest.
    DataError
        If a date or number does not parse, a date appears twice, or rows are neither newest nor oldest first.

    Examples
    --------
    >>> parse_csv(b"date,nav\n2024-07-24,33.5\n2024-07-23,34.1\n", "nav.csv", ["nav"])
                 nav
    date
    2024-07-23  34.1
    2024-07-24  33.5
    """
    header, rows = _rows(_text(raw, name, needs_final_newline), name)
    wanted = [date_column, *columns]
    places = [_place(header, column, name) for column in wanted]
    dates = [_date(row, places[0], date_column, name) for row in rows]
    index = pd.DatetimeIndex(np.array(dates, dtype="datetime64[D]").astype("datetime64[ns]"), name="date")
    # Before any number is read: a file whose days are wrong is wrong whatever the numbers are.
    ordered = ascending(pd.DataFrame(index=index), [line for line, _ in rows], name=name).index
    data = {
        column: np.array([_number(row, place, column, name) for row in rows], dtype=np.float64)
        for column, place in zip(columns, places[1:], strict=True)
    }
    return pd.DataFrame(data, index=index).loc[ordered]


def _text(raw: bytes, name: str, needs_final_newline: bool) -> str:
    if not raw.strip():
        raise DataFileError(f"{name}: the file is empty: fetch it again")
    if b"\x00" in raw:
        at = raw.index(b"\x00")
        raise DataFileError(f"{name}: binary, not comma-separated text (a zero byte at {at}): export the table as CSV")
    if needs_final_newline and not raw.endswith(b"\n"):
        raise DataFileError(f"{name}: torn: the last line has no end, so its last number may be cut: fetch it again")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFileError(f"{name}: not UTF-8 text at byte {error.start}: export the table as UTF-8 CSV") from None


def _rows(text: str, name: str) -> tuple[list[str], list[Row]]:
    """Return header and data rows, each of the header's width."""
    reader = csv.reader(io.StringIO(text.rstrip("\r\n") + "\n", newline=""), strict=True)
    rows: list[Row] = []
    try:
        header = [cell.strip() for cell in next(reader)]
        for cells in reader:
            if len(cells) != len(header):
                torn = "torn or of another layout"
                raise DataFileError(
                    f"{name}: row {reader.line_num} has {len(cells)} fields where the header has {len(header)}: "
                    f"the file is {torn}, fetch it again or correct the row"
                )
            rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise DataFileError(f"{name}: row {reader.line_num} is not comma-separated text: {error}") from None
    if twice := [column for column, count in Counter(header).items() if count > 1]:
        raise DataFileError(
            f"{name}: column {twice[0]!r} is there twice: rename one, so that it is clear which is meant"
        )
    if not rows:
        raise DataFileError(f"{name}: a header and no rows: fetch the file again")
    return header, rows


def _place(header: list[str], column: str, name: str) -> int:
    if column in header:
        return header.index(column)
    raise MissingColumnError.among(f"{name}: no column", column, header)


def _date(row: Row, place: int, column: str, name: str) -> dt.date:
    line, cells = row
    cell = cells[place].strip()
    try:
        # fromisoformat alone would also take week dates and dates without dashes.
        day = dt.date.fromisoformat(cell) if DATE.fullmatch(cell) else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise DataError(f"{name}: row {line}, column {column!r}: {cell!r} is not a date: write it as 2024-07-23")
    return day


def _number(row: Row, place: int, column: str, name: str) -> float:
    line, cells = row
    cell = cells[place].strip()
    if cell in MISSING:
        return math.nan
    value = float(cell) if NUMBER.fullmatch(cell) and cell.isascii() else math.nan
    if not math.isfinite(value):
        advice = "drop the thousands commas" if "," in cell else "write a plain number, or leave the cell empty"
        raise DataError(f"{name}: row {line}, column {column!r}: {cell!r} is not a number: {advice}")
    return value

"""Texts of one column become numbers or days, or an error that names row, column and cell."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.errors import DataError

__all__ = ["MISSING", "ascending", "dates", "numbers"]

MISSING: Final = frozenset({"", "-", "--"})
"""What most publishers write where there is no value; it becomes NaN."""

_YEARS: Final = (1800, 2200)
_PLAIN: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_STRICT: Final = {"%Y-%m-%d": re.compile(r"\d{4}-\d{2}-\d{2}"), "%Y%m%d": re.compile(r"\d{8}")}


def numbers(
    cells: Sequence[str],
    lines: Sequence[int],
    *,
    name: str,
    column: str,
    missing: Collection[str] = MISSING,
    thousands: str = "",
    decimal: str = ".",
    strip: str = "",
) -> npt.NDArray[np.float64]:
    """Return the numbers of a column; a cell that is one of `missing` is NaN.

    Parameters
    ----------
    cells : sequence of str, length n
        Texts as in the file.
    lines : sequence of int, length n
        Line of each in the file, for messages.
    name, column : str
        What messages call file and column.
    missing : collection of str
        Texts that stand for no value.
    thousands : str
        Separator that groups exactly three digits; empty where there is none.
    decimal : str
        Decimal mark, ``"."`` or ``","``.
    strip : str
        Signs that may stand around a number, as in ``"$%"``.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)

    Raises
    ------
    DataError
        At the first cell that is no finite number in this notation.

    Examples
    --------
    >>> numbers(["$2,692.99", "--"], [2, 3], name="x.csv", column="Index", thousands=",", strip="$")
    array([2692.99,     nan])
    >>> numbers(["2,69"], [2], name="x.csv", column="NAV", thousands=",")
    Traceback (most recent call last):
    ...
    research.errors.DataError: x.csv: row 2, column 'NAV': '2,69' is not a number: a ',' groups three digits; ...
    """
    group = re.escape(thousands)
    mark = re.escape(decimal)
    grouped = re.compile(
        rf"[+-]?(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+)(?:{mark}\d*)?(?:[eE][+-]?\d+)?|[+-]?{mark}\d+(?:[eE][+-]?\d+)?"
    )
    pattern = grouped if thousands or decimal != "." else _PLAIN
    found = np.full(len(cells), np.nan)
    for place, cell in enumerate(cells):
        text = cell.strip()
        if text in missing:
            continue
        if strip:
            text = _without(text, strip)
        value = np.nan
        if text.isascii() and pattern.fullmatch(text):
            value = float((text.replace(thousands, "") if thousands else text).replace(decimal, "."))
        if not np.isfinite(value):
            raise DataError(
                f"{name}: row {lines[place]}, column {column!r}: {_short(cell)} is not a number: "
                f"{_advice(text, thousands, decimal)}"
            )
        found[place] = value
    return found


def _without(text: str, strip: str) -> str:
    """Return a number's text without the signs around it; a minus may stand before the sign or be brackets."""
    sign = ""
    if text.startswith("(") and text.endswith(")"):
        sign, text = "-", text[1:-1]
    elif text.startswith("-"):
        sign, text = "-", text[1:]
    return sign + text.strip(strip + " ")


def _advice(text: str, thousands: str, decimal: str) -> str:
    if thousands and thousands in text:
        return f"a {thousands!r} groups three digits; say so where it is the decimal mark"
    if decimal == "." and "," in text:
        return "say that the file groups digits with commas, or has decimal commas"
    return "write a plain number, or leave the cell empty"


def dates(
    cells: Sequence[str], lines: Sequence[int], *, name: str, column: str, formats: Sequence[str] = ("%Y-%m-%d",)
) -> pd.DatetimeIndex:
    """Return the days of a column, all written in one of `formats`.

    Parameters
    ----------
    cells : sequence of str, length n
        Texts as in the file.
    lines : sequence of int, length n
        Line of each in the file.
    name, column : str
        What messages call file and column.
    formats : sequence of str
        In the notation of ``strptime``, months in English. The first that reads every cell is taken: one file has one.

    Returns
    -------
    pandas.DatetimeIndex, length n
        Naive days in the order of the file, named ``date``.

    Raises
    ------
    DataError
        If no format reads every cell: the message names the first that the likeliest format does not read.

    Examples
    --------
    >>> dates(["Sep 16, 2026"], [2], name="x.xls", column="As Of", formats=["%b %d, %Y"]).strftime("%F")[0]
    '2026-09-16'
    """
    for cell, line in zip(cells, lines, strict=True):
        if not cell.isascii():
            raise DataError(f"{name}: row {line}, column {column!r}: {_short(cell)} is not a date: write it in ASCII")
    texts = pd.Series([cell.strip() for cell in cells], dtype="str")
    best: tuple[int, npt.NDArray[np.bool_]] | None = None
    for form in formats:
        found = pd.to_datetime(texts, format=form, errors="coerce")
        # strptime reads one digit where two are asked for; an ISO date has all of them.
        if form in _STRICT:
            found = found.where(texts.str.fullmatch(_STRICT[form]))
        good = found.notna().to_numpy() & found.dt.year.between(*_YEARS).to_numpy()
        if good.all():
            days = found.to_numpy(dtype="datetime64[D]").astype("datetime64[ns]")
            return pd.DatetimeIndex(days, name="date")
        if best is None or good.sum() > best[0]:
            best = (int(good.sum()), good)
    assert best is not None
    place = int(np.argmin(best[1]))
    example = " or ".join(pd.Timestamp("2024-07-23").strftime(form) for form in formats)
    raise DataError(
        f"{name}: row {lines[place]}, column {column!r}: {_short(cells[place])} is not a date: write it as {example}"
    )


def ascending(frame: pd.DataFrame, lines: Sequence[int], *, name: str) -> pd.DataFrame:
    """Return a frame oldest first; publishers write oldest or newest first, and nothing else is accepted.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows in the order of the file, labelled by day or instant.
    lines : sequence of int
        Line of each row in the file.
    name : str
        What messages call the file.

    Raises
    ------
    DataError
        If a label stands twice, or rows run both ways.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2024-07-24", "2024-07-23"])
    >>> ascending(pd.DataFrame({"nav": [2.0, 1.0]}, days), [2, 3], name="x.csv")["nav"].tolist()
    [1.0, 2.0]
    """
    index = frame.index
    if not index.is_unique:
        place = int(np.argmax(index.duplicated()))
        first = int(np.argmax(index == index[place]))
        raise DataError(
            f"{name}: row {lines[place]} has the date {_day(index[place])} of row {lines[first]} again: keep the right "
            "one of them"
        )
    if index.is_monotonic_increasing:
        return frame
    if index.is_monotonic_decreasing:
        return frame[::-1]
    steps = np.diff(pd.DatetimeIndex(index).asi8)
    descending = bool(steps[0] < 0)
    place = int(np.argmax(steps > 0 if descending else steps < 0)) + 1
    order = "newest first" if descending else "oldest first"
    raise DataError(
        f"{name}: row {lines[place]} ({_day(index[place])}) is out of order in a file that runs {order}: sort the rows "
        "by date"
    )


def _day(label: pd.Timestamp) -> str:
    return f"{label:%Y-%m-%d}" if label == label.normalize() else str(label)


def _short(cell: str) -> str:
    return ascii(cell if len(cell) <= 40 else cell[:37] + "...")

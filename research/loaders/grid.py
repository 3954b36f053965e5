"""A table of texts: a header, rows, the line each came from; its columns as numbers or days, or an error at a cell."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.errors import DataError, DataFileError, MissingColumnError, ParameterError, UnknownNameError

__all__ = ["MISSING", "Grid", "dates", "numbers", "read_grid"]

MISSING: Final = frozenset({"", "-", "--"})
"""What most publishers write where there is no value; it becomes NaN."""

_YEARS: Final = (1800, 2200)
_PLAIN: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_STRICT: Final = {"%Y-%m-%d": re.compile(r"\d{4}-\d{2}-\d{2}"), "%Y%m%d": re.compile(r"\d{8}")}


@dataclass(frozen=True)
class Grid:
    """A table of texts.

    Parameters
    ----------
    name : str
        What messages call the file.
    header : tuple of str
        Column names, stripped.
    rows : tuple of list of str
        Cells, each row of the header's width.
    lines : tuple of int
        Line of each row in the file, counted from 1.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[list[str], ...] = field(repr=False)
    lines: tuple[int, ...] = field(repr=False)

    def place(self, *columns: str) -> int:
        """Return the place of the first of several possible column names; case and spaces do not count.

        Raises
        ------
        MissingColumnError
            If none is there; the nearest is offered.
        DataFileError
            If one stands twice.
        """
        folded = [_folded(name) for name in self.header]
        for column in columns:
            count = folded.count(_folded(column))
            if count > 1:
                raise DataFileError(f"{self.name}: column {column!r} is there {count} times: keep the right one")
            if count:
                return folded.index(_folded(column))
        raise MissingColumnError.among(f"{self.name}: no column", columns[0], self.header, most=20)

    def has(self, *columns: str) -> bool:
        """Return whether one of several possible column names is there."""
        return bool({_folded(name) for name in self.header} & {_folded(name) for name in columns})

    def column(self, *columns: str) -> list[str]:
        """Return the cells of the first of several possible column names, as `place` finds it."""
        place = self.place(*columns)
        return [row[place] for row in self.rows]

    def numbers(self, *columns: str, **notation: Any) -> npt.NDArray[np.float64]:  # noqa: ANN401 - those of `numbers`
        """Return the numbers of a column, as `numbers` reads them."""
        place = self.place(*columns)
        cells = [row[place] for row in self.rows]
        return numbers(cells, self.lines, name=self.name, column=self.header[place], **notation)

    def days(self, *columns: str, formats: Sequence[str] = ("%Y-%m-%d",)) -> pd.DatetimeIndex:
        """Return the days of a column, as `dates` reads them."""
        place = self.place(*columns)
        cells = [row[place] for row in self.rows]
        return dates(cells, self.lines, name=self.name, column=self.header[place], formats=formats)

    def with_cells(self, place: int, cells: Sequence[str]) -> Grid:
        """Return the same rows with other texts in one column."""
        rows = tuple([*row[:place], cell, *row[place + 1 :]] for row, cell in zip(self.rows, cells, strict=True))
        return Grid(self.name, self.header, rows, self.lines)

    def only(self, column: str, wanted: str, option: str) -> Grid:
        """Return the rows of one of several things that a file holds: a ticker, an asset; case does not count.

        Raises
        ------
        ParameterError
            If the file holds several and none is asked for.
        UnknownNameError
            If it does not hold the one that is asked for.
        """
        names = [cell.strip() for cell in self.column(column)]
        there = sorted(set(names))
        if not wanted and len(there) > 1:
            listed = ", ".join(there[:5]) + (", ..." if len(there) > 5 else "")
            raise ParameterError(f"{self.name}: holds {listed}: say which with {option}")
        kept = [not wanted or name.casefold() == wanted.strip().casefold() for name in names]
        if not any(kept):
            raise UnknownNameError(f"{option} in this file", wanted, there)
        return self.keep(kept)

    def keep(self, wanted: Sequence[bool]) -> Grid:
        """Return the rows for which `wanted` holds."""
        rows = tuple(row for row, keep in zip(self.rows, wanted, strict=True) if keep)
        lines = tuple(line for line, keep in zip(self.lines, wanted, strict=True) if keep)
        return Grid(self.name, self.header, rows, lines)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def read_grid(
    text: str,
    name: str,
    *,
    skip: int = 0,
    delimiter: str = ",",
    header: Sequence[str] | None = None,
    trailing: bool = False,
) -> Grid:
    r"""Return the rows of a delimited text.

    Parameters
    ----------
    text : str
        Content of the file, line ends ``\n``.
    name : str
        What messages call the file.
    skip : int
        Lines before the header.
    delimiter : str
        One character.
    header : sequence of str, optional
        Column names of a file that has none.
    trailing : bool
        Whether a row may end in delimiters too many, or lack the cells of columns without a name at its end: so
        spreadsheet programs write them.

    Raises
    ------
    DataFileError
        If there are no rows, or a row has more or fewer cells than the header.

    Examples
    --------
    >>> read_grid("a,b\n1,2\n", "x.csv").column("b")
    ['2']
    """
    lines = text.split("\n", skip)
    if len(lines) <= skip:
        raise DataFileError(f"{name}: {len(lines)} lines, the table should start after {skip}: fetch the file again")
    reader = csv.reader(io.StringIO(lines[skip], newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    names = tuple(header) if header is not None else None
    try:
        for found in reader:
            cells = found
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = tuple(cell.strip() for cell in cells)
                continue
            if trailing:
                cells = _fitted(cells, names)
            if len(cells) != len(names):
                raise DataFileError(
                    f"{name}: row {skip + reader.line_num} has {len(cells)} fields where the header has {len(names)}: "
                    f"the file is torn or of another layout, fetch it again or correct the row{divided(names)}"
                )
            rows.append(cells)
            numbers.append(skip + reader.line_num)
    except csv.Error as error:
        raise DataFileError(f"{name}: row {skip + reader.line_num} is not delimited text: {error}") from None
    if names is None or not rows:
        raise DataFileError(f"{name}: a header and no rows of data: fetch the file again")
    if header is None:
        _refuse_twins(names, name)
    return Grid(name, names, tuple(rows), tuple(numbers))


def divided(header: Sequence[str]) -> str:
    """Return what to say of a header in one piece that another delimiter would divide; empty where there is none."""
    found = next((mark for mark in (";", "\t", "|", ",") if len(header) == 1 and mark in header[0]), "")
    return f": the header seems to be divided by {found!r}: say delimiter = {found!r}" if found else ""


def _fitted(cells: list[str], names: Sequence[str]) -> list[str]:
    """Return a row without empty cells beyond the header, and with those that only columns without a name lack."""
    width = len(names)
    if any(cell.strip() for cell in cells[width:]) or any(names[len(cells) :]):
        return cells
    return [*cells[:width], *[""] * (width - len(cells))]


def _refuse_twins(names: Sequence[str], name: str) -> None:
    twice = [column for column, count in Counter(names).items() if count > 1 and column]
    if twice:
        raise DataFileError(f"{name}: column {twice[0]!r} is there twice: keep the right one")


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


def _short(cell: str) -> str:
    return ascii(cell if len(cell) <= 40 else cell[:37] + "...")

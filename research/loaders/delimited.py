"""Rows of a delimited text: a header, cells by column and the line each came from."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from research.errors import DataFileError, MissingColumnError, ParameterError, UnknownNameError

__all__ = ["Grid", "read_grid"]


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
    rows: tuple[list[str], ...]
    lines: tuple[int, ...]

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
        Whether a row may end in one delimiter too many.

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
            if not cells:
                continue
            if names is None:
                names = tuple(cell.strip() for cell in cells)
                continue
            if trailing and len(cells) == len(names) + 1 and not cells[-1].strip():
                cells = cells[:-1]
            if len(cells) != len(names):
                raise DataFileError(
                    f"{name}: row {skip + reader.line_num} has {len(cells)} fields where the header has {len(names)}: "
                    "the file is torn or of another layout, fetch it again or correct the row"
                )
            rows.append(cells)
            numbers.append(skip + reader.line_num)
    except csv.Error as error:
        raise DataFileError(f"{name}: row {skip + reader.line_num} is not delimited text: {error}") from None
    if names is None or not rows:
        raise DataFileError(f"{name}: no rows of data: fetch the file again")
    if header is None:
        _refuse_twins(names, name)
    return Grid(name, names, tuple(rows), tuple(numbers))


def _refuse_twins(names: Sequence[str], name: str) -> None:
    twice = [column for column, count in Counter(names).items() if count > 1 and column]
    if twice:
        raise DataFileError(f"{name}: column {twice[0]!r} is there twice: keep the right one")


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())

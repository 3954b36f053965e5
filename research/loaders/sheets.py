"""A sheet as a grid of texts, so that the same readers serve workbooks and delimited files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from research.errors import DataFileError
from research.loaders.delimited import Grid
from research.loaders.workbook import Cell, Sheet

__all__ = ["as_text", "grid_of", "header_row"]


def as_text(cell: Cell) -> str:
    """Return a cell as a delimited file would write it: days as ISO dates, whole numbers without a point.

    Examples
    --------
    >>> as_text(dt.date(2026, 9, 22)), as_text(44.0), as_text(0.1)
    ('2026-09-22', '44', '0.1')
    """
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float | int):
        return str(int(cell)) if float(cell).is_integer() and abs(cell) < 1e15 else repr(float(cell))
    return str(cell)


def header_row(sheet: Sheet, is_header: Callable[[list[str]], bool], what: str, file: str, *, within: int = 50) -> int:
    """Return the place of the first row for which `is_header` holds.

    Raises
    ------
    DataFileError
        If none of the first `within` rows is one.
    """
    for place, row in enumerate(sheet.rows[:within]):
        if is_header([as_text(cell).strip() for cell in row]):
            return place
    raise DataFileError(f"{file}: sheet {sheet.name!r} has no header row with {what} in its first {within} rows")


def grid_of(sheet: Sheet, place: int, file: str, *, until: Callable[[list[str]], bool] | None = None) -> Grid:
    """Return the rows below a header row as a grid.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    place : int
        Place of the header row, from 0.
    file : str
        What messages call the file.
    until : callable, optional
        The first row for which it holds ends the table.

    Raises
    ------
    DataFileError
        If no row follows.
    """
    header = [as_text(cell).strip() for cell in sheet.rows[place]]
    width = max((at + 1 for at, name in enumerate(header) if name), default=0)
    rows: list[list[str]] = []
    lines: list[int] = []
    for number, cells in enumerate(sheet.rows[place + 1 :], start=place + 2):
        texts = _padded([as_text(cell) for cell in cells], width)
        if until is not None and until(texts):
            break
        if any(text.strip() for text in texts):
            rows.append(texts)
            lines.append(number)
    if not rows:
        raise DataFileError(f"{file}: sheet {sheet.name!r} has a header and no rows: fetch the file again")
    return Grid(file, tuple(header[:width]), tuple(rows), tuple(lines))


def _padded(texts: Sequence[str], width: int) -> list[str]:
    return [*texts[:width], *[""] * (width - len(texts))]

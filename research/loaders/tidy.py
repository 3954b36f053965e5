"""From a grid of texts to a publisher's table: which column is which, in what unit, checked by a schema."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from research.errors import DataFileError
from research.loaders.cells import MISSING, ascending, dates, numbers
from research.loaders.published import Column, Kind, PublishedTable, Remark

if TYPE_CHECKING:
    from research.loaders.delimited import Grid
    from research.loaders.raw import RawFile

__all__ = ["Field", "Sort", "daily_table", "left_out", "published"]

Sort = Literal["positive", "not_negative", "any_number", "text"]


@dataclass(frozen=True)
class Field:
    """One column to take from a grid.

    Parameters
    ----------
    target : str
        The toolkit's name.
    names : tuple of str
        What publishers call it, the likeliest first; case does not count.
    column : Column
        Unit after `scale`, clock and description.
    sort : {"positive", "not_negative", "any_number"}
        What its values must be; NaN is allowed.
    required : bool
        Whether the file is of another layout without it.
    scale : float
        Factor from the publisher's unit to ours: 1000 for shares in thousands, 0.01 for percent.
    thousands, decimal, strip : str
        Notation, as `research.loaders.cells.numbers` takes it.
    missing : collection of str
        Texts for no value.
    """

    target: str
    names: tuple[str, ...]
    column: Column
    sort: Sort = "positive"
    required: bool = True
    scale: float = 1.0
    thousands: str = ""
    decimal: str = "."
    strip: str = ""
    missing: Collection[str] = MISSING


def daily_table(
    file: RawFile,
    grid: Grid,
    format_name: str,
    fields: Sequence[Field],
    *,
    date_names: tuple[str, ...] = ("Date",),
    date_formats: Sequence[str] = ("%Y-%m-%d",),
    remarks: Sequence[Remark] = (),
    rows: int | None = None,
    sort: bool = False,
) -> PublishedTable:
    """Return a table with one row a day.

    Parameters
    ----------
    file : RawFile
        For name and hash.
    grid : Grid
        The rows that hold data.
    format_name : str
        Name of the format.
    fields : sequence of Field
        Columns to take; an optional one that is not there is left out.
    date_names, date_formats : sequence of str
        What the date column is called and how dates are written.
    remarks : sequence of Remark
        What was set aside before.
    rows : int, optional
        Data rows of the file, where some were set aside before; default those of the grid.
    sort : bool
        Sort rows that are out of order, and say so in a remark, instead of refusing them.

    Raises
    ------
    MissingColumnError
        If a required column is not there.
    DataError
        If a cell cannot be read, a day stands twice with other values, or rows run both ways.
    """
    if not grid.rows:
        raise DataFileError(f"{grid.name}: no row is a day: fetch the file again")
    place = grid.place(*date_names)
    days = dates(
        [row[place] for row in grid.rows],
        grid.lines,
        name=grid.name,
        column=grid.header[place],
        formats=date_formats,
    )
    taken = [field for field in fields if field.required or grid.has(*field.names)]
    frame = pd.DataFrame({field.target: _numbers(grid, field) for field in taken}, index=days)
    frame, lines, twice = _without_twins(frame, grid)
    if sort:
        frame, lines, moved = _sorted(frame, lines)
        twice += moved
    frame = ascending(frame, lines, name=grid.name)
    left = _left_out(grid, [grid.place(*field.names) for field in taken] + [place])
    return published(
        file,
        frame,
        format_name,
        taken,
        remarks=[*remarks, *twice, *left],
        rows=len(grid.rows) if rows is None else rows,
    )


def published(
    file: RawFile,
    frame: pd.DataFrame,
    format_name: str,
    fields: Sequence[Field],
    *,
    remarks: Sequence[Remark] = (),
    rows: int,
    kind: Kind = "daily",
) -> PublishedTable:
    """Return a frame as a publisher's table after its schema has been checked."""
    from research.loaders import schemas  # noqa: PLC0415 - pandera takes a moment

    columns = {field.target: getattr(schemas, field.sort)() for field in fields}
    checked = schemas.validated(frame, schemas.table_schema(kind, columns), file.name)
    about = {field.target: field.column for field in fields}
    return PublishedTable(checked, kind, about, format_name, file.name, file.sha256, rows, tuple(remarks))


def _numbers(grid: Grid, field: Field) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    place = grid.place(*field.names)
    found = numbers(
        [row[place] for row in grid.rows],
        grid.lines,
        name=grid.name,
        column=grid.header[place],
        missing=field.missing,
        thousands=field.thousands,
        decimal=field.decimal,
        strip=field.strip,
    )
    return found * field.scale if field.scale != 1.0 else found


def left_out(before: Grid, after: Grid, rule: str, what: str) -> list[Remark]:
    """Return a remark on the rows that one grid has and the other has not, where there are any."""
    count = len(before.rows) - len(after.rows)
    return [Remark(rule, f"{count} {what}", count=count, rows_lost=count)] if count else []


def _sorted(frame: pd.DataFrame, lines: Sequence[int]) -> tuple[pd.DataFrame, Sequence[int], list[Remark]]:
    """Return rows in order of date where they were in neither order, and a remark that names the first."""
    index = pd.DatetimeIndex(frame.index)
    if index.is_monotonic_increasing or index.is_monotonic_decreasing or not index.is_unique:
        return frame, lines, []
    steps = np.diff(index.asi8)
    wrong = steps < 0 if (steps > 0).mean() > 0.5 else steps > 0
    place = int(np.argmax(wrong)) + 1
    count = int(wrong.sum())
    message = f"{count} rows out of order, the first row {lines[place]} ({index[place]:%Y-%m-%d}): sorted by date"
    order = np.argsort(index.asi8, kind="stable")
    remark = Remark("out_of_order", message, row=lines[place], count=count)
    return frame.iloc[order], [lines[at] for at in order], [remark]


def _left_out(grid: Grid, used: Sequence[int]) -> list[Remark]:
    others = [name for place, name in enumerate(grid.header) if place not in used and name]
    if not others:
        return []
    listed = ", ".join(name if len(name) <= 40 else f"...{name[-37:]}" for name in others[:8])
    listed += ", ..." if len(others) > 8 else ""
    return [Remark("column_left_out", f"columns that are not read: {listed}", count=len(others))]


def _without_twins(frame: pd.DataFrame, grid: Grid) -> tuple[pd.DataFrame, Sequence[int], list[Remark]]:
    """Return the frame without rows that repeat another word for word, and a remark that says so."""
    index = pd.DatetimeIndex(frame.index)
    if index.is_unique:
        return frame, grid.lines, []
    both = frame.set_axis(pd.RangeIndex(len(frame)), axis=0).assign(**{"\0label": index})
    same = both.duplicated().to_numpy()
    if not same.any():
        return frame, grid.lines, []
    first = int(np.argmax(same))
    remark = Remark(
        "identical_duplicate",
        f"row {grid.lines[first]} repeats the row of {index[first]:%Y-%m-%d} word for word: kept once",
        row=grid.lines[first],
        count=int(same.sum()),
        rows_lost=int(same.sum()),
    )
    return frame[~same], [line for line, twin in zip(grid.lines, same, strict=True) if not twin], [remark]

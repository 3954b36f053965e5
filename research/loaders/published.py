"""A publisher's table: which column is which, in what unit and at what clock, checked, and what was set aside."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from research.errors import DataError, DataFileError, MissingColumnError
from research.loaders.grid import MISSING
from research.tables import Result, Table

if TYPE_CHECKING:
    import pandera.pandas as pa

    from research.loaders.grid import Grid
    from research.loaders.raw import RawFile

__all__ = [
    "Column",
    "Field",
    "Kind",
    "PublishedTable",
    "Remark",
    "Sort",
    "ascending",
    "daily_table",
    "day_text",
    "left_out",
    "published",
    "without_footer",
]

Kind = Literal["daily", "bars", "contracts", "other"]
"""How rows are labelled.

``daily``: naive days, strictly increasing, index ``date``. ``bars``: start of the bar, UTC, strictly increasing, index
``time``. ``contracts``: day and expiry, unique, sorted, index ``date``, ``expiry``. ``other``: as the loader says.
"""

Sort = Literal["positive", "not_negative", "any_number", "text"]
"""What the values of a column must be; NaN is allowed."""


@dataclass(frozen=True, repr=False)
class Column:
    """What one column is.

    Parameters
    ----------
    unit : str
        Unit of the values: ``"USD"``, ``"shares"``, ``"fraction"``; empty for texts.
    clock : str
        Wall time and zone of the observation, as in ``"16:00 America/New_York"``; empty where the format does not fix
        it and whoever uses the file must say.
    description : str
        What the values are, in words.
    tick : float or None
        Step to which the publisher rounds, where known.
    """

    unit: str
    clock: str = ""
    description: str = ""
    tick: float | None = None

    def __repr__(self) -> str:
        tick = "" if self.tick is None else f"to {self.tick:g}"
        return ", ".join(part for part in (self.unit, self.clock, self.description, tick) if part)


@dataclass(frozen=True, repr=False)
class Remark:
    """Something that a loader met and did not pass over in silence.

    Parameters
    ----------
    rule : str
        Short name, as in ``"marker"``, ``"footer"``, ``"repaired_markup"``, ``"identical_duplicate"``.
    message : str
        One sentence for a reader, with row and column where there is one.
    row : int or None
        Line (or row of a sheet) where it first stands.
    column : str
        Column that it is about; empty for whole rows.
    count : int
        How many rows or cells it concerns.
    rows_lost : int
        Rows of the file that are not in the table because of it.
    """

    rule: str
    message: str
    row: int | None = None
    column: str = ""
    count: int = 1
    rows_lost: int = 0

    def __repr__(self) -> str:
        return f"[{self.rule}] {self.message}"


@dataclass(frozen=True, eq=False)
class PublishedTable(Result):
    """One file of a publisher, read and checked; nothing filled.

    Parameters
    ----------
    frame : pandas.DataFrame
        Values under the toolkit's column names; float64 but for texts. A cell without a value is NaN.
    kind : {"daily", "bars", "contracts", "other"}
        How rows are labelled, see `Kind`.
    columns : mapping of str to Column
        One entry for each column of the frame.
    format : str
        Name of the format, as in ``"ishares"``.
    name : str
        What messages call the file.
    sha256 : str
        Hash of the file's bytes.
    rows : int
        Data rows in the file, before any was set aside.
    remarks : tuple of Remark
        What the loader set aside or repaired.
    """

    frame: pd.DataFrame
    kind: Kind
    columns: Mapping[str, Column]
    format: str
    name: str
    sha256: str
    rows: int
    remarks: tuple[Remark, ...] = ()

    @property
    def rows_lost(self) -> int:
        """Rows of the file that are not in the table."""
        return self.rows - len(self.frame)

    def column_named(self, wanted: str, what: str = "") -> str:
        """Return the name of a column; case does not count.

        Parameters
        ----------
        wanted : str
            As whoever asks writes it.
        what : str
            What messages call the table; by default its name.

        Raises
        ------
        MissingColumnError
            If it is not there; the nearest is offered, and what of the file was not read is said.
        """
        if wanted in self.columns:
            return wanted
        alike = [name for name in self.columns if name.casefold() == wanted.casefold()]
        if len(alike) == 1:
            return alike[0]
        error = MissingColumnError.among(f"{what or self.name}: no column", wanted, self.columns)
        left = [remark.message for remark in self.remarks if remark.rule == "column_left_out"]
        raise MissingColumnError("; ".join([str(error), *left]))

    def summary(self) -> Table:
        """Return what each column is, with the span of the rows above and what was set aside below."""
        index = self.frame.index
        span = f", {_label(index[0])} to {_label(index[-1])}" if len(index) and self.kind != "other" else ""
        about = {
            name: (column.unit, column.clock, int(self.frame[name].notna().sum()), column.description)
            for name, column in self.columns.items()
        }
        heads = ["unit", "clock", "values", "description"]
        return Table(
            pd.DataFrame.from_dict(about, orient="index", columns=heads),
            f"{self.name}: {self.format}, {len(self.frame)} of {self.rows} rows{span}",
            notes=tuple(map(str, self.remarks)),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the values."""
        return self.frame.copy()

    def to_dict(self) -> dict[str, object]:
        """Return all but the values, ready for JSON."""
        told = ("name", "format", "kind", "sha256", "rows", "rows_lost")
        return {name: getattr(self, name) for name in told} | {
            "columns": {name: asdict(column) for name, column in self.columns.items()},
            "remarks": [asdict(remark) for remark in self.remarks],
        }


def _label(label: object) -> str:
    first = label[0] if isinstance(label, tuple) else label
    return f"{first:%Y-%m-%d}"


def day_text(label: pd.Timestamp) -> str:
    """Return a day as an ISO date, an instant with its time of day."""
    return f"{label:%Y-%m-%d}" if label == label.normalize() else str(label)


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
        Notation, as `research.loaders.grid.numbers` takes it.
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
    days = grid.days(*date_names, formats=date_formats)
    taken = [field for field in fields if field.required or grid.has(*field.names)]
    frame = pd.DataFrame({field.target: _numbers(grid, field) for field in taken}, index=days)
    frame, lines, twice = _without_twins(frame, grid)
    if sort:
        frame, lines, moved = _sorted(frame, lines)
        twice += moved
    frame = ascending(frame, lines, name=grid.name)
    left = _left_out(grid, [grid.place(*field.names) for field in taken] + [grid.place(*date_names)])
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
    checked = _validated(frame, kind, {field.target: field.sort for field in fields}, file.name)
    about = {field.target: field.column for field in fields}
    return PublishedTable(checked, kind, about, format_name, file.name, file.sha256, rows, tuple(remarks))


def _numbers(grid: Grid, field: Field) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = grid.numbers(
        *field.names, missing=field.missing, thousands=field.thousands, decimal=field.decimal, strip=field.strip
    )
    return found * field.scale if field.scale != 1.0 else found


def left_out(before: Grid, after: Grid, rule: str, what: str) -> list[Remark]:
    """Return a remark on the rows that one grid has and the other has not, where there are any."""
    count = len(before.rows) - len(after.rows)
    return [Remark(rule, f"{count} {what}", count=count, rows_lost=count)] if count else []


def without_footer(grid: Grid) -> tuple[Grid, list[Remark]]:
    """Return the grid without rows of words below the last row that has a digit in its first cell and other cells."""
    wanted = [True] * len(grid.rows)
    for at in range(len(grid.rows) - 1, -1, -1):
        row = grid.rows[at]
        if any(sign.isdigit() for sign in row[0][:12]) and any(cell.strip() for cell in row[1:]):
            break
        wanted[at] = False
    lost = wanted.count(False)
    if not lost or lost == len(wanted):
        return grid, []
    line = grid.lines[wanted.index(False)]
    text = " ".join(grid.rows[wanted.index(False)][0].split())
    message = f"{lost} rows of words below the table, from row {line}: {text[:60]!r}"
    return grid.keep(wanted), [Remark("footer", message, row=line, count=lost, rows_lost=lost)]


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
            f"{name}: row {lines[place]} has the date {day_text(index[place])} of row {lines[first]} again: keep the "
            "right one of them"
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
        f"{name}: row {lines[place]} ({day_text(index[place])}) is out of order in a file that runs {order}: sort the "
        "rows by date"
    )


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


def _validated(frame: pd.DataFrame, kind: Kind, sorts: Mapping[str, Sort], name: str) -> pd.DataFrame:
    """Return a frame whose columns are of their sorts and whose rows are labelled and ordered as its kind says.

    Raises
    ------
    DataError
        Naming column, row and value of the first failure, and how many there are.
    """
    if kind == "daily" and set(sorts.values()) <= {"any_number"} and not np.isinf(frame.to_numpy()).any():
        return frame  # ordered and finite: nothing is left to check, and pandera takes a moment to import
    import pandera.pandas as pa  # noqa: PLC0415

    try:
        _schema(kind, sorts).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        raise DataError(_complaint(error.failure_cases, name)) from None
    if kind != "other" and not frame.index.is_monotonic_increasing:
        raise DataError(f"{name}: rows are not in order of date: sort them")
    return frame


def _schema(kind: Kind, sorts: Mapping[str, Sort]) -> pa.DataFrameSchema:
    """Return what a table satisfies: its columns and no others, labelled as its kind says."""
    import pandera.pandas as pa  # noqa: PLC0415

    finite = pa.Check.lt(float("inf"))
    checks: dict[Sort, list[pa.Check]] = {
        "positive": [pa.Check.gt(0.0), finite],
        "not_negative": [pa.Check.ge(0.0), finite],
        # Flows, changes, an oil price in April 2020.
        "any_number": [pa.Check(np.isfinite, name="finite")],
        "text": [],
    }
    columns = {
        column: pa.Column("str" if sort == "text" else "float64", checks[sort], nullable=True)
        for column, sort in sorts.items()
    }
    index: pa.Index | pa.MultiIndex | None = None
    if kind == "daily":
        index = pa.Index("datetime64[ns]", unique=True, name="date")
    elif kind == "bars":
        index = pa.Index(pd.DatetimeTZDtype("ns", "UTC"), unique=True, name="time")
    elif kind == "contracts":
        levels = [pa.Index("datetime64[ns]", name=name) for name in ("date", "expiry")]
        index = pa.MultiIndex(levels, unique=["date", "expiry"])
    return pa.DataFrameSchema(columns, index=index, strict=True)


def _complaint(cases: pd.DataFrame, name: str) -> str:
    first = cases.iloc[0]
    rows = f" (and {len(cases) - 1} more)" if len(cases) > 1 else ""
    rule = str(first["check"]).replace("greater_than_or_equal_to", "at least ").replace("less_than", "less than ")
    rule = rule.replace("greater_than", "greater than ").replace("(", "").replace(")", "").replace("_", " ")
    if first["index"] is None or pd.isna(first["index"]):
        return f"{name}: {first['check']}: {first['failure_case']}{rows}: the table does not have the columns it should"
    label = first["index"]
    where = f"{label:%Y-%m-%d}" if isinstance(label, pd.Timestamp) else str(label)
    return (
        f"{name}: {first['column']} of {where} is {first['failure_case']}: it should be {rule}; correct the row, or "
        f"leave the cell empty where there is no value{rows}"
    )

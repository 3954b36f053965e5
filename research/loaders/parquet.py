"""Parquet files with one row a day: plain columns only."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from research.errors import DataError, DataFileError, MissingColumnError
from research.loaders.published import Column, Field, PublishedTable, Remark, ascending, published
from research.loaders.raw import RawFile, read_raw

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["load_parquet"]

_BATCH: Final = 65_536
"""Rows that are read at a time."""

_MOST_VALUES = 200_000_000


def load_parquet(
    path: Path | str | RawFile, *, date_column: str = "date", columns: Mapping[str, str] | None = None
) -> PublishedTable:
    """Read a Parquet file with one row a day.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The file.
    date_column : str
        Column with the days: dates, timestamps at midnight or ISO texts.
    columns : mapping of str to str, optional
        Columns to read, under which name; by default all of numbers.

    Returns
    -------
    PublishedTable
        Daily, float64. Nulls are NaN.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not so, or a value cannot be a number.

    Notes
    -----
    Only plain columns are read. Types that a program other than this could have put objects into are left out.
    """
    file = read_raw(path)
    import pyarrow as pa  # noqa: PLC0415 - only where there is Parquet
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    if not file.raw.startswith(b"PAR1") or not file.raw.endswith(b"PAR1"):
        raise DataFileError(f"{file.name}: not a whole Parquet file: fetch it again")
    try:
        about = pq.ParquetFile(io.BytesIO(file.raw))
        names = list(about.schema_arrow.names)
        if len(set(names)) < len(names):
            raise DataFileError(f"{file.name}: a column stands there twice: write each once")
        place = _named(names, date_column, file.name)
        plain = [name for name in names if _is_number(about.schema_arrow.field(name).type)]
        wanted = {name: name for name in plain if name != place} if columns is None else dict(columns)
        _check(about, wanted.values(), plain, file.name)
        # In batches of no more rows than the file says it has: read at once, a few damaged bytes take 16 GB.
        size = min(max(about.metadata.num_rows, 1), _BATCH)
        batches = list(about.iter_batches(size, columns=[place, *wanted.values()], use_threads=False))
        if not batches:
            raise DataFileError(f"{file.name}: no rows: fetch the file again")
        table = pa.Table.from_batches(batches)
    except DataError:
        raise
    except (OSError, ValueError, KeyError, NotImplementedError, MemoryError) as error:
        raise DataFileError(f"{file.name}: a damaged Parquet file ({str(error)[:100]}): fetch it again") from None
    return _frame_table(file, table, place, wanted)


def _check(about: pq.ParquetFile, wanted: Iterable[str], plain: Sequence[str], name: str) -> None:
    """Refuse columns that are not there or hold no numbers, and more rows than a daily table has."""
    count = 0
    for column in wanted:
        count += 1
        _named(list(about.schema_arrow.names), column, name)
        if column not in plain:
            raise DataError(f"{name}: column {column!r} holds {about.schema_arrow.field(column).type}, no numbers")
    if about.metadata.num_rows * max(count, 1) > _MOST_VALUES:
        raise DataFileError(f"{name}: {about.metadata.num_rows:,} rows: too many for a daily table")


def _frame_table(file: RawFile, table: pa.Table, place: str, wanted: Mapping[str, str]) -> PublishedTable:
    frame = pd.DataFrame(
        {target: _floats(table.column(name), file.name, name) for target, name in wanted.items()},
        index=_days(table.column(place), file.name, place),
    )
    if not len(frame):
        raise DataFileError(f"{file.name}: no rows: fetch the file again")
    frame = ascending(frame, range(1, len(frame) + 1), name=file.name)
    fields = [Field(target, (name,), Column("", "", ""), "any_number") for target, name in wanted.items()]
    left = [name for name in table.schema.names if name not in {place, *wanted.values()}]
    remarks = (
        [Remark("column_left_out", f"columns that are not read: {', '.join(left[:8])}", count=len(left))]
        if left
        else []
    )
    return published(file, frame, "parquet", fields, remarks=remarks, rows=len(frame))


def _floats(column: pa.ChunkedArray, name: str, label: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = column.cast("float64", safe=False).to_numpy(zero_copy_only=False).astype(np.float64)
    if np.isinf(values).any():
        raise DataError(
            f"{name}: column {label!r} holds an infinite value in row {int(np.argmax(np.isinf(values))) + 1}"
        )
    return np.asarray(values)


def _days(column: pa.ChunkedArray, name: str, label: str) -> pd.DatetimeIndex:
    try:
        values = pd.Series(column.to_pandas())
    except (ValueError, OverflowError) as error:
        # Parquet counts days far beyond the year 9999, where Python's dates end.
        raise DataError(f"{name}: column {label!r} holds days beyond reason ({str(error)[:60]}): write dates") from None
    if pd.api.types.is_numeric_dtype(values):
        raise DataError(f"{name}: column {label!r} holds numbers, no dates: write dates, or ISO texts")
    days = pd.to_datetime(values, errors="coerce", format="ISO8601")
    if days.isna().any():
        place = int(np.argmax(days.isna().to_numpy()))
        raise DataError(f"{name}: row {place + 1}, column {label!r}: {str(values.iloc[place])[:40]!r} is not a date")
    if days.dt.tz is not None:
        raise DataError(
            f"{name}: column {label!r} holds instants with a time zone: write the day that each row is about"
        )
    years = days.dt.year
    # Looked at before the unit is: nanoseconds end in 2262.
    if not years.between(1800, 2199).all() or (days != days.dt.normalize()).any():
        raise DataError(f"{name}: column {label!r} holds times of day, or years beyond reason: write plain dates")
    return pd.DatetimeIndex(days, name="date").as_unit("ns")


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _named(names: Sequence[str], wanted: str, file: str) -> str:
    if wanted in names:
        return wanted
    raise MissingColumnError.among(f"{file}: no column", wanted, names, most=20)

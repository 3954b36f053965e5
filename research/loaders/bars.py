"""Bars of a market that trades at any hour: open, high, low and close by the instant at which each bar starts, UTC."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from research.errors import DataError, DataFileError, MissingColumnError, ParameterError
from research.loaders.published import Column, Field, PublishedTable, Remark, published
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_bars"]

PRICES: Final = ("open", "high", "low", "close")
_WRITTEN: Final = r"\d{4}-\d{2}-\d{2}"
_TIMES: Final = ("timestamp", "time", "date", "datetime", "open_time", "unix")
FIELDS: Final = (
    *(Field(name, (name,), Column("quote currency", "", f"{name} of the bar")) for name in PRICES),
    Field("volume", ("volume",), Column("base currency", "", "volume of the bar"), "not_negative", required=False),
    Field(
        "volume_quote",
        ("volume_quote",),
        Column("quote currency", "", "volume of the bar in the quote currency"),
        "not_negative",
        required=False,
    ),
)


def load_bars(path: Path | str | RawFile, *, time_column: str = "", zone: str = "") -> PublishedTable:
    r"""Read bars with a time column and open, high, low, close.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        A comma-separated file.
    time_column : str
        Column with the start of each bar; by default ``timestamp``, ``time``, ``date``, ``datetime``, ``open_time`` or
        ``unix``, whichever is there.
    zone : str
        Time zone of times that name none. Without it such times are refused: UTC must not be guessed.

    Returns
    -------
    PublishedTable
        Bars: ``open``, ``high``, ``low``, ``close`` and, where the file has it, ``volume``; index the start of the bar
        in UTC. Sample one at a wall clock with `research.sample_at`.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout, a cell cannot be read, or bars contradict each other.

    Notes
    -----
    Numbers of seconds, milliseconds and microseconds since 1970 are told apart by their size, row by row. A bar that
    stands twice is kept once where the copies agree or one is a part of the other (same open, range and volume
    within), and refused where they contradict.

    Examples
    --------
    >>> raw = b"timestamp,open,high,low,close\n2024-01-01 00:00:00+0000,10,12,9,11\n"
    >>> load_bars(RawFile("eth.csv", raw)).frame["close"].tolist()
    [11.0]
    """
    file = read_raw(path)
    table = read_columns(decode(file), file.name)
    column = _time_column(table, time_column, file.name)
    times = instants(table[column], file.name, column, zone)
    return bar_table(file, table, times, "bars")


def read_columns(text: str, name: str, *, skip: int = 0) -> pd.DataFrame:
    """Return a delimited text as columns of numbers or texts, every row of full width, names in lower case.

    Raises
    ------
    DataFileError
        If the text is no table, or a row has too many or too few cells.
    """
    lines = text.split("\n", skip + 1)
    names = [cell.strip().strip('"').casefold() for cell in (lines[skip] if len(lines) > skip else "").split(",")]
    if len(set(names)) < len(names):
        twice = next(cell for cell in names if names.count(cell) > 1)
        raise DataFileError(f"{name}: column {twice!r} is there twice: keep the right one")
    try:
        table = pd.read_csv(io.StringIO(text), skiprows=skip, skipinitialspace=True, na_values=["null", "None", "-"])
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OverflowError) as error:
        raise DataFileError(f"{name}: not a comma-separated table ({str(error)[:100]}): fetch it again") from None
    table.columns = pd.Index([str(column).strip().casefold() for column in table.columns])
    if not len(table) or not isinstance(table.index, pd.RangeIndex):
        # Rows longer than the header make pandas take the first column for labels.
        raise DataFileError(f"{name}: no rows under a header of the same width: fetch the file again")
    _refuse_short_rows(table, text, skip, name)
    return table


def _refuse_short_rows(table: pd.DataFrame, text: str, skip: int, name: str) -> None:
    """Refuse a row with too few cells, which pandas fills up in silence: only such a row lacks its last cell."""
    lacking = np.flatnonzero(table.iloc[:, -1].isna().to_numpy())
    if not len(lacking):
        return
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if number > skip and line.strip()]
    for place in lacking:
        number, line = lines[int(place) + 1] if int(place) + 1 < len(lines) else (0, "")
        if '"' not in line and line.count(",") < table.shape[1] - 1:
            raise DataFileError(
                f"{name}: row {number} has fewer fields than the header: the file is torn, fetch it again"
            )


def _time_column(table: pd.DataFrame, wanted: str, name: str) -> str:
    if wanted:
        if wanted.casefold() in table.columns:
            return wanted.casefold()
        raise MissingColumnError.among(f"{name}: no column", wanted, table.columns)
    found = next((column for column in _TIMES if column in table.columns), None)
    if found is None:
        raise MissingColumnError(f"{name}: no column of times ({', '.join(_TIMES)}): name it with time_column")
    return found


def instants(column: pd.Series, name: str, label: str, zone: str = "") -> pd.DatetimeIndex:
    """Return the instants of a column, UTC.

    Raises
    ------
    DataError
        If a cell is no time.
    ParameterError
        If times name no zone and none is given, or the zone does not exist.
    """
    if pd.api.types.is_numeric_dtype(column):
        return _epochs(column.to_numpy(dtype=np.float64), name, label)
    texts = column.astype("str").str.strip()
    parsed = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    # Words such as "now" are times to pandas, and years beyond reason are to no clock.
    wrong = (parsed.isna() | ~texts.str.match(_WRITTEN) | ~parsed.dt.year.between(1970, 2200)).to_numpy()
    if wrong.any():
        place = int(np.argmax(wrong))
        raise DataError(f"{name}: row {place + 2}, column {label!r}: {texts.iloc[place][:40]!r} is not a time")
    named = texts.str.contains(r"(?:Z|UTC|[+-]\d{2}:?\d{2})$", regex=True)
    if named.all():
        return pd.DatetimeIndex(parsed, name="time").as_unit("ns")
    if not zone:
        raise ParameterError(f"{name}: times such as {texts.iloc[0]!r} name no time zone: say which with zone")
    if named.any():
        raise DataError(f"{name}: some times name a zone and others do not: write all of them the same way")
    try:
        local = pd.DatetimeIndex(parsed.dt.tz_localize(None)).tz_localize(zone)
    except ValueError as error:
        raise DataError(f"{name}: {error}: an hour that a clock change skips or repeats; use UTC times") from None
    except (KeyError, LookupError, OSError):
        raise ParameterError(
            f"time zone {zone!r} does not exist: write an IANA name such as America/New_York"
        ) from None
    return local.tz_convert("UTC").rename("time").as_unit("ns")


def _epochs(values: np.ndarray[tuple[int], np.dtype[np.float64]], name: str, label: str) -> pd.DatetimeIndex:
    """Return instants from numbers since 1970; seconds, milliseconds and microseconds differ by a thousand."""
    seconds = np.select([values < 1e11, values < 1e14, values < 1e17], [values, values / 1e3, values / 1e6], np.nan)
    # From 1973 on: a day written as 20240723 is no count of seconds.
    wrong = ~((seconds >= 1e8) & (seconds < 7e9))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise DataError(f"{name}: row {place + 2}, column {label!r}: {values[place]:g} is not a time since 1970")
    return pd.DatetimeIndex((np.round(seconds * 1e3).astype(np.int64) * 1_000_000), tz="UTC", name="time").as_unit("ns")


def bar_table(
    file: RawFile,
    table: pd.DataFrame,
    times: pd.DatetimeIndex,
    format_name: str,
    remarks: Sequence[Remark] = (),
) -> PublishedTable:
    """Return bars in order of time, each once, as a publisher's table.

    Raises
    ------
    MissingColumnError
        If a price is not there.
    DataError
        If a price is no number, bars contradict each other, or the order is neither newest nor oldest first.
    """
    fields = [field for field in FIELDS if field.required or field.target in table.columns]
    for field in fields:
        if field.target not in table.columns:
            have = ", ".join(map(str, table.columns[:12]))
            raise MissingColumnError(f"{file.name}: no column {field.target!r} (columns: {have})")
        column = table[field.target]
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            numbers = pd.to_numeric(column, errors="coerce")
            place = int(np.argmax((numbers.isna() & column.notna()).to_numpy()))
            raise DataError(
                f"{file.name}: row {place + 2}, column {field.target!r}: {str(column.iloc[place])[:40]!r} is not a "
                "number"
            )
    frame = table[[field.target for field in fields]].astype("float64").set_axis(times, axis=0)
    empty = frame[list(PRICES)].isna().any(axis=1).to_numpy()
    if empty.any():
        place = int(np.argmax(empty))
        raise DataError(f"{file.name}: row {place + 2}: the bar of {times[place]} lacks a price: fetch it again")
    frame, twins = _without_twins(frame, file.name)
    index = pd.DatetimeIndex(frame.index)
    if not index.is_monotonic_increasing:
        if not index.is_monotonic_decreasing:
            raise DataError(f"{file.name}: bars run neither newest nor oldest first: sort them by time")
        frame = frame[::-1]
    return published(
        file, frame, format_name, fields, remarks=[*remarks, *twins, *_odd(frame)], rows=len(table), kind="bars"
    )


def _without_twins(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[Remark]]:
    """Return each bar once: of two, the one that contains the other; raise where neither does."""
    index = pd.DatetimeIndex(frame.index)
    if index.is_unique:
        return frame, []
    double = frame[index.duplicated(keep=False)]
    wanted = np.ones(len(frame), dtype=bool)
    places = pd.Series(np.arange(len(frame)), index)
    parts = 0
    for time in pd.DatetimeIndex(double.index).unique():
        at = places.loc[time].to_numpy()
        whole = at[int(np.argmax(_extent(frame, at)))]
        for other in at:
            if other == whole:
                continue
            if not _within(frame.iloc[other], frame.iloc[whole]):
                raise DataError(
                    f"{name}: the bar of {time:%Y-%m-%d %H:%M} stands twice with other prices (rows {at[0] + 2} and "
                    f"{at[1] + 2}): keep the right one"
                )
            wanted[other] = False
            parts += 1
    first = pd.DatetimeIndex(double.index).unique()[0]
    message = f"{parts} bars stand twice, one within the other, the first {first:%Y-%m-%d %H:%M}: the whole one is kept"
    return frame[wanted], [Remark("duplicate_bar", message, count=parts, rows_lost=parts)]


def _extent(frame: pd.DataFrame, at: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray:
    rows = frame.iloc[at]
    volume = rows["volume"].to_numpy() if "volume" in rows else np.zeros(len(at))
    reach = (rows["high"] - rows["low"]).to_numpy()
    return np.asarray(np.lexsort((volume, reach)).argsort())


def _within(part: pd.Series, whole: pd.Series) -> bool:
    """Return whether one bar is a part of the other: it opened with it and stayed within it."""
    volume = "volume" not in part or bool(part["volume"] <= whole["volume"]) or bool(np.isnan(part["volume"]))
    return bool(
        part["open"] == whole["open"] and part["high"] <= whole["high"] and part["low"] >= whole["low"] and volume
    )


def _odd(frame: pd.DataFrame) -> list[Remark]:
    """Return a remark where a high or a low is not one."""
    slack = 1e-9 * frame["close"].to_numpy()
    top = frame[["open", "close", "low"]].max(axis=1).to_numpy()
    bottom = frame[["open", "close", "high"]].min(axis=1).to_numpy()
    wrong = (frame["high"].to_numpy() < top - slack) | (frame["low"].to_numpy() > bottom + slack)
    if not wrong.any():
        return []
    first = frame.index[int(np.argmax(wrong))]
    message = f"{int(wrong.sum())} bars whose high or low does not contain open and close, the first {first}"
    return [Remark("bar_inconsistent", message, count=int(wrong.sum()))]

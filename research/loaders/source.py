"""The series of a fund, each with the record of where it came from, read as the fund's entry says."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from research.errors import (
    BenchmarkError,
    ClockError,
    DataError,
    DataFileError,
    MissingColumnError,
    ParameterError,
    UnitError,
    UnknownNameError,
    nearest,
)
from research.funds import (
    INPUTS,
    ROLES,
    FileSource,
    Fund,
    InputName,
    Role,
    SeriesSource,
    Unit,
    data_folder,
    read_tables,
)
from research.loaders.bundled import bundled_file
from research.loaders.formats import file_format, load_file
from research.loaders.published import day_text
from research.tables import Result, Table

if TYPE_CHECKING:
    from research.loaders.published import PublishedTable, Remark

__all__ = ["REDUNDANT", "LoadedSeries", "SourceRecord", "load_input", "load_series", "load_table", "options_of"]

REDUNDANT = ("nav", "prior_nav", "change", "assets", "shares_outstanding", "premium")
"""Columns of a publisher's table that check each other: what is printed beside a NAV says part of it again."""

_CASH: Final = re.compile("distribution|dividend|payout|ausschüttung")
_NO_CASH: Final = re.compile("yield|rate|date|day|%|percent|reinvest|adjust|without|excl|total return|type|frequency")

_LARGEST_RATE = 1.0
"""A money-market or bill rate above 100 % a year is a percentage that was taken for a fraction."""


@dataclass(frozen=True)
class SourceRecord(Result):
    """Where a series came from, for the data box of a report.

    Parameters
    ----------
    name : str
        Table or file, and column.
    role : str
        What the series is to its fund.
    provider, description, clock, unit : str
        As the fund's entry states them.
    tick : float or None
        Step to which the publisher rounds.
    rows : int
        Rows in the file, before any alignment.
    sha256 : str
        Hash of the file.
    simulated : bool
        True where the data were made.
    measures : str
        For a benchmark, the index that the series really is.
    format : str
        Format of the file.
    remarks : tuple of Remark
        What the loader set aside or repaired.
    """

    name: str
    role: Role | InputName
    provider: str
    description: str
    clock: str
    unit: str
    tick: float | None
    rows: int
    sha256: str
    simulated: bool = False
    measures: str = ""
    format: str = "csv"
    remarks: tuple[Remark, ...] = ()

    def summary(self) -> Table:
        """Return the record, one fact a row, with the loader's remarks below."""
        return _facts(self, {})

    def to_dict(self) -> dict[str, object]:
        """Return every field, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class LoadedSeries(Result):
    """Values as in the file, and their source.

    Parameters
    ----------
    values : pandas.Series, float64
        Every row of the file, weekends and holidays included; index naive days, strictly increasing. NaN where the
        file has no value. For bars that are still to be sampled: by the start of the bar, UTC.
    source : SourceRecord
        Where they came from.
    sample_at : str
        For bars, the clock at which each session's price is to be taken; else empty.
    column : str
        For bars, which price: ``"open"`` of the bar that starts then, ``"close"`` of the one that ends then.
    distributions : mapping of str to pandas.Series
        Columns of the same file that look like cash paid out, by their name; see `research.opening`.
    beside : pandas.DataFrame or None
        For a publisher's NAV, the columns of the same file that say part of it again, as in `REDUNDANT`, and it itself.
    """

    values: pd.Series[float]
    source: SourceRecord
    sample_at: str = ""
    column: str = "open"
    distributions: Mapping[str, pd.Series[float]] = field(default_factory=dict)
    beside: pd.DataFrame | None = None

    def summary(self) -> Table:
        """Return where the values came from and what they span, with the loader's remarks below."""
        index, known = self.values.index, int(self.values.notna().sum())
        missing = len(index) - known
        span = {"values": f"{known}" + (f", and {missing} missing" if missing else "")}
        if len(index):
            span |= {"first": day_text(index[0]), "last": day_text(index[-1])}
        return _facts(self.source, span | ({"sampled at": self.sample_at} if self.sample_at else {}))

    def to_frame(self) -> pd.DataFrame:
        """Return the values as a frame of one column."""
        return self.values.to_frame()

    def to_dict(self) -> dict[str, object]:
        """Return the record of the source, and values by day or instant; a missing one is None."""
        index = pd.DatetimeIndex(self.values.index)
        values = {day_text(label): value for label, value in zip(index, self.values.tolist(), strict=True)}
        known = {label: None if math.isnan(value) else value for label, value in values.items()}
        return {**self.source.to_dict(), "sample_at": self.sample_at, "values": known}


def _facts(source: SourceRecord, more: Mapping[str, str]) -> Table:
    told = {
        "from": source.name,
        "provider": source.provider,
        "description": source.description,
        "measures": source.measures,
        "clock": source.clock,
        "unit": source.unit if source.tick is None else f"{source.unit}, to {source.tick:g}",
        "format": source.format,
        "rows in the file": str(source.rows),
        "sha256": source.sha256[:12],
        **more,
    }
    known = {label: fact for label, fact in told.items() if fact}
    made = " (simulated)" if source.simulated else ""
    return Table(
        pd.DataFrame({"value": pd.Series(known, dtype="str")}),
        f"{source.role}{made}",
        notes=tuple(map(str, source.remarks)),
    )


_EVERY_BAR = "the start of each bar"


def load_series(fund: Fund, role: Role) -> LoadedSeries:
    """Return one series of a fund, read and checked but not aligned with anything.

    Parameters
    ----------
    fund : Fund
        Registry entry.
    role : str
        ``"nav"``, ``"close"``, ``"benchmark"``, ``"shares_outstanding"`` or ``"premium_published"``.

    Returns
    -------
    LoadedSeries
        Missing cells are NaN; nothing is dropped or filled.

    Raises
    ------
    UnknownNameError
        If there is no such role.
    BenchmarkError
        If the fund has no benchmark series.
    MissingColumnError
        If the fund has no series of another role, or the file lacks the column.
    DataFileError, DataError
        If the file cannot be read as what it claims to be; the message names file, row and column.

    Examples
    --------
    >>> from research.opening import fund
    >>> loaded = load_series(fund("ETHV"), "nav")
    >>> len(loaded.values), loaded.source.clock
    (823, '16:00 America/New_York')
    """
    return _loaded(fund, _source(fund, role), role)


def load_input(fund: Fund, name: InputName) -> LoadedSeries:
    """Return one of the further series that drivers read, read and checked but not aligned with anything.

    Parameters
    ----------
    fund : Fund
        Registry entry.
    name : str
        One of the names under ``[fund.TICKER.inputs]``.

    Returns
    -------
    LoadedSeries
        Missing cells are NaN; nothing is dropped or filled.

    Raises
    ------
    UnknownNameError
        If there is no such input.
    MissingColumnError
        If the fund has none of that name.
    DataFileError, DataError
        As `load_series`.
    """
    if name not in INPUTS:
        raise UnknownNameError("input", name, INPUTS)
    if name not in fund.inputs:
        raise MissingColumnError(f"{fund.ticker} has no input {name}: add [fund.{fund.ticker}.inputs.{name}]")
    loaded = _loaded(fund, fund.inputs[name], name)
    values = loaded.values  # noqa: PD011 - a field, of no frame
    if name.endswith("_rate") and float(values.max()) > _LARGEST_RATE:
        day = values.idxmax()
        raise DataError(
            f"{name} of {fund.ticker} is {values.max():g} on {day:%Y-%m-%d}: a rate is a fraction a year; where "
            "the file has percent, add scale = 0.01"
        )
    return loaded


def load_table(name: str, data: Path | str | None = None) -> PublishedTable:
    """Return a file that a ``funds.toml`` describes as ``[table.NAME]``.

    Parameters
    ----------
    name : str
        The table's name.
    data : path, optional
        Folder with the ``funds.toml``; default the environment variable ``RESEARCH_DATA``.

    Returns
    -------
    PublishedTable

    Raises
    ------
    ParameterError
        If there is no folder.
    UnknownNameError
        If the folder describes no such table.
    DataFileError, DataError, MissingColumnError
        If the file is not what its entry says it is.
    """
    folder = data_folder(data)
    if folder is None:
        raise ParameterError("no folder with a funds.toml: name it with data, or in the variable RESEARCH_DATA")
    tables = read_tables(folder)
    if name not in tables:
        raise UnknownNameError("table", name, tables)
    return _published(tables[name], folder.resolve(), f"table {name}")


def _loaded(fund: Fund, source: SeriesSource, role: Role | InputName) -> LoadedSeries:
    file = fund.file_of(source)
    what = f"{role} of {fund.ticker}"
    if file is source and source.table is not None:
        found = bundled_file(source.table)
    elif fund.root is None:
        raise DataFileError(
            f"{what}: {source.where} belongs to the folder of a funds.toml and this fund came from none"
        )
    else:
        found = _published(file, fund.root, what)
    column = found.column_named(source.column, f"{what}: {found.name}")
    values = (found.frame[column].astype("float64") * source.scale).rename(role)
    _check_unit(source, found, column, what)
    if role == "asset_bars" and (found.kind != "bars" or column != "open"):
        raise ParameterError(
            f"{what}: {found.name}, column {column!r}: asset_bars are the opens of intraday bars; name a file of bars "
            "and column = 'open'"
        )
    clock = _EVERY_BAR if role == "asset_bars" else _clock(source, found, column, what)
    record = _record(fund, source, role, clock, found)
    if found.kind == "daily":
        if source.sample_at:
            raise ParameterError(f"{what}: sample_at belongs to bars, and {found.name} has one row a day: write clock")
        paid = {str(name): found.frame[name] for name in found.frame.columns if name != column and _is_cash(str(name))}
        return LoadedSeries(values, record, distributions=paid, beside=_beside(found, column, source, role))
    if found.kind != "bars":
        raise ParameterError(f"{what}: {found.name} holds {found.kind}, not one value a day: name another table")
    if role == "asset_bars":
        return LoadedSeries(values, record)
    if not source.sample_at:
        raise ParameterError(f"{what}: {found.name} holds bars: say with sample_at at which clock to take their price")
    return LoadedSeries(values, record, source.sample_at, column)


def _is_cash(column: str) -> bool:
    """Tell whether a column is named as publishers name what a fund paid out."""
    name = column.casefold()
    return bool(_CASH.search(name)) and not _NO_CASH.search(name)


def _beside(table: PublishedTable, column: str, source: SeriesSource, role: Role | InputName) -> pd.DataFrame | None:
    """Return what a publisher's table says of its NAV in other columns; None where they are not the publisher's own."""
    if (role, column, source.scale) != ("nav", "nav", 1.0):
        return None
    kept = [name for name in REDUNDANT if name in table.frame.columns]
    return table.frame[kept] if len(kept) > 1 else None


def options_of(source: FileSource) -> dict[str, Any]:
    """Return what an entry's file is loaded with: its options, and the date column that a series names beside them."""
    options = dict(source.options)
    if isinstance(source, SeriesSource) and "date_column" in file_format(source.format).options:
        options.setdefault("date_column", source.date_column)
    return options


def _clock(source: SeriesSource, table: PublishedTable, column: str, what: str) -> str:
    """Return the clock that entry and format agree on."""
    fixed = table.columns[column].clock
    stated = source.stated_clock
    if not stated and not fixed:
        raise ClockError(
            f"{what}: format {table.format} does not fix a clock: state it, clock = '16:00 America/New_York'"
        )
    if stated and fixed and stated != fixed:
        raise ClockError(
            f"{what}: the entry says {stated} and format {table.format} says {fixed} for column {column!r}: one "
            "of them is wrong; leave clock out to take the format's"
        )
    return stated or fixed


def _check_unit(source: SeriesSource, table: PublishedTable, column: str, what: str) -> None:
    """Raise where entry and format name two currencies; a text of which neither names one says nothing."""
    stated, fixed = Unit.parse(source.unit), Unit.parse(table.columns[column].unit)
    if stated.currency and fixed.currency and stated.currency != fixed.currency:
        raise UnitError(
            f"{what}: the entry says {stated.text!r} and format {table.format} gives column {column!r} in "
            f"{fixed.text!r}: one of them is wrong"
        )


def _published(source: FileSource, root: Path, what: str) -> PublishedTable:
    """Return the table of a file inside a folder, kept while the file stays as it is."""
    known = file_format(source.format)
    if source.file is None:
        return load_file(None, known.name, **options_of(source))
    path = _path(root, source.file, what)
    stamp = path.stat()
    return _kept(path, stamp.st_mtime_ns, stamp.st_size, known.name, _Options(options_of(source)))


class _Options(dict[str, Any]):
    """Options that can be a key: compared by value, hashed by their text."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(sorted(self.items())))


@lru_cache(maxsize=16)
def _kept(path: Path, changed: int, size: int, format_name: str, options: _Options) -> PublishedTable:  # noqa: ARG001
    return load_file(path, format_name, **options)


def _record(
    fund: Fund, source: SeriesSource, role: Role | InputName, clock: str, table: PublishedTable
) -> SourceRecord:
    return SourceRecord(
        name=source.where,
        role=role,
        provider=source.provider,
        description=source.description,
        clock=clock,
        unit=source.unit,
        tick=source.tick,
        rows=table.rows,
        sha256=table.sha256,
        simulated=fund.simulated,
        measures=source.measures,
        format=table.format,
        remarks=table.remarks,
    )


def _source(fund: Fund, role: Role) -> SeriesSource:
    if role not in ROLES:
        raise UnknownNameError("series role", role, ROLES)
    if role in fund.series:
        return fund.series[role]
    have = ", ".join(fund.series) if fund.series else "none"
    message = (
        f"{fund.ticker} has no {role} series (it has: {have}): name file, column and clock under "
        f"[fund.{fund.ticker}.series.{role}] in a funds.toml of your own and its folder with --data"
    )
    raise BenchmarkError(message) if role == "benchmark" else MissingColumnError(message)


def _path(folder: Path, file: str, what: str) -> Path:
    """Return a file, after making sure that it lies inside its folder, links followed."""
    root = folder.resolve()
    path = root / file
    if not path.resolve().is_relative_to(root):
        raise DataFileError(f"{what}: {file!r} leads out of {root}: put the file itself into that folder")
    if not path.is_file():
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        close = nearest(path.name, names)
        hint = f"did you mean {close!r}?" if close else "correct the name in funds.toml or add the file"
        raise DataFileError(f"{what}: no file {file!r} in {root}: {hint}")
    return path

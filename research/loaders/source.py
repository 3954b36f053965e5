"""One series of a fund, read as the fund's entry says."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from research.errors import (
    BenchmarkError,
    ClockError,
    DataError,
    DataFileError,
    MissingColumnError,
    ParameterError,
    UnknownNameError,
    nearest,
)
from research.funds import INPUTS, ROLES, FileSource, Fund, InputName, Role, SeriesSource, data_folder, read_tables
from research.loaders.bundled import bundled_bytes
from research.loaders.csv import parse_csv
from research.loaders.formats import file_format, load_file
from research.loaders.record import LoadedSeries, SourceRecord

if TYPE_CHECKING:
    from research.loaders.published import PublishedTable

__all__ = ["load_input", "load_series", "load_table"]

_LARGEST_RATE = 1.0
"""A money-market or bill rate above 100 % a year is a percentage that was taken for a fraction."""


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
    if name.endswith("_rate") and float(loaded.values.max()) > _LARGEST_RATE:
        day = loaded.values.idxmax()
        raise DataError(
            f"{name} of {fund.ticker} is {loaded.values.max():g} on {day:%Y-%m-%d}: a rate is a fraction a year; where "
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
    if file is source and source.format == "csv" and not source.options:
        return _plain(fund, source, role)
    what = f"{role} of {fund.ticker}"
    if fund.root is None:
        raise DataFileError(
            f"{what}: {source.where} belongs to the folder of a funds.toml and this fund came from none"
        )
    found = _published(file, fund.root, what)
    if source.column not in found.frame.columns:
        raise MissingColumnError.among(f"{what}: {found.name} has no column", source.column, found.columns)
    values = found.frame[source.column].astype("float64") * source.scale
    record = _record(fund, source, role, _clock(source, found, what), found.rows, found.sha256, found)
    if found.kind == "daily":
        if source.sample_at:
            raise ParameterError(f"{what}: sample_at belongs to bars, and {found.name} has one row a day: write clock")
        return LoadedSeries(values.rename(role), record)
    if found.kind != "bars":
        raise ParameterError(f"{what}: {found.name} holds {found.kind}, not one value a day: name another table")
    if not source.sample_at:
        raise ParameterError(f"{what}: {found.name} holds bars: say with sample_at at which clock to take their price")
    return LoadedSeries(values.rename(role), record, source.sample_at, source.column)


def _clock(source: SeriesSource, table: PublishedTable, what: str) -> str:
    """Return the clock that entry and format agree on."""
    fixed = table.columns[source.column].clock
    stated = source.stated_clock
    if not stated and not fixed:
        raise ClockError(
            f"{what}: format {table.format} does not fix a clock: state it, clock = '16:00 America/New_York'"
        )
    if stated and fixed and stated != fixed:
        raise ClockError(
            f"{what}: the entry says {stated} and format {table.format} says {fixed} for column {source.column!r}: one "
            "of them is wrong; leave clock out to take the format's"
        )
    return stated or fixed


def _published(source: FileSource, root: Path, what: str) -> PublishedTable:
    """Return the table of a file inside a folder, kept while the file stays as it is."""
    known = file_format(source.format)
    if source.file is None:
        return load_file(None, known.name, **source.options)
    path = _path(root, source.file, what)
    stamp = path.stat()
    return _kept(path, stamp.st_mtime_ns, stamp.st_size, known.name, _Options(source.options))


class _Options(dict[str, Any]):
    """Options that can be a key: compared by value, hashed by their text."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(sorted(self.items())))


@lru_cache(maxsize=16)
def _kept(path: Path, changed: int, size: int, format_name: str, options: _Options) -> PublishedTable:  # noqa: ARG001
    return load_file(path, format_name, **options)


def _plain(fund: Fund, source: SeriesSource, role: Role | InputName) -> LoadedSeries:
    """Return a series of a bundled table, or of plain comma-separated text with ISO dates."""
    raw, name = _read(fund, source, role)
    frame = parse_csv(raw, name, [source.column], date_column=source.date_column, needs_final_newline=True)
    if source.clock is None:
        raise ClockError(f"{role} of {fund.ticker}: plain text does not fix a clock: state it in its entry")
    record = _record(fund, source, role, source.clock, len(frame), hashlib.sha256(raw).hexdigest())
    values = frame[source.column] * source.scale if source.scale != 1.0 else frame[source.column]
    return LoadedSeries(values.rename(role), record)


def _record(
    fund: Fund,
    source: SeriesSource,
    role: Role | InputName,
    clock: str,
    rows: int,
    sha256: str,
    table: PublishedTable | None = None,
) -> SourceRecord:
    return SourceRecord(
        name=source.where,
        role=role,
        provider=source.provider,
        description=source.description,
        clock=clock,
        unit=source.unit,
        tick=source.tick,
        rows=rows,
        sha256=sha256,
        simulated=fund.simulated,
        measures=source.measures,
        format="csv" if table is None else table.format,
        remarks=() if table is None else table.remarks,
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


def _read(fund: Fund, source: SeriesSource, role: Role | InputName) -> tuple[bytes, str]:
    if source.table is not None:
        return bundled_bytes(source.table), f"bundled table {source.table}"
    assert source.file is not None
    what = f"{role} of {fund.ticker}"
    if fund.root is None:
        raise DataFileError(
            f"{what}: file {source.file!r} is relative to the folder of a funds.toml and this fund came from none"
        )
    path = _path(fund.root, source.file, what)
    try:
        return path.read_bytes(), str(path)
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read ({error.strerror}): check its permissions") from None


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

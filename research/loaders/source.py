"""One series of a fund, read and with a record of where it came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from research.errors import BenchmarkError, DataFileError, MissingColumnError, UnknownNameError, nearest
from research.funds import ROLES, Fund, Role, SeriesSource
from research.loaders.bundled import bundled_bytes
from research.loaders.csv import parse_csv

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LoadedSeries", "SourceRecord", "load_series"]


@dataclass(frozen=True)
class SourceRecord:
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
    """

    name: str
    role: Role
    provider: str
    description: str
    clock: str
    unit: str
    tick: float | None
    rows: int
    sha256: str
    simulated: bool = False
    measures: str = ""


@dataclass(frozen=True, eq=False)
class LoadedSeries:
    """Values as in the file, and their source.

    Parameters
    ----------
    values : pandas.Series, float64
        Every row of the file, weekends and holidays included; index naive days, strictly increasing. NaN where the
        file has no value.
    source : SourceRecord
        Where they came from.
    """

    values: pd.Series[float]
    source: SourceRecord


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
    >>> from research.funds import fund
    >>> loaded = load_series(fund("ETHV"), "nav")
    >>> len(loaded.values), loaded.source.clock
    (823, '16:00 America/New_York')
    """
    source = _source(fund, role)
    raw, name = _read(fund, source, role)
    column, date = source.column, source.date_column
    frame = parse_csv(raw, name, [column], date_column=date, needs_final_newline=True)
    record = SourceRecord(
        name=source.where,
        role=role,
        provider=source.provider,
        description=source.description,
        clock=source.clock,
        unit=source.unit,
        tick=source.tick,
        rows=len(frame),
        sha256=hashlib.sha256(raw).hexdigest(),
        simulated=fund.simulated,
        measures=source.measures,
    )
    return LoadedSeries(frame[column].rename(role), record)


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


def _read(fund: Fund, source: SeriesSource, role: Role) -> tuple[bytes, str]:
    if source.table is not None:
        return bundled_bytes(source.table), f"bundled table {source.table}"
    assert source.file is not None
    path = _path(fund, source.file, role)
    try:
        return path.read_bytes(), str(path)
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read ({error.strerror}): check its permissions") from None


def _path(fund: Fund, file: str, role: Role) -> Path:
    """Return the file of a series, after making sure that it lies inside the fund's folder, links followed."""
    what = f"{role} of {fund.ticker}"
    if fund.root is None:
        raise DataFileError(
            f"{what}: file {file!r} is relative to the folder of a funds.toml and this fund came from none"
        )
    root = fund.root.resolve()
    path = root / file
    if not path.resolve().is_relative_to(root):
        raise DataFileError(f"{what}: {file!r} leads out of {root}: put the file itself into that folder")
    if not path.is_file():
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        close = nearest(path.name, names)
        hint = f"did you mean {close!r}?" if close else "correct the name in funds.toml or add the file"
        raise DataFileError(f"{what}: no file {file!r} in {root}: {hint}")
    return path

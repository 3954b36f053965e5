"""Any SQL query with a day in one column and numbers in the others, through SQLAlchemy, read-only."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from research.errors import DataError, DataFileError, ExtraError, MissingColumnError, ParameterError, nearest
from research.loaders.published import Column, Field, PublishedTable, ascending, published
from research.loaders.raw import RawFile

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["MOST_ROWS", "load_sql"]

MOST_ROWS: Final = 5_000_000
"""Rows beyond which a result is refused."""

SECONDS: Final = 60
"""Seconds that a query may take."""

_SERVER: Final = re.compile(r"postgresql(\+psycopg)?://")
_READS: Final = re.compile(r"\s*(?:select|with|values|table)\b", re.IGNORECASE)


def load_sql(
    path: Path | str | None = None,
    *,
    query: str,
    parameters: Mapping[str, str | int | float | bool | dt.date] | None = None,
    date_column: str = "date",
    columns: Mapping[str, str] | None = None,
    database_variable: str = "",
) -> PublishedTable:
    """Read the result of one query.

    Parameters
    ----------
    path : pathlib.Path or str, optional
        A SQLite or DuckDB file, opened read-only; its first bytes tell which.
    query : str
        One ``SELECT`` (or ``WITH ... SELECT``) with ``:name`` for each parameter.
    parameters : mapping of str to value, optional
        Values of the parameters. They are bound by the database's driver and never become part of the text.
    date_column : str
        Column of the result with the days: dates, timestamps at midnight or ISO texts.
    columns : mapping of str to str, optional
        Columns to take, under which name; by default all others.
    database_variable : str
        Instead of a file: environment variable that holds the address of a PostgreSQL server,
        ``postgresql://user:password@host/database``. An address never stands in a file, and never in a message.

    Returns
    -------
    PublishedTable
        Daily, float64; NULL is NaN. The hash is that of query, parameters and result.

    Raises
    ------
    ParameterError
        If the query is not one that only reads, a parameter is missing or unknown, or there is no database.
    ExtraError
        If the driver is not installed.
    DataFileError
        If the database cannot be opened or the query fails.
    MissingColumnError, DataError
        If the result has no such column, a value is no number, or a day stands twice.

    Notes
    -----
    Whatever the text says, it cannot write: files are opened read-only with other files out of reach, servers are told
    that the transaction only reads and ends after a minute.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "prices.sqlite"
    ...     base = sqlite3.connect(path)
    ...     _ = base.execute("CREATE TABLE nav (day TEXT, fund TEXT, nav REAL)")
    ...     _ = base.execute("INSERT INTO nav VALUES ('2024-07-23', 'ETHV', 50.9159)")
    ...     base.commit()
    ...     base.close()
    ...     query = "SELECT day, nav FROM nav WHERE fund = :fund"
    ...     load_sql(path, query=query, parameters={"fund": "ETHV"}, date_column="day").frame["nav"].tolist()
    [50.9159]
    """
    given = dict(parameters or {})
    _check_query(query, given)
    if (path is None) == (not database_variable):
        raise ParameterError(
            "give a database file or database_variable, the environment variable of a server's address"
        )
    name = str(path) if path is not None else f"the database named by {database_variable}"
    engine = _file_engine(Path(path)) if path is not None else _server_engine(database_variable)
    names, rows = _rows(engine, query, given, name)
    return _table(name, query, given, names, rows, date_column, columns)


def _check_query(query: str, given: Mapping[str, Any]) -> None:
    import sqlalchemy as sa  # noqa: PLC0415 - only where there is a query

    text = query.strip().rstrip(";")
    if not _READS.match(text) or ";" in _without_strings(text):
        raise ParameterError("the query is not one SELECT: write a single statement that reads")
    wanted = set(sa.text(text)._bindparams)
    unknown, absent = sorted(set(given) - wanted), sorted(wanted - set(given))
    if unknown:
        close = nearest(unknown[0], wanted)
        raise ParameterError(f"the query has no :{unknown[0]}" + (f": did you mean :{close}?" if close else ""))
    if absent:
        raise ParameterError(f"the query's :{absent[0]} has no value: give it under parameters")
    for key, value in given.items():
        if not isinstance(value, str | int | float | bool | dt.date):
            raise ParameterError(f"parameter {key!r} is a {type(value).__name__}: give a text, number or date")


def _without_strings(text: str) -> str:
    """Return a statement without its quoted parts and comments, where a semicolon is no end."""
    return re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)


def _file_engine(path: Path) -> sa.Engine:
    import sqlalchemy as sa  # noqa: PLC0415

    try:
        with path.open("rb") as stream:
            start = stream.read(16)
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read ({error.strerror}): correct the name or add the file") from None
    if start.startswith(b"SQLite format 3\x00"):
        return sa.create_engine("sqlite://", creator=lambda: _sqlite(path), poolclass=sa.NullPool)
    if start[8:12] == b"DUCK":
        return sa.create_engine("duckdb://", creator=lambda: _duckdb(path), poolclass=sa.NullPool)
    raise DataFileError(f"{path}: neither a SQLite nor a DuckDB file: name another")


def _sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.execute("PRAGMA query_only = ON")
    end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=SECONDS)
    connection.set_progress_handler(lambda: int(dt.datetime.now(dt.UTC) > end), 100_000)
    return connection


def _duckdb(path: Path) -> Any:  # noqa: ANN401 - a driver without types, installed only with an extra
    try:
        import duckdb  # noqa: PLC0415
        from duckdb_engine import ConnectionWrapper  # noqa: PLC0415
    except ImportError:
        raise ExtraError("DuckDB is not installed: pip install 'tracking-research[sql]'") from None
    settings: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": "false",
        "autoload_known_extensions": "false",
        "lock_configuration": "true",
    }
    return ConnectionWrapper(duckdb.connect(str(path), read_only=True, config=settings))


def _server_engine(variable: str) -> sa.Engine:
    import sqlalchemy as sa  # noqa: PLC0415

    address = os.environ.get(variable, "")
    if not address:
        raise ParameterError(
            f"environment variable {variable} is empty: set it to postgresql://user:password@host/name"
        )
    if not _SERVER.match(address):
        raise ParameterError(f"the address in {variable} is not one of PostgreSQL: begin it with postgresql://")
    try:
        url = sa.make_url(address).set(drivername="postgresql+psycopg")
        options = f"-c default_transaction_read_only=on -c statement_timeout={1000 * SECONDS}"
        return sa.create_engine(url, poolclass=sa.NullPool, connect_args={"options": options, "connect_timeout": 10})
    except ImportError:
        raise ExtraError("psycopg is not installed: pip install 'tracking-research[sql]'") from None
    except sa.exc.ArgumentError:
        raise ParameterError(
            f"the address in {variable} cannot be read: postgresql://user:password@host/name"
        ) from None


def _rows(
    engine: sa.Engine, query: str, given: Mapping[str, Any], name: str
) -> tuple[list[str], Sequence[Sequence[Any]]]:
    import sqlalchemy as sa  # noqa: PLC0415

    try:
        with engine.connect() as connection:
            result = connection.execute(sa.text(query.strip().rstrip(";")), given)
            names = list(result.keys())
            rows = result.fetchmany(MOST_ROWS + 1)
    except (sa.exc.SQLAlchemyError, sqlite3.Error, RuntimeError, OSError) as error:
        # Drivers repeat addresses in their messages; the first line of the cause says what is wrong with the query.
        cause = getattr(error, "orig", None) or error
        text = re.sub(r"postgres(?:ql)?(?:\+\w+)?://\S+", "...", " ".join(str(cause).split()))
        raise DataFileError(f"{name}: the query failed: {text[:300]}") from None
    finally:
        engine.dispose()
    if len(rows) > MOST_ROWS:
        raise DataFileError(f"{name}: more than {MOST_ROWS:,} rows: narrow the query")
    if not rows:
        raise DataFileError(f"{name}: the query returns no rows: widen it")
    return names, rows


def _table(
    name: str,
    query: str,
    given: Mapping[str, Any],
    names: list[str],
    rows: Sequence[Sequence[Any]],
    date_column: str,
    columns: Mapping[str, str] | None,
) -> PublishedTable:
    place = _place(names, date_column, name)
    wanted = columns or {column: column for at, column in enumerate(names) if at != place}
    index = pd.DatetimeIndex([_day(row[place], at, date_column, name) for at, row in enumerate(rows)], name="date")
    data = {}
    for target, column in wanted.items():
        at = _place(names, column, name)
        data[target] = [_float(row[at], line, column, name) for line, row in enumerate(rows)]
    frame = pd.DataFrame(data, index=index.as_unit("ns"), dtype="float64")
    frame = ascending(frame, range(1, len(rows) + 1), name=name)
    fields = [Field(target, (column,), Column("", "", ""), "any_number") for target, column in wanted.items()]
    digest = hashlib.sha256(repr((query, sorted(given.items()), names)).encode())
    digest.update(pd.util.hash_pandas_object(frame).to_numpy().tobytes())
    table = published(RawFile(name, b""), frame, "sql", fields, rows=len(rows))
    return replace(table, sha256=digest.hexdigest())


def _place(names: Sequence[str], wanted: str, file: str) -> int:
    if names.count(wanted) > 1:
        raise DataFileError(f"{file}: the result has the column {wanted!r} twice: name each with AS")
    if wanted in names:
        return names.index(wanted)
    raise MissingColumnError.among(f"{file}: the result has no column", wanted, names)


def _day(value: object, row: int, column: str, name: str) -> dt.date:
    day: dt.date | None = None
    if isinstance(value, dt.datetime):
        day = value.date() if value.time() == dt.time() and value.tzinfo is None else None
    elif isinstance(value, dt.date):
        day = value
    elif isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        try:
            day = dt.date.fromisoformat(value.strip())
        except ValueError:
            day = None
    if day is None or not 1800 <= day.year < 2200:
        raise DataError(f"{name}: row {row + 1}, column {column!r}: {str(value)[:40]!r} is not a date: select a DATE")
    return day


def _float(value: object, row: int, column: str, name: str) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = float(value)
        if number == number and abs(number) != float("inf"):  # noqa: PLR0124 - NaN
            return number
    raise DataError(f"{name}: row {row + 1}, column {column!r}: {str(value)[:40]!r} is not a finite number")

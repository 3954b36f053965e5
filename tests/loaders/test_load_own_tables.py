"""Tables in no publisher's format: text, workbooks, Parquet and SQL, and what each refuses."""

from __future__ import annotations

import datetime as dt
import io
import sqlite3
from decimal import Decimal

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from research.errors import DataError, DataFileError, MissingColumnError, ParameterError
from research.loaders import sql
from research.loaders.csv import load_csv
from research.loaders.excel import load_excel
from research.loaders.parquet import load_parquet
from research.loaders.raw import RawFile
from research.loaders.sql import load_sql


def raw(content: str | bytes) -> RawFile:
    return RawFile("file", content if isinstance(content, bytes) else content.encode())


# --- text


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        ("date;nav\n2024-07-23;1.234,5\n", {"delimiter": ";", "decimal": ",", "thousands": "."}, 1234.5),
        ("date\tnav\n2024-07-23\t$1,234.50\n", {"delimiter": "\t", "thousands": ",", "strip": "$"}, 1234.5),
        ("note\n\ndate,nav\n2024-07-23,5\n", {"skip": 2}, 5.0),
        ("2024-07-23,5\n", {"header": ["date", "nav"]}, 5.0),
        ("date,nav\n23/07/2024,5\n", {"date_format": "%d/%m/%Y"}, 5.0),
        ("date,Preis\n2024-07-23,5\n", {"columns": {"nav": "Preis"}}, 5.0),
    ],
)
def test_text_in_many_notations(text, options, value):
    frame = load_csv(raw(text), **options).frame
    assert frame["nav"].tolist() == [value]
    assert str(frame.index[0].date()) == "2024-07-23"


def test_words_for_no_value_and_columns_of_words():
    table = load_csv(raw("date,nav,name\n2024-07-23,n/a,x\n2024-07-24,2,y\n"), missing=["n/a"])
    assert np.isnan(table.frame["nav"].iloc[0])
    assert list(table.frame.columns) == ["nav"]
    assert [item.rule for item in table.remarks] == ["column_left_out"]


@pytest.mark.parametrize(
    ("text", "options", "error", "match"),
    [
        ("date,nav\n2024-07-23,1\n", {"delimiter": "a"}, ParameterError, "delimiter"),
        ("date,nav\n2024-07-23,1\n", {"skip": -1}, ParameterError, "skip"),
        ("date,nav\n2024-07-23,1\n", {"columns": ["nav"]}, ParameterError, "columns"),
        ("date,nav\n2024-07-23,1\n", {"columns": {"nav": "NAVs"}}, MissingColumnError, "did you mean 'nav'"),
        ("date,nav\n2024-07-23,1\n", {"date_column": "day"}, MissingColumnError, "no column 'day'"),
        ("date,nav\n2024-07-23,1,5\n", {}, DataFileError, "row 2 has 3 fields"),
        ('date,nav\n2024-07-23,"1\n', {}, DataFileError, "not delimited text"),
        ("date,nav\n", {}, DataFileError, "no rows"),
        ("date,nav\n2024-07-23,1\n2024-07-23,2\n", {}, DataError, "row 3 has the date 2024-07-23 of row 2 again"),
        ("date,nav\n2024-07-23,1\n2024-07-25,2\n2024-07-24,3\n", {}, DataError, "row 4 .* out of order"),
        ("date,nav\n2024-07-23,=1+1\n", {"columns": {"nav": "nav"}}, DataError, "'=1\\+1' is not a number"),
    ],
)
def test_text_that_is_not_as_stated_is_refused(text, options, error, match):
    with pytest.raises(error, match=match):
        load_csv(raw(text), **options)


# --- workbooks


def workbook(*rows, sheets=("Sheet",)) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_workbook_dates_as_dates_and_as_text():
    content = workbook(["date", "nav"], [dt.date(2024, 7, 23), 1.5], ["2024-07-24", None])
    frame = load_excel(raw(content)).frame
    assert frame.index.strftime("%F").tolist() == ["2024-07-23", "2024-07-24"]
    assert np.isnan(frame["nav"].iloc[1])


def test_workbook_header_row_and_sheet():
    content = workbook(["Fund", "X"], [], ["date", "nav"], ["2024-07-23", 2], sheets=("a", "b"))
    with pytest.raises(ParameterError, match="has the sheets a, b: name one"):
        load_excel(raw(content), header_row=3)
    assert load_excel(raw(content), header_row=3, sheet="B").frame["nav"].tolist() == [2.0]
    with pytest.raises(MissingColumnError, match="no sheet 'c'"):
        load_excel(raw(content), sheet="c")
    with pytest.raises(ParameterError, match="rows 1 to 4"):
        load_excel(raw(content), sheet="a", header_row=9)


def test_workbook_cells_that_are_no_numbers_are_refused():
    for value in (True, "text", dt.date(2024, 1, 1)):
        content = workbook(["date", "nav"], ["2024-07-23", 1], ["2024-07-24", value])
        with pytest.raises(DataError, match="row 3, column 'nav'"):
            load_excel(raw(content))


def test_workbook_cells_with_an_error_are_named():
    content = workbook(["date", "nav"], ["2024-07-23", 1], ["2024-07-24", "#N/A"])
    with pytest.raises(DataFileError, match="B3 holds an error of the spreadsheet program"):
        load_excel(raw(content))


# --- Parquet


def parquet(**columns) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


DAYS = pa.array([dt.date(2024, 7, 23), dt.date(2024, 7, 24)])


def test_parquet_numbers_of_every_kind_and_nulls():
    content = parquet(
        date=DAYS,
        whole=pa.array([1, None]),
        single=pa.array([1.5, 2.5], pa.float32()),
        exact=pa.array([Decimal("1.25"), Decimal("2.50")]),
        word=pa.array(["a", "b"]),
        nested=pa.array([[1], [2]]),
    )
    table = load_parquet(raw(content))
    assert table.frame["single"].tolist() == [1.5, 2.5]
    assert table.frame["exact"].tolist() == [1.25, 2.5]
    assert np.isnan(table.frame["whole"].iloc[1])
    assert table.remarks == ()
    with pytest.raises(DataError, match="column 'word' holds string, no numbers"):
        load_parquet(raw(content), columns={"nav": "word"})
    with pytest.raises(MissingColumnError, match="did you mean 'single'"):
        load_parquet(raw(content), columns={"nav": "singl"})


@pytest.mark.parametrize(
    ("column", "match"),
    [
        (pa.array([dt.datetime(2024, 7, 23, tzinfo=dt.UTC)] * 2), "with a time zone"),
        (pa.array(pd.to_datetime(["2024-07-23 16:00", "2024-07-24 16:00"])), "times of day"),
        (pa.array([20240723, 20240724]), "holds numbers, no dates"),
        (pa.array(["2024-07-23", "soon"]), "'soon' is not a date"),
        (pa.array([dt.date(2024, 7, 23)] * 2), "again"),
        (pa.array([dt.date(2024, 7, 23), None]), "is not a date"),
    ],
)
def test_parquet_days_that_are_none_are_refused(column, match):
    with pytest.raises(DataError, match=match):
        load_parquet(raw(parquet(date=column, nav=pa.array([1.0, 2.0]))))


def test_parquet_torn_infinite_and_other_files_are_refused():
    content = parquet(date=DAYS, nav=pa.array([1.0, 2.0]))
    for broken in (content[:-5], content[:40] + content[-8:], b"PAR1" + b"\x00" * 50 + b"PAR1", b"date,nav\n"):
        with pytest.raises(DataFileError):
            load_parquet(raw(broken))
    with pytest.raises(DataError, match="infinite value in row 2"):
        load_parquet(raw(parquet(date=DAYS, nav=pa.array([1.0, float("inf")]))))


# --- SQL


@pytest.fixture(params=["sqlite", "duckdb"])
def database(request, tmp_path):
    path = tmp_path / f"prices.{request.param}"
    rows = [("2024-07-23", "ETHV", 50.9159), ("2024-07-24", "ETHV", 49.1), ("2024-07-23", "ETHA", 26.2)]
    base = sqlite3.connect(path) if request.param == "sqlite" else duckdb.connect(str(path))
    base.execute("CREATE TABLE nav (day DATE, fund VARCHAR, nav DOUBLE)")
    base.executemany("INSERT INTO nav VALUES (?, ?, ?)", rows)
    base.commit()
    base.close()
    return path


QUERY = "SELECT day, nav FROM nav WHERE fund = :fund ORDER BY day"


def test_sql_parameters_are_bound(database):
    table = load_sql(database, query=QUERY, parameters={"fund": "ETHV"}, date_column="day")
    assert table.frame["nav"].tolist() == [50.9159, 49.1]
    injected = "ETHV' OR '1'='1"
    with pytest.raises(DataFileError, match="returns no rows"):
        load_sql(database, query=QUERY, parameters={"fund": injected}, date_column="day")


def test_sql_hash_is_of_query_and_result(database):
    def digest(fund):
        return load_sql(database, query=QUERY, parameters={"fund": fund}, date_column="day").sha256

    assert digest("ETHV") == digest("ETHV")
    assert digest("ETHV") != digest("ETHA")


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM nav",
        "DROP TABLE nav",
        "INSERT INTO nav VALUES ('2024-07-25', 'X', 1)",
        "PRAGMA user_version = 5",
        "ATTACH 'other.db' AS other",
        "COPY nav TO 'out.csv'",
        "SELECT 1; DROP TABLE nav",
        "/* SELECT */ DELETE FROM nav",
    ],
)
def test_sql_that_does_not_only_read_is_refused(database, query):
    before = database.read_bytes()
    with pytest.raises((ParameterError, DataFileError)):
        load_sql(database, query=query, date_column="day")
    assert database.read_bytes() == before


def test_sql_hidden_writes_fail_in_the_database(database):
    before = database.read_bytes()
    with pytest.raises(DataFileError, match="query failed"):
        load_sql(database, query="WITH x AS (SELECT 1) DELETE FROM nav", date_column="day")
    assert database.read_bytes() == before


def test_sql_reads_no_other_file(tmp_path):
    path = tmp_path / "x.duckdb"
    duckdb.connect(str(path)).close()
    (tmp_path / "secret.csv").write_text("date,nav\n2024-07-23,1\n")
    for source in (f"read_csv('{tmp_path}/secret.csv')", f"'{tmp_path}/secret.csv'", "read_text('/etc/hostname')"):
        with pytest.raises(DataFileError, match="query failed"):
            load_sql(path, query=f"SELECT * FROM {source}")


def test_sql_without_end_is_stopped(tmp_path, monkeypatch):
    path = tmp_path / "x.sqlite"
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE t (a)")
    base.commit()
    base.close()
    monkeypatch.setattr(sql, "SECONDS", 0.2)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS date FROM n"
    with pytest.raises(DataFileError, match="interrupted"):
        load_sql(path, query=endless)


@pytest.mark.parametrize(
    ("query", "options", "error", "match"),
    [
        (QUERY, {}, ParameterError, "query's :fund has no value"),
        (QUERY, {"parameters": {"fund": "X", "fnd": 1}}, ParameterError, "no :fnd: did you mean :fund"),
        (QUERY, {"parameters": {"fund": ["X"]}}, ParameterError, "is a list"),
        ("SELECT day FROM nowhere", {}, DataFileError, "query failed"),
        ("SELECT day, nav, nav FROM nav", {}, DataFileError, "'nav' twice"),
        ("SELECT fund AS day, nav FROM nav", {}, DataError, "is not a date"),
        ("SELECT day, fund AS nav FROM nav", {}, DataError, "is not a finite number"),
        ("SELECT day, nav FROM nav", {}, DataError, "again"),
        (
            "SELECT day, nav FROM nav WHERE fund = 'ETHV'",
            {"columns": {"nav": "navs"}},
            MissingColumnError,
            "did you mean 'nav'",
        ),
    ],
)
def test_sql_that_cannot_be_a_table_is_refused(database, query, options, error, match):
    with pytest.raises(error, match=match):
        load_sql(database, query=query, date_column="day", **options)


def test_sql_null_is_nan(database):
    table = load_sql(database, query="SELECT day, NULL AS nav FROM nav WHERE fund = 'ETHV'", date_column="day")
    assert table.frame["nav"].isna().all()


def test_sql_needs_one_database(tmp_path, monkeypatch):
    with pytest.raises(ParameterError, match="database file or database_variable"):
        load_sql(query="SELECT 1 AS date")
    other = tmp_path / "x.db"
    other.write_text("no database at all")
    with pytest.raises(DataFileError, match="neither a SQLite nor a DuckDB"):
        load_sql(other, query="SELECT 1 AS date")
    monkeypatch.setenv("MY_DB", "mysql://me:secret@host/db")
    with pytest.raises(ParameterError, match="not one of PostgreSQL") as found:
        load_sql(query="SELECT 1 AS date", database_variable="MY_DB")
    assert "secret" not in str(found.value)
    monkeypatch.delenv("MY_DB")
    with pytest.raises(ParameterError, match="MY_DB is empty"):
        load_sql(query="SELECT 1 AS date", database_variable="MY_DB")


def test_a_password_is_in_no_message(monkeypatch):
    monkeypatch.setenv("MY_DB", "postgresql://me:secret@127.0.0.1:1/db")
    with pytest.raises(DataFileError) as found:
        load_sql(query="SELECT 1 AS date", database_variable="MY_DB")
    assert "secret" not in str(found.value)
    assert "secret" not in repr(found.value.__context__ or "")


def test_a_table_equals_what_pandas_reads():
    days = pd.bdate_range("2024-01-01", periods=50)
    frame = pd.DataFrame({"a": np.arange(50) / 7, "b": -np.arange(50.0)}, days).rename_axis("date")
    ours = load_csv(raw(frame.to_csv())).frame
    pd.testing.assert_frame_equal(ours, frame, check_freq=False, check_index_type=False)

"""Queries of a real PostgreSQL server; RESEARCH_TEST_POSTGRES holds its address, the user may write."""

from __future__ import annotations

import os

import psycopg
import pytest

from research.errors import DataError, DataFileError
from research.loaders import sql
from research.loaders.sql import load_sql

pytestmark = pytest.mark.sql

VARIABLE = "RESEARCH_TEST_POSTGRES"


@pytest.fixture(scope="module", autouse=True)
def table():
    address = os.environ.get(VARIABLE)
    if not address:
        pytest.fail(f"set {VARIABLE} to the address of a PostgreSQL server")
    with psycopg.connect(address, autocommit=True) as base:
        base.execute("DROP TABLE IF EXISTS nav")
        base.execute("CREATE TABLE nav (day date, fund text, nav numeric(12, 4), seen timestamptz)")
        base.execute(
            "INSERT INTO nav VALUES ('2024-07-23', 'ETHV', 50.9159, now()), ('2024-07-24', 'ETHV', NULL, now())"
        )
    yield
    with psycopg.connect(address, autocommit=True) as base:
        base.execute("DROP TABLE nav")


def load(query, **options):
    return load_sql(query=query, database_variable=VARIABLE, date_column="day", **options)


def test_dates_numerics_and_nulls():
    table = load("SELECT day, nav FROM nav WHERE fund = :fund", parameters={"fund": "ETHV"})
    assert table.frame["nav"].iloc[0] == 50.9159
    assert table.frame["nav"].isna().tolist() == [False, True]


def test_an_injection_is_a_value():
    with pytest.raises(DataFileError, match="returns no rows"):
        load("SELECT day, nav FROM nav WHERE fund = :fund", parameters={"fund": "x'; DROP TABLE nav; --"})
    assert len(load("SELECT day, nav FROM nav").frame) == 2


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM nav RETURNING *) SELECT day, nav FROM gone",
        "SELECT day, nav FROM nav WHERE nextval('s') > 0",
        "SELECT day, nav FROM nav WHERE set_config('transaction_read_only', 'off', false) = '' FOR UPDATE",
    ],
)
def test_nothing_is_written(query):
    with pytest.raises(DataFileError, match="query failed"):
        load(query)
    assert len(load("SELECT day, nav FROM nav").frame) == 2


def test_a_query_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr(sql, "SECONDS", 1)
    with pytest.raises(DataFileError, match="statement timeout"):
        load("SELECT pg_sleep(30) AS day")


def test_instants_are_no_days():
    with pytest.raises(DataError, match="select a DATE"):
        load("SELECT seen AS day, nav FROM nav")


def test_the_address_is_in_no_message():
    with pytest.raises(DataFileError) as found:
        load("SELECT nowhere FROM nav")
    assert os.environ[VARIABLE] not in str(found.value)

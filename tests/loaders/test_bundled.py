"""The bundled tables are the publishers' numbers, and nobody changed them since."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
from types import SimpleNamespace

import pandas as pd
import pytest

from research.errors import DataFileError, UnknownNameError
from research.loaders import bundled, bundled_table, bundled_tables
from research.loaders.bundled import bundled_bytes


def cells(raw):
    return list(csv.reader(raw.decode("utf-8").splitlines()))


@pytest.mark.parametrize("name", ["ethv", "etha"])
def test_tables_are_what_their_description_says(name):
    raw, info = bundled_bytes(name), bundled_tables()[name]
    assert hashlib.sha256(raw).hexdigest() == info.sha256
    assert raw.endswith(b"\n")
    assert b"\r" not in raw
    header, *rows = cells(raw)
    assert header == ["date", *info.columns]
    assert len(rows) == info.rows == len(bundled_table(name))
    assert all(re.fullmatch(r"-?\d+(\.\d+)?", cell) for row in rows for cell in row[1:])
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    assert info.publisher
    assert info.source
    assert {column.clock for column in info.columns.values()} == {"16:00 America/New_York"}


# NAV per share in the financial statements (10-K of ETHV for 2024, 10-Q of both), at period ends that were sessions.
STATEMENTS = [
    ("ethv", "2024-12-31", 48.81),
    ("ethv", "2025-03-31", 26.88),
    ("etha", "2024-09-30", 19.91),
    ("etha", "2024-12-31", 25.24),
    ("etha", "2025-06-30", 18.81),
    ("etha", "2025-09-30", 31.24),
]


@pytest.mark.parametrize(("name", "day", "stated"), STATEMENTS)
def test_nav_is_near_that_of_the_financial_statements(name, day, stated):
    """Near, not equal: statements value ether at the principal market's price, the website's NAV at the index."""
    assert bundled_table(name).loc[day, "nav"] == pytest.approx(stated, rel=0.015)


def test_ethv_was_seeded_at_fifty_dollars():
    assert bundled_table("ethv")["nav"].iloc[0] == 50.0


def test_traps_of_the_publisher_are_still_there():
    frame = bundled_table("ethv")
    assert frame.index.equals(pd.date_range(frame.index[0], frame.index[-1], name="date"))
    weekend = frame.loc["2026-09-18":"2026-09-20"]
    assert weekend["nav"].nunique() == weekend["close"].nunique() == 1
    assert weekend["index"].nunique() == 3
    assert frame.loc["2026-03-06", "close"] == frame.loc["2026-03-05", "close"] != frame.loc["2026-03-07", "close"]
    # The premium is in dollars, not per cent: close minus NAV to the cent.
    listed = frame["2024-07-23":]
    gap = listed["close"] - listed["nav"]
    assert (gap - listed["premium"]).abs().max() < 0.01
    assert (100 * gap / listed["nav"] - listed["premium"]).abs().max() > 0.5


def test_an_unknown_table_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="unknown bundled table 'ehtv': did you mean 'ethv'"):
        bundled_table("ehtv")


def test_a_changed_table_is_refused(monkeypatch, tmp_path):
    tables = tmp_path / "data" / "tables"
    tables.mkdir(parents=True)
    (tables / "ethv.csv").write_bytes(bundled_bytes("ethv").replace(b"50.9159", b"50.9158"))
    monkeypatch.setattr(bundled, "resources", SimpleNamespace(files=lambda package: tmp_path))
    with pytest.raises(
        DataFileError, match=r"bundled table ethv was changed: its sha256 is .* install the package again"
    ):
        bundled_table("ethv")
    with pytest.raises(DataFileError, match="bundled table etha cannot be read"):
        bundled_table("etha")


@pytest.mark.real
def test_ethv_equals_the_publishers_file_cell_by_cell(real_data):
    with (real_data / "crypto" / "vaneck_ethv_nav_close_index.csv").open(newline="") as file:
        original = list(csv.DictReader(file))
    found = cells(bundled_bytes("ethv"))[1:]
    keys = ["Date", "NAV", "Close", "Premium/Discount", "Index Level"]
    assert found == [[row[key] for key in keys] for row in reversed(original)]


@pytest.mark.real
def test_etha_equals_the_publishers_file_cell_by_cell(real_data):
    with (real_data / "crypto" / "ishares_etha_historical.csv").open(newline="") as file:
        original = list(csv.DictReader(file))
    found = cells(bundled_bytes("etha"))[1:]
    expected = [
        [
            dt.datetime.strptime(row["As Of"], "%b %d, %Y").date().isoformat(),  # noqa: DTZ007 - a label, not an instant
            row["NAV per Share"],
            row["Shares Outstanding"],
        ]
        for row in reversed(original)
    ]
    assert found == expected
    assert {row["Ex-Dividends"] for row in original} == {"--"}


@pytest.mark.real
def test_parsed_numbers_equal_those_of_pandas(real_data):
    path = real_data / "crypto" / "vaneck_ethv_nav_close_index.csv"
    theirs = pd.read_csv(path, parse_dates=["Date"], index_col="Date").sort_index()
    ours = bundled_table("ethv")
    assert (theirs.to_numpy() == ours.to_numpy()).all()
    assert ours.index.equals(theirs.index)

"""Whatever the loaders hand over is worth reading as the last line of a cell."""

from __future__ import annotations

import dataclasses
import json

import pytest
from pull_funds import BEGIN, series

import research.loaders
from research import tables
from research.loaders import Column, Remark, bundled_tables, file_format, load_input, load_series, load_table
from research.loaders.csv import load_csv
from research.loaders.pull import Outcome
from research.loaders.raw import RawFile
from research.opening import fund

RAW = b"date,nav,note\n2024-07-23,34.1,x\n2024-07-24,,y\n2024-07-25,33.9,z"
RATE = """
[fund.MINE.inputs.bill_rate]
table = "bars"
column = "close"
sample_at = "16:00 America/New_York"
unit = "fraction"
provider = "me"
"""
FOLDER = '[table.bars]\nfile = "bars.csv"\nformat = "bars"\n' + BEGIN + "simulated = true\n"
FOLDER += series("nav", "nav.csv", "NAV").replace('"me"', '"me & <you>"') + RATE


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "funds.toml").write_text(FOLDER)
    (tmp_path / "nav.csv").write_bytes(RAW)
    (tmp_path / "bars.csv").write_text("time,open,high,low,close\n2024-07-23T20:00:00Z,0.1,0.1,0.1,0.1\n")
    return tmp_path


RESULTS = {
    "a file": (lambda folder: load_csv(RawFile("nav.csv", RAW)), ["nav.csv: csv, 3 of 3 rows", "2024-07-25", "note"]),
    "a table of bars": (lambda folder: load_table("bars", folder), ["bars, 1 of 1 rows", "quote currency"]),
    "a series": (
        lambda folder: load_series(fund("MINE", folder), "nav"),
        ["simulated", "2, and 1 missing", "2024-07-23"],
    ),
    "bars to sample": (lambda folder: load_input(fund("MINE", folder), "bill_rate"), ["20:00:00", "sampled at"]),
    "a source": (
        lambda folder: load_series(fund("ETHV"), "close").source,
        ["VanEck", "16:00 America/New_York"],
    ),
    "a bundled table": (lambda folder: bundled_tables()["ethv"], ["823 rows", "USD per ether", "vaneck.com"]),
}
FACTS = [
    (Remark("footer", "2 rows of words below the table", row=9), "[footer] 2 rows of words below the table"),
    (Column("USD", "16:00 America/New_York", "price", 0.01), "USD, 16:00 America/New_York, price, to 0.01"),
    (file_format("eia"), "eia: EIA history workbook (daily, .xls)"),
    (RawFile("nav.csv", bytes(1200)), "nav.csv: 1,200 bytes"),
    (Outcome("close", "yahoo", "X", "new", "3 rows"), "close  yahoo X  new: 3 rows"),
]


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_shows_itself(name, folder):
    make, parts = RESULTS[name]
    result = make(folder)
    assert isinstance(result, tables.Result)
    text = repr(result)
    assert text == str(result)
    assert not text.startswith(type(result).__name__)
    assert len(text) < 2000
    page = result._repr_html_()
    assert "me & <you>" not in page  # escaped
    for part in parts:
        assert part in text
        assert part in page
    assert result.summary().caption in result.to_markdown()
    assert "\\toprule" in result.to_latex()
    assert len(result.to_frame()) > 0
    json.dumps(result.to_dict(), allow_nan=False)


@pytest.mark.parametrize(("fact", "line"), FACTS, ids=[type(fact).__name__ for fact, _ in FACTS])
def test_one_fact_is_one_line(fact, line):
    assert repr(fact) == str(fact) == line


def test_nothing_that_the_room_hands_over_is_left_out():
    handed = [Outcome, *(getattr(research.loaders, name) for name in research.loaders.__all__)]
    records = {item for item in handed if isinstance(item, type) and dataclasses.is_dataclass(item)}
    facts = {type(fact) for fact, _ in FACTS}
    assert all(issubclass(item, tables.Result) for item in records - facts)


def test_the_frames_hold_the_values(folder):
    table = load_csv(RawFile("nav.csv", RAW))
    assert table.to_frame().equals(table.frame)
    assert table.to_dict()["remarks"][0]["rule"] == "column_left_out"
    loaded = load_series(fund("MINE", folder), "nav")
    assert loaded.to_frame()["nav"].equals(table.frame["nav"])
    assert loaded.to_dict()["values"] == {"2024-07-23": 34.1, "2024-07-24": None, "2024-07-25": 33.9}

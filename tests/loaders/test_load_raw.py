"""What no loader may do with a file that is none, and what every loader accepts."""

from __future__ import annotations

import os

import pytest

from research.errors import DataError, DataFileError, ParameterError, UnknownNameError
from research.loaders.formats import FORMATS, load_file
from research.loaders.grid import dates, numbers
from research.loaders.raw import RawFile, decode, read_raw

# Loaders of text that need no option; "sql" takes a database.
TEXT = sorted(set(FORMATS) - {"sql", "eia", "ssga", "excel", "parquet"})
ALL = sorted(set(FORMATS) - {"sql"})


@pytest.mark.parametrize("name", ALL)
def test_an_empty_file_is_refused(name, tmp_path):
    path = tmp_path / "empty"
    path.write_bytes(b"")
    with pytest.raises(DataFileError, match="empty"):
        load_file(path, name)


@pytest.mark.parametrize("name", ALL)
def test_a_gigabyte_of_one_line_is_refused_unread(name, tmp_path):
    path = tmp_path / "long"
    with path.open("wb") as stream:
        stream.truncate(1_000_000_000)  # sparse: it takes no room
    with pytest.raises(DataFileError, match="1,000 MB"):
        load_file(path, name)


@pytest.mark.parametrize("name", TEXT)
def test_one_endless_line_is_no_table(name, tmp_path):
    path = tmp_path / "line"
    path.write_bytes(b"date,nav" * 300_000)
    with pytest.raises(DataError, match="characters: that is no table"):
        load_file(path, name)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("raw", [bytes(range(256)) * 8, b"\x89PNG\r\n\x1a\n" + b"\x01" * 50, b"\x1f\x8b\x08\x00 rest"])
def test_binary_is_refused(name, raw, tmp_path):
    path = tmp_path / "binary"
    path.write_bytes(raw)
    with pytest.raises(DataError):
        load_file(path, name)


@pytest.mark.parametrize("name", ALL)
def test_a_folder_a_pipe_and_a_missing_file_are_refused(name, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, tmp_path / "missing"):
        with pytest.raises(DataFileError, match=r"ordinary file|no such file"):
            load_file(path, name)


@pytest.mark.parametrize("name", sorted(set(TEXT) - {"ishares", "grayscale", "set_rebalance"}))
def test_html_in_place_of_a_table_is_refused(name, tmp_path):
    path = tmp_path / "page"
    path.write_text("<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>Please, log in</body></html>\n")
    with pytest.raises(DataError):
        load_file(path, name)


def test_mixed_encodings_are_refused_with_the_line():
    with pytest.raises(DataFileError, match="line 3 is not UTF-8"):
        decode(RawFile("x.csv", "date,name\n2024-01-01,Zürich\n".encode() + "2024-01-02,Zürich\n".encode("latin-1")))


@pytest.mark.parametrize(
    "raw",
    [
        b"date,nav\r\n2024-07-23,1.5\r\n",
        b"date,nav\r2024-07-23,1.5\r",
        b"\xef\xbb\xbfdate,nav\n2024-07-23,1.5\n",
        "date,nav\n2024-07-23,1.5\n".encode("utf-16"),
        "\u200fdate,\u202anav\u202c\n\u200e2024-07-23,1.5\u200f\n".encode(),
    ],
    ids=["CRLF", "CR", "BOM", "UTF-16", "right-to-left marks"],
)
def test_ways_of_writing_the_same_text(raw, tmp_path):
    path = tmp_path / "nav.csv"
    path.write_bytes(raw)
    assert load_file(path, "csv").frame["nav"].tolist() == [1.5]


def test_utf_16_without_a_mark_is_binary():
    with pytest.raises(DataFileError, match="zero byte"):
        decode(RawFile("x.csv", "date,nav\n".encode("utf-16-le")))


def test_a_zero_character_behind_a_mark_is_binary():
    with pytest.raises(DataFileError, match="zero character"):
        decode(RawFile("x.csv", "date\x00,nav\n".encode("utf-16")))


def test_an_unknown_format_offers_the_nearest(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'ishares'"):
        load_file(tmp_path / "x", "ishare")


def test_an_unknown_option_offers_the_nearest(tmp_path):
    with pytest.raises(ParameterError, match="did you mean 'ticker'"):
        load_file(tmp_path / "x", "yahoo", tiker="A")


@pytest.mark.parametrize(
    ("cell", "options", "value"),
    [
        ("1,234.5", {"thousands": ","}, 1234.5),
        ("1.234,5", {"thousands": ".", "decimal": ","}, 1234.5),
        ("(1,234)", {"thousands": ",", "strip": "$"}, -1234.0),
        ("-$5.10", {"strip": "$"}, -5.1),
        ("0.146%", {"strip": "%"}, 0.146),
        ("1e-3", {}, 0.001),
    ],
)
def test_numbers_are_read_in_their_notation(cell, options, value):
    assert numbers([cell], [1], name="x", column="c", **options)[0] == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        ("1,5", {}),
        ("1,5", {"thousands": ","}),
        ("1.234.5", {}),
        ("12,34,567", {"thousands": ","}),
        ("inf", {}),
        ("nan", {}),
        ("1_000", {}),
        ("0x10", {}),
        ("１２", {}),
        ("=1+1", {}),
        ("1e999", {}),
    ],
)
def test_what_is_no_number_is_refused_with_its_row(cell, options):
    with pytest.raises(DataError, match="row 7, column 'c'"):
        numbers([cell], [7], name="x", column="c", **options)


@pytest.mark.parametrize("cell", ["2024-02-30", "2024-7-1", "20240701", "01/02/2024", "0024-01-01", "", "2024-W01-1"])
def test_what_is_no_iso_date_is_refused_with_its_row(cell):
    with pytest.raises(DataError, match="row 9, column 'd'"):
        dates(["2024-07-23", cell], [8, 9], name="x", column="d")


def test_one_file_has_one_way_of_writing_dates():
    with pytest.raises(DataError, match="row 3"):
        dates(["2024-07-23", "Jul 24, 2024"], [2, 3], name="x", column="d", formats=("%Y-%m-%d", "%b %d, %Y"))


def test_read_raw_reads_at_most_what_it_is_told(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_raw(path, largest=5).raw == b"12345"
    with pytest.raises(DataFileError, match="more than"):
        read_raw(path, largest=4)

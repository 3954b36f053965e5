"""Broken tables: every one is refused with file, row, column and what to do."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.errors import DataError, DataFileError, MissingColumnError, ResearchError
from research.loaders import parse_csv

GOOD = b"date,nav,close\n2024-07-23,34.10,34\n2024-07-24,33.5,33.6\n2024-07-25,31,31.2\n"


def read(raw, columns=("nav",), **more):
    return parse_csv(raw, "x.csv", list(columns), **more)


def refused(raw, error, *parts, **more):
    with pytest.raises(error) as caught:
        read(raw, **more)
    message = str(caught.value)
    assert message.startswith("x.csv: ")
    assert "\n" not in message
    assert all(part in message for part in parts), message


def test_a_good_table_keeps_every_row():
    frame = read(GOOD, ["nav", "close"])
    assert frame.index.tolist() == list(pd.to_datetime(["2024-07-23", "2024-07-24", "2024-07-25"]))
    assert frame["nav"].tolist() == [34.1, 33.5, 31.0]
    assert frame.dtypes.tolist() == [np.float64, np.float64]
    assert frame.index.tz is None
    assert frame.index.name == "date"


def test_newest_first_is_turned_round():
    lines = GOOD.decode().splitlines()
    turned = "\n".join([lines[0], *lines[:0:-1]]) + "\n"
    pd.testing.assert_frame_equal(read(turned.encode(), ["nav", "close"]), read(GOOD, ["nav", "close"]))


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.rstrip(b"\n"),
        GOOD + b"\n\n",
        GOOD.replace(b"date,nav", b" date , nav "),
        GOOD.replace(b"33.5", b'"33.5"'),
        GOOD.replace(b"33.5", b" 33.5 "),
        GOOD.replace(b"33.5", b"3.35e1"),
    ],
)
def test_harmless_variants_read_the_same(raw):
    pd.testing.assert_frame_equal(read(raw), read(GOOD))


@pytest.mark.parametrize("mark", [b"", b"-", b"--", b" "])
def test_missing_marks_become_nan_and_are_not_filled(mark):
    values = read(GOOD.replace(b"33.5", mark))["nav"]
    assert math.isnan(values.iloc[1])
    assert values.notna().sum() == 2


def test_one_row_is_a_table():
    assert len(read(b"date,nav\n2024-07-23,1\n")) == 1


@pytest.mark.parametrize("raw", [b"", b"\n", b"  \n\n "])
def test_empty(raw):
    refused(raw, DataFileError, "empty", "fetch it again")


def test_header_only():
    refused(b"date,nav\n", DataFileError, "a header and no rows")


def test_binary():
    refused(b"PK\x03\x04\x00\x00", DataFileError, "binary", "export the table as CSV")
    refused("date,nav\n2024-07-23,1\n".encode("utf-16"), DataFileError, "binary")
    refused(b"\xd0\xcf\x11\xe0 workbook", DataFileError, "not UTF-8 text at byte 0")
    refused(b"date,nav\n2024-07-23,1\xff\n", DataFileError, "not UTF-8 text at byte 21")


def test_torn_in_a_row():
    refused(GOOD[:-10], DataFileError, "row 4 has", "torn", "fetch it again")
    refused(GOOD.replace(b"33.5,33.6", b"33.5,33.6,1"), DataFileError, "row 3 has 4 fields where the header has 3")
    refused(GOOD.replace(b"\n2024-07-24", b"\n\n2024-07-24"), DataFileError, "row 3 has 0 fields")


def test_torn_in_a_number_shows_only_where_an_end_is_required():
    torn = GOOD[:-2]
    assert len(read(torn)) == 3
    refused(torn, DataFileError, "torn: the last line has no end", needs_final_newline=True)


def test_an_error_page_in_place_of_a_table():
    refused(b"<!DOCTYPE html>\n<html>\n</html>\n", MissingColumnError, "no column 'date'")


def test_broken_quotes():
    refused(GOOD.replace(b"33.5", b'"33.5'), DataFileError, "row", "is not comma-separated text")


def test_a_column_twice():
    refused(b"date,nav,nav\n2024-07-23,1,2\n", DataFileError, "column 'nav' is there twice")


def test_a_missing_column_offers_the_nearest():
    refused(GOOD, MissingColumnError, "no column 'Nav'", "did you mean 'nav'", "date, nav, close", columns=["Nav"])
    refused(GOOD, MissingColumnError, "no column 'Date'", date_column="Date")


@pytest.mark.parametrize(
    "cell",
    [b"n/a", b"1_000", b"nan", b"inf", b"0x1F", b"1e999", b"$33.5", b"33.5%", b"null", b".", "３３".encode(), b"1 000"],
)
def test_cells_that_are_no_numbers(cell):
    refused(GOOD.replace(b"33.5", cell), DataError, "row 3, column 'nav'", "is not a number", cell.decode())


def test_thousands_commas_are_named():
    refused(GOOD.replace(b"33.5,", b'"2,692.99",'), DataError, "'2,692.99'", "drop the thousands commas")


def test_columns_that_are_not_asked_for_may_hold_anything():
    assert len(read(GOOD.replace(b"33.6", b"closed"))) == 3


@pytest.mark.parametrize(
    "cell",
    [b"", b"07/24/2024", b"20240724", b"2024-W30-3", b"2024-02-30", b"2024-7-24", b"1700-01-01", b"2024-07-24T16:00"],
)
def test_cells_that_are_no_dates(cell):
    refused(GOOD.replace(b"2024-07-24", cell), DataError, "row 3, column 'date'", "is not a date", "2024-07-23")


def test_a_date_twice_names_both_rows():
    refused(GOOD.replace(b"2024-07-25", b"2024-07-23"), DataError, "row 4 has the date 2024-07-23 of row 2 again")


def test_shuffled_rows_are_not_sorted_silently():
    shuffled = b"date,nav\n2024-07-23,1\n2024-07-25,1\n2024-07-24,1\n2024-07-26,1\n"
    refused(shuffled, DataError, "row 4 (2024-07-24) is out of order", "oldest first", "sort the rows")
    backwards = b"date,nav\n2024-07-26,1\n2024-07-23,1\n2024-07-24,1\n"
    refused(backwards, DataError, "row 4 (2024-07-24) is out of order", "newest first")


def test_row_numbers_count_lines_of_the_file():
    quoted = b'date,note,nav\n2024-07-23,"two\nlines",1\n2024-07-24,x,bad\n'
    refused(quoted, DataError, "row 4, column 'nav'")


def test_a_cell_beyond_the_limit_of_the_parser():
    refused(b"date,nav\n2024-07-23," + b"1" * 200_000 + b"\n", DataFileError, "field larger than field limit")


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_get_past_with_an_untyped_error(raw):
    with contextlib.suppress(ResearchError):
        read(raw)


@settings(max_examples=300)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_one_wrong_byte_is_read_or_refused_never_worse(place, byte):
    raw = bytearray(GOOD)
    raw[place] = byte
    try:
        frame = read(bytes(raw))
    except ResearchError:
        return
    assert frame.index.is_monotonic_increasing
    assert frame.index.is_unique


@settings(max_examples=100)
@given(
    st.lists(st.dates(pd.Timestamp("1990-01-01").date(), pd.Timestamp("2100-01-01").date()), min_size=1, unique=True),
    st.data(),
)
def test_what_is_written_is_read_back_exactly(dates, data):
    values = data.draw(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=len(dates), max_size=len(dates))
    )
    table = pd.DataFrame({"date": sorted(dates), "nav": values})
    raw = "date,nav\n" + "".join(f"{day.isoformat()},{value!r}\n" for day, value in table.itertuples(index=False))
    frame = read(raw.encode())
    assert frame["nav"].tolist() == values
    assert [stamp.date() for stamp in frame.index] == sorted(dates)

"""The reader of plain text: what it takes, and what it refuses with file, row, column and what to do."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research import loaders
from research.errors import DataError, DataFileError, MissingColumnError, ResearchError
from research.loaders.csv import load_csv
from research.loaders.raw import RawFile

GOOD = b"date,nav,close\n2024-07-23,34.10,34\n2024-07-24,33.5,33.6\n2024-07-25,31,31.2\n"


def table(raw, **more):
    return load_csv(RawFile("x.csv", raw), **more)


def read(raw, columns=("nav",), **more):
    return table(raw, columns=columns and {column: column for column in columns}, **more).frame


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
        GOOD + b" \n,,\n",
        GOOD.replace(b"\n2024-07-24", b"\n\n2024-07-24"),
        GOOD.replace(b"\n", b"\r"),
        GOOD.replace(b"\n", b",,\n"),
        GOOD.replace(b"close\n", b"close,,\n"),
        GOOD.replace(b"nav", b"NAV"),
        GOOD.decode().encode("utf-16"),
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
def test_empty(raw, tmp_path):
    (tmp_path / "x.csv").write_bytes(raw)
    with pytest.raises(DataFileError, match="empty: fetch it again"):
        load_csv(tmp_path / "x.csv")


def test_header_only():
    refused(b"date,nav\n", DataFileError, "a header and no rows")


def test_binary():
    refused(b"PK\x03\x04\x00\x00", DataFileError, "a zip archive or a modern workbook", "fetch the table again")
    refused("date,nav\n2024-07-23,1\n".encode("utf-16-le"), DataFileError, "binary", "export the table as text")
    refused(b"\xd0\xcf\x11\xe0 workbook", DataFileError, "an old binary workbook")
    refused(b"date,nav\n2024-07-23,1\xff\n", DataFileError, "line 2 is not UTF-8 text (byte 21)")


def test_torn_in_a_row():
    refused(GOOD[:-10], DataFileError, "row 4 has", "torn", "fetch it again")
    refused(GOOD.replace(b"33.5,33.6", b"33.5,33.6,1"), DataFileError, "row 3 has 4 fields where the header has 3")


def test_torn_in_a_number_is_read_with_a_remark_on_the_row():
    assert table(GOOD).remarks == table(GOOD + b"  ").remarks == ()
    assert [(item.rule, item.row) for item in table(GOOD[:-2]).remarks] == [("no_final_newline", 4)]


def test_an_error_page_in_place_of_a_table():
    refused(b"<!DOCTYPE html>\n<html>\n</html>\n", MissingColumnError, "no column 'date'")


def test_broken_quotes():
    refused(GOOD.replace(b"33.5", b'"33.5'), DataFileError, "row", "is not delimited text")


def test_a_column_twice():
    refused(b"date,nav,nav\n2024-07-23,1,2\n", DataFileError, "column 'nav' is there twice")


def test_a_missing_column_offers_the_nearest():
    refused(GOOD, MissingColumnError, "no column 'navs'", "did you mean 'nav'", "date, nav, close", columns=["navs"])
    refused(GOOD, MissingColumnError, "no column 'day'", date_column="day")


def test_a_header_that_cannot_have_the_dates_says_what_to_write():
    refused(GOOD.replace(b",", b";"), MissingColumnError, "say delimiter = ';'")
    refused(GOOD.replace(b"date", b""), MissingColumnError, "the first column has no name: say date_column = ''")
    pd.testing.assert_frame_equal(read(GOOD.replace(b",", b";"), delimiter=";"), read(GOOD))
    pd.testing.assert_frame_equal(read(GOOD.replace(b"date", b""), date_column=""), read(GOOD))


@pytest.mark.parametrize("cell", ["$33.5", "33.5%", "(33.5)", "33.5 €", '"1,234.5"', '"1.234,5"', "1 000", "-33.5-"])
def test_a_column_of_numbers_in_another_notation_is_refused_and_not_left_out(cell):
    raw = f"date,nav,close\n2024-07-23,{cell},3\n2024-07-24,{cell},3\n".encode()
    refused(raw, DataError, "row 2, column 'nav'", "is not a number", columns=None)


def test_columns_of_words_and_of_other_dates_are_left_out_with_a_remark():
    raw = b"date,nav,name,settled\n2024-07-23,1,a,2024-07-25\n2024-07-24,2,3M,2024-07-26\n2024-07-25,3,,2024-07-29\n"
    found = table(raw)
    assert list(found.frame.columns) == ["nav"]
    assert [item.message for item in found.remarks] == ["columns that are not read: name, settled"]


def test_one_word_among_numbers_is_refused_although_it_comes_first():
    refused(GOOD.replace(b"34.10", b"n/a"), DataError, "row 2, column 'nav': 'n/a'", columns=None)


def test_a_table_of_nothing_but_words_is_refused_and_a_list_of_dates_is_a_table():
    refused(b"date,nav\n2024-07-23,shut\n", DataError, "row 2, column 'nav': 'shut'", columns=None)
    assert table(b"date\n2024-07-23\n").frame.shape == (1, 0)


@pytest.mark.parametrize(
    "cell",
    [b"n/a", b"1_000", b"nan", b"inf", b"0x1F", b"1e999", b"$33.5", b"33.5%", b"null", b".", "３３".encode(), b"1 000"],
)
def test_cells_that_are_no_numbers(cell):
    refused(
        GOOD.replace(b"33.5", cell), DataError, "row 3, column 'nav'", "is not a number", ascii(cell.decode())[1:-1]
    )


def test_thousands_commas_are_named():
    refused(GOOD.replace(b"33.5,", b'"2,692.99",'), DataError, "'2,692.99'", "groups digits with commas")
    assert read(GOOD.replace(b"33.5,", b'"2,692.99",'), thousands=",")["nav"].iloc[1] == 2692.99


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


def test_the_old_name_reads_as_it_did_and_says_what_to_write():
    with pytest.warns(DeprecationWarning, match="load_file"):
        old = loaders.parse_csv
    pd.testing.assert_frame_equal(old(GOOD, "x.csv", ["close"]), read(GOOD, ["close"]))
    with pytest.raises(DataFileError, match=r"x\.csv: torn: the last line has no end"):
        old(GOOD[:-2], "x.csv", ["close"], needs_final_newline=True)
    with pytest.raises(AttributeError, match="no attribute 'parse_cvs'"):
        _ = loaders.parse_cvs

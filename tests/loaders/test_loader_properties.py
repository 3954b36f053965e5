"""Whatever a file holds: a typed error, or a table that satisfies its schema; never anything else."""

from __future__ import annotations

import signal

import numpy as np
import pandas as pd
import pytest
from broken_files import broken
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SAMPLES

from research.errors import ResearchError
from research.loaders.formats import FORMATS
from research.loaders.published import PublishedTable
from research.loaders.raw import RawFile

QUIET = settings(max_examples=40)
TEXT = sorted(name for name, content in SAMPLES.items() if b"\x00" not in content and name != "parquet")


def parsed(name: str, content: bytes) -> PublishedTable | None:
    """Return the table, or None where a typed error refused the bytes; an endless loop ends after a minute of work."""

    def late(*_: object) -> None:
        raise TimeoutError(name)

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, 60.0)
    try:
        return FORMATS[name].load(RawFile("file", content))
    except ResearchError:
        return None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def check(table: PublishedTable | None) -> None:
    """Assert what is promised of every table."""
    if table is None:
        return
    frame = table.frame
    assert len(frame) > 0
    assert frame.index.is_unique
    assert set(table.columns) == set(frame.columns)
    assert not np.isinf(frame.select_dtypes("number").to_numpy(dtype=float)).any()
    assert table.rows_lost == sum(remark.rows_lost for remark in table.remarks)
    if table.kind in {"daily", "bars"}:
        index = pd.DatetimeIndex(frame.index)
        assert index.is_monotonic_increasing
        assert (index.tz is None) == (table.kind == "daily")
        assert table.kind == "bars" or bool((index == index.normalize()).all())


def test_every_format_has_a_sample():
    assert set(SAMPLES) == set(FORMATS) - {"sql"}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_samples_are_read(name):
    table = parsed(name, SAMPLES[name])
    assert table is not None
    check(table)


@pytest.mark.parametrize("name", sorted(SAMPLES))
@QUIET
@given(content=st.binary(max_size=300))
def test_any_bytes(name, content):
    check(parsed(name, content))


@pytest.mark.parametrize("name", sorted(SAMPLES))
@QUIET
@given(data=st.data())
def test_broken_files(name, data):
    check(parsed(name, broken(data, SAMPLES[name])))


@pytest.mark.parametrize("name", sorted(set(TEXT) - {"ishares", "set_rebalance", "grayscale"}))
@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.rstrip(b"\n"),
        lambda raw: raw.decode().encode("utf-16"),
        lambda raw: raw + b"\n\n",
    ],
    ids=["CRLF", "BOM", "no last line end", "UTF-16", "empty lines at the end"],
)
def test_what_changes_no_cell_changes_no_table(name, change):
    before, after = parsed(name, SAMPLES[name]), parsed(name, change(SAMPLES[name]))
    assert before is not None
    assert after is not None
    pd.testing.assert_frame_equal(before.frame, after.frame)


@pytest.mark.parametrize("name", ["csv", "vaneck", "fred", "yahoo", "proshares", "coingecko", "nav_table"])
def test_newest_first_or_oldest_first_is_the_same_table(name):
    head, *rows = SAMPLES[name].decode().splitlines()
    if name == "nav_table":
        head, rows = head + "\n" + rows[0], rows[1:]
    turned = "\n".join([head, *rows[::-1]]) + "\n"
    before, after = parsed(name, SAMPLES[name]), parsed(name, turned.encode())
    assert before is not None
    assert after is not None
    pd.testing.assert_frame_equal(before.frame, after.frame)


@QUIET
@given(
    values=st.lists(st.floats(-1e12, 1e12, allow_nan=False), min_size=1, max_size=30),
    missing=st.sets(st.integers(0, 29)),
)
def test_what_is_written_comes_back(values, missing):
    days = pd.date_range("2001-01-01", periods=len(values))
    frame = pd.DataFrame({"nav": [np.nan if at in missing else value for at, value in enumerate(values)]}, days)
    table = parsed("csv", frame.rename_axis("date").to_csv().encode())
    assert table is not None
    np.testing.assert_array_equal(table.frame["nav"], frame["nav"])

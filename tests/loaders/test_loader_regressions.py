"""Files that once broke a loader or gave a wrong table in silence; each is refused or read right now."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import time
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from interpreters import interpreted
from samples import SAMPLES
from test_loader_properties import parsed

from research.errors import DataError, ParameterError
from research.loaders.bars import load_bars
from research.loaders.cboe_vx import load_cboe_vx
from research.loaders.coin_metrics import load_coin_metrics
from research.loaders.excel import load_excel
from research.loaders.farside import load_farside
from research.loaders.formats import load_file
from research.loaders.grayscale import load_grayscale
from research.loaders.ishares import load_ishares
from research.loaders.parquet import load_parquet
from research.loaders.raw import RawFile

BARS = "timestamp,open,high,low,close\n"
VX = "Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest\n"
VX_ROW = "3/26/2004,{},212.4,212.5,202.7,202.7,203.2,0,216,0,144\n"


def raw(content: str | bytes) -> RawFile:
    return RawFile("file", content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize("year", ["0001", "1969", "9999"])
def test_bars_of_an_impossible_year(year):
    with pytest.raises(DataError, match="is not a time"):
        load_bars(raw(f"{BARS}{year}-01-01T00:00Z,1,2,1,2\n"))


def test_bars_whose_day_is_written_as_a_number():
    with pytest.raises(DataError, match="not a time since 1970"):
        load_bars(raw(f"{BARS}20240723,1,2,1,2\n"))


def test_bars_of_now():
    with pytest.raises(DataError, match="'now' is not a time"):
        load_bars(raw(f"{BARS}now,1,2,1,2\n"), zone="UTC")


def test_bars_with_a_column_twice():
    with pytest.raises(DataError, match="'close' is there twice"):
        load_bars(raw("timestamp,open,high,low,close,close\n2024-01-01T00:00Z,1,2,1,2,9\n"))


def test_bars_with_a_row_that_is_too_short():
    text = "timestamp,open,high,low,close,volume\n2024-01-01T00:00Z,1,2,1,2,5\n\n2024-01-01T01:00Z,1,2,1,2\n"
    with pytest.raises(DataError, match="row 4 has fewer fields"):
        load_bars(raw(text))
    assert load_bars(raw(text.replace("1,2,1,2\n", "1,2,1,2,\n"))).frame["volume"].isna().tolist() == [False, True]


@pytest.mark.parametrize("label", ["F (Jan 0000)", "F (Jxx 05)", "F (Feb 05)", "K (May 2200)"])
def test_contracts_that_do_not_exist(label):
    with pytest.raises(DataError):
        load_cboe_vx(raw(VX + VX_ROW.format(label)))


@pytest.mark.parametrize("mark", ["<![foo[", "<!--" * 50_000, "</" * 100_000, "<a " * 100_000, "<table " * 50_000])
def test_markup_that_is_slow_or_wrong_for_a_parser(mark):
    begun = time.process_time()
    with pytest.raises(DataError):
        load_grayscale(raw(f"<table id='chart-data'>{mark}"))
    assert time.process_time() - begun < 20  # quadratic readers took minutes; this is no speed test


def test_ishares_json_with_a_list_where_names_are_due():
    content: object = [1]
    for key in ("dataPointsByNameMap", "historical", "containersByNameMap", "fundDownload", "componentsByNameMap"):
        content = {key: content}
    with pytest.raises(DataError):
        load_ishares(raw(json.dumps(content)))


@pytest.mark.parametrize("date", ["2024110", "\ud800", "２０２４０１１０"])
def test_ishares_json_with_a_day_that_is_none(date):
    points = {"asof": {"value": [date]}, "nav": {"value": [1.0]}}
    content: object = points
    for key in ("dataPointsByNameMap", "historical", "containersByNameMap", "fundDownload", "componentsByNameMap"):
        content = {key: content}
    with pytest.raises(DataError, match="is not a date"):
        load_ishares(raw(json.dumps(content)))


def test_half_a_character_in_the_name_of_an_asset():
    text = SAMPLES["set_rebalance"].decode().replace("YFI", "\\ud800")
    assert parsed("set_rebalance", text.encode()) is None


def test_spreadsheetml_formatted_text_is_its_text():
    text = SAMPLES["ishares"].decode().replace("<ss:Data>18.09</ss:Data>", "<ss:Data><B>18</B>.09</ss:Data>")
    assert load_ishares(raw(text)).frame["nav"].tolist() == [18.14, 18.09]


def test_spreadsheetml_cell_that_stretches_pushes_the_next():
    text = SAMPLES["ishares"].decode()
    text = text.replace("<ss:Cell><ss:Data>NAV per Share", '<ss:Cell ss:MergeAcross="1"><ss:Data>NAV per Share')
    text = text.replace("<ss:Cell><ss:Data>18.09", '<ss:Cell ss:MergeAcross="1"><ss:Data>18.09')
    text = text.replace("<ss:Cell><ss:Data>18.14", '<ss:Cell ss:MergeAcross="1"><ss:Data>18.14')
    frame = load_ishares(raw(text)).frame
    assert frame["shares_outstanding"].iloc[-1] == 473_760_000.0


def test_spreadsheetml_row_inside_a_cell():
    text = SAMPLES["ishares"].decode().replace("<ss:Cell><ss:Data>As Of", "<ss:Cell><ss:Row></ss:Row><ss:Data>As Of", 1)
    assert parsed("ishares", text.encode()) is None


def test_coin_metrics_with_two_prices():
    with pytest.raises(DataError, match="two columns are price"):
        load_coin_metrics(raw("time,PriceUSD,price\n2024-07-23,1,2\n"))


def test_farside_with_nothing_but_the_seed():
    with pytest.raises(DataError, match="no row is a day"):
        load_farside(raw("Date,ETHA,Total\nSeed,1,1\n"))


def test_workbook_of_two_cells_a_million_rows_apart():
    book = openpyxl.Workbook()
    book.active["A1"] = "date"
    book.active["XFD1048576"] = 1
    stream = io.BytesIO()
    book.save(stream)
    with pytest.raises(DataError, match="no table is so large"):
        load_excel(raw(stream.getvalue()))


def test_workbook_whose_packed_bytes_are_damaged():
    content = bytearray(SAMPLES["excel"])
    with zipfile.ZipFile(io.BytesIO(SAMPLES["excel"])) as archive:
        place = archive.getinfo("xl/workbook.xml").header_offset + 60
    content[place : place + 8] = b"\x00" * 8
    assert parsed("excel", bytes(content)) is None


def test_a_serial_date_behind_a_control_character():
    assert parsed("spdr_gold", b"Date,0\n\x1e22005,") is None


def test_parquet_days_beyond_nanoseconds():
    stream = io.BytesIO()
    pq.write_table(pa.table({"date": [dt.date(7766, 5, 14)], "nav": [1.0]}), stream)
    with pytest.raises(DataError, match="years beyond reason"):
        load_parquet(raw(stream.getvalue()))


DAMAGED_PARQUET = base64.b64decode(
    "UEFSMRUEFRAVFEwVBBUAEgAACBzXTQAA2E0AABUAFRIVFiwVBBUQFQYVBhwYBNhNAAAYBNdNAAAWACgE2E0AABgE100AABERAAAA"
    "CSACAAAABAEBAwIVBBUgFSRMFQQVABIAABA8AAAAAAAA+D8AAAAAAAAEQBUAFRIVFiwVBBUQFQYVBhwYCAAAAAAAAARAGAgAAAAA"
    "AAD4PxYAKAgAAAAAAAAEEQAAAAkgAgAAAAQBAQMCFQQZPDUAGAZzY2hlbWEVBAAVAiUCGARkYXRlJQxMbAAAABUKJQIYA25hdgAW"
    "BBkcGSwmABwVAhk1AAYQGRgEZGF0ZRUCFgQWnAEWpAEmOCYIHBgE2E0AABgE100AABYAKATYTQAAGATXTQAAEREAGSwVBBUAFQIA"
    "FQAVEBUCADwpBhkmAAQAQAAmABwVChk1AAYQGRgDbmF2FQIWBBbMARbUASbsASasARwYCAAAAAAAAARAGAgAAAAAAAD4PxYAKAgA"
    "AAAAAAAEQBgIAAAAAAAA+D8REQAZLBUEFQAVAgAVABUQFQIAPCkGGSYABAAAABboAhb82fft+AIAGRwYDEFSUk9XOnNjaGVtYRjg"
    "AS8vLy8vNkFBQUFBUUFBQUFBQUFLQUF3QUJnQUZBQWdBQ2dBQUFBQUJCQUFNQUFBQUNBQUlBQUFBQkFBSUFBQUFCQUFBQUFJQUFB"
    "QkFBQUFBQkFBQUFOai8vLzhBQUFFREVBQUFBQlFBQUFBRUFBQUFBQUFBQUFNQUFBQnVZWFlBeHYvLy93QUFBZ0FRQUJRQUNBQUdB"
    "QWNBREFBQUFCQUFFQUFBQUFBQUFRZ1FBQUFBSEFBQUFBUUFBQUFBQUFBQUJBQUFBR1JoZEdVQUFBWUFDQUFHQUFZQUFBQUFBQUFB"
    "ABggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNy4wLjEZLBwAABwAAAAbAgAAUEFSMQ=="
)
"""A fuzzer's: two rows, and page headers over which Arrow, asked for the whole table, takes 16 GB."""


def test_a_small_damaged_parquet_file_takes_little_memory(tmp_path):
    assert len(load_parquet(raw(DAMAGED_PARQUET)).frame) == 2
    # The most that it ever took is known of a process, not of a call: one of its own reads it.
    code = """
import sys
from pathlib import Path
import pyarrow as pa
from research.loaders.parquet import load_parquet
load_parquet(Path(sys.argv[1]))
print(pa.default_memory_pool().max_memory())
"""
    path = tmp_path / "damaged.parquet"
    path.write_bytes(DAMAGED_PARQUET)
    done = interpreted(code, path)
    assert 0 < int(done.stdout) < 1e8


def test_parquet_days_beyond_the_year_9999():
    stream = io.BytesIO()
    pq.write_table(pa.table({"date": pa.array([9_000_000], pa.int32()).cast(pa.date32()), "nav": [1.0]}), stream)
    with pytest.raises(DataError, match="beyond reason"):
        load_parquet(raw(stream.getvalue()))


@pytest.mark.parametrize(("format_", "options"), [("yahoo", {"ticker": 5}), ("excel", {"header_row": "1"})])
def test_an_option_of_another_type(tmp_path, format_, options):
    path = tmp_path / "x"
    path.write_bytes(SAMPLES[format_])
    with pytest.raises(ParameterError, match="give a"):
        load_file(path, format_, **options)

"""A series is read from where its fund says, and from nowhere else."""

from __future__ import annotations

import hashlib
import os

import numpy as np
import pandas as pd
import pytest

from research.errors import BenchmarkError, DataError, DataFileError, MissingColumnError, UnknownNameError
from research.loaders import bundled_table, load_series
from research.opening import fund

FUND = """
[fund.MINE]
name = "Mine"
issuer = "Me"
kind = "spot"
asset = "ether"
listed = {{ value = 2024-07-23, source = "me", status = "READ" }}
benchmark = {{ value = "Index", source = "me", status = "READ" }}
fee = "unknown"
simulated = true
[fund.MINE.series.nav]
file = "{file}"
column = "nav"
date_column = "day"
clock = "16:00 Europe/London"
unit = "EUR"
tick = 0.01
provider = "me"
description = "made up"
"""
TABLE = "day,nav\n2024-07-24,33.5\n2024-07-23,34.1\n"


@pytest.fixture(autouse=True)
def _no_data_folder(monkeypatch):
    monkeypatch.delenv("RESEARCH_DATA", raising=False)


@pytest.fixture
def mine(tmp_path):
    def make(file="nav.csv", content=TABLE):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "funds.toml").write_text(FUND.format(file=file))
        if content is not None:
            (tmp_path / "data" / "nav.csv").write_text(content)
        return fund("MINE", tmp_path / "data")

    return make


def test_bundled_series_are_the_columns_of_their_table():
    for role, column in (("nav", "nav"), ("close", "close"), ("benchmark", "index"), ("premium_published", "premium")):
        loaded = load_series(fund("ETHV"), role)
        assert loaded.values.name == role
        assert loaded.values.dtype == np.float64
        np.testing.assert_array_equal(loaded.values, bundled_table("ethv")[column])
        assert loaded.source.rows == 823
    assert load_series(fund("ETHA"), "benchmark").source.measures == "MarketVector Ethereum Benchmark"


def test_every_bundled_series_loads_with_clock_tick_and_hash():
    for ticker in ("ETHV", "ETHA"):
        entry = fund(ticker)
        for role, source in entry.series.items():
            loaded = load_series(entry, role)
            assert loaded.source.clock == source.clock == "16:00 America/New_York"
            assert len(loaded.source.sha256) == 64
            assert loaded.values.index.is_monotonic_increasing
            assert not loaded.source.simulated
            # Every printed value is a multiple of the stated tick, and of no coarser power of ten.
            ratio = loaded.values / source.tick
            assert (ratio - ratio.round()).abs().max() < 1e-4
            if role != "shares_outstanding":
                assert ((ratio / 10 - (ratio / 10).round()).abs() > 1e-4).any()


def test_a_file_of_ones_own(mine):
    loaded = load_series(mine(), "nav")
    assert loaded.values.to_dict() == {pd.Timestamp("2024-07-23"): 34.1, pd.Timestamp("2024-07-24"): 33.5}
    record = loaded.source
    assert (record.name, record.provider, record.unit, record.tick) == ("file nav.csv, column nav", "me", "EUR", 0.01)
    assert record.sha256 == hashlib.sha256(TABLE.encode()).hexdigest()
    assert record.simulated
    assert record.rows == 2


def test_a_folder_that_is_a_link_and_a_link_inside_the_folder_are_fine(mine, tmp_path):
    mine("link.csv")
    (tmp_path / "data" / "link.csv").symlink_to(tmp_path / "data" / "nav.csv")
    (tmp_path / "door").symlink_to(tmp_path / "data")
    assert len(load_series(fund("MINE", tmp_path / "door"), "nav").values) == 2


@pytest.mark.parametrize("absolute", [True, False])
def test_a_link_out_of_the_folder_is_refused(mine, tmp_path, absolute):
    (tmp_path / "secret.csv").write_text(TABLE)
    entry = mine("link.csv")
    target = tmp_path / "secret.csv" if absolute else "../secret.csv"
    (tmp_path / "data" / "link.csv").symlink_to(target)
    with pytest.raises(DataFileError, match=r"nav of MINE: 'link.csv' leads out of"):
        load_series(entry, "nav")


def test_a_linked_folder_out_of_the_folder_is_refused(mine, tmp_path):
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "nav.csv").write_text(TABLE)
    entry = mine("sub/nav.csv")
    (tmp_path / "data" / "sub").symlink_to(tmp_path / "else")
    with pytest.raises(DataFileError, match="leads out of"):
        load_series(entry, "nav")


@pytest.mark.parametrize("file", ["/tmp/nav.csv", "../nav.csv", "sub/../../nav.csv"])
def test_a_path_out_of_the_folder_is_refused_when_read(mine, file):
    with pytest.raises(DataFileError, match=r"fund\.MINE\.series\.nav\.file: .*inside the folder"):
        mine(file)


def test_missing_files_offer_the_nearest(mine, tmp_path):
    with pytest.raises(DataFileError, match=r"nav of MINE: no file 'nva.csv' in .*: did you mean 'nav.csv'"):
        load_series(mine("nva.csv"), "nav")
    with pytest.raises(DataFileError, match=r"correct the name in funds\.toml or add the file"):
        load_series(mine("sub/deep.csv"), "nav")
    (tmp_path / "data" / "folder.csv").mkdir()
    with pytest.raises(DataFileError, match=r"no file 'folder\.csv'"):
        load_series(mine("folder.csv"), "nav")


def test_a_pipe_is_no_file_and_does_not_hang(mine, tmp_path):
    entry = mine("pipe.csv")
    os.mkfifo(tmp_path / "data" / "pipe.csv")
    with pytest.raises(DataFileError, match=r"no file 'pipe\.csv'"):
        load_series(entry, "nav")


def test_a_fund_without_a_folder_cannot_have_files(mine):
    with pytest.raises(DataFileError, match="this fund came from none"):
        load_series(mine().with_root(None), "nav")


@pytest.mark.parametrize(
    ("content", "error", "part"),
    [
        ("", DataFileError, "the file is empty"),
        ("day,nav\n", DataFileError, "a header and no rows"),
        ("day,nav\n2024-07-23\n", DataFileError, "row 2 has 1 fields"),
        ("day,nav\n2024-07-23,x\n", DataError, "row 2, column 'nav': 'x'"),
        ("date,nav\n2024-07-23,1\n", MissingColumnError, "no column 'day'"),
        ("day,NVA\n2024-07-23,1\n", MissingColumnError, "did you mean 'NVA'"),
        ("day,nav,x\n2024-07-23,shut,1\n", MissingColumnError, "columns that are not read: nav"),
    ],
)
def test_broken_files_are_named_with_their_path(mine, content, error, part):
    with pytest.raises(error) as caught:
        load_series(mine(content=content), "nav")
    assert "nav.csv: " in str(caught.value)
    assert part in str(caught.value)


def test_a_table_that_is_not_bundled(mine, tmp_path):
    mine()
    text = FUND.format(file="nav.csv").replace('file = "nav.csv"', 'table = "ehtv"')
    (tmp_path / "data" / "funds.toml").write_text(text)
    with pytest.raises(UnknownNameError, match="unknown bundled table 'ehtv'"):
        load_series(fund("MINE", tmp_path / "data"), "nav")


def test_series_that_a_fund_does_not_have():
    with pytest.raises(BenchmarkError, match=r"FETH has no benchmark series .*\[fund\.FETH\.series\.benchmark\]"):
        load_series(fund("FETH"), "benchmark")
    with pytest.raises(MissingColumnError, match=r"ETHA has no close series \(it has: nav, benchmark, shares"):
        load_series(fund("ETHA"), "close")
    with pytest.raises(UnknownNameError, match="unknown series role 'navs': did you mean 'nav'"):
        load_series(fund("ETHV"), "navs")

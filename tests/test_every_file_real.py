"""Every real file loads through one funds.toml, and the funds built from the files are those of the other tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import research as rs
from research.decomposition import decompose
from research.funds import read_tables
from research.loaders import load_table
from research.opening import load

pytestmark = pytest.mark.real

DECLARATION = Path(__file__).parent / "real_data" / "funds.toml"
TABLES = sorted(read_tables(DECLARATION.parent))

# Folders of files that no declaration describes yet: other tests read them, or none.
OTHERS = ("crypto/btc_issuer_nav/", "crypto/etp_closes/", "crypto/index_tokens/", "crypto/staking/")

# Counted in the files themselves: data lines, and one cell that can be read off the file.
FACTS = {
    "ethv": (823, "2026-09-25", "nav", 39.3432),
    "etha": (560, "2026-09-16", "nav", 18.09768),
    "bito_nav": (600, "2021-10-19", "nav", 41.9527),
    "ether": (19704, "2024-01-01 01:00", "close", 2303.72),
    "bitcoin": (41596, "2018-05-15 07:00", "volume", 273.58),
    "coingecko": (3685, "2015-08-07", "price", 2.83162),
    "bills": (6804, "2000-01-05", "dtb3", 5.28),
    "flows": (534, "2024-07-23", "ethe", -484.1e6),
    "cme": (1305, "2024-02-23", "reference", 50958.01),
    "yahoo_ether": (3200, "2017-11-10", "close", 299.25299072),
    "vx_ranks": (3711, "2007-04-03", "vx1", 14.0),
    "inverse_vix": (2526, "2007-01-31", "S&P 500 VIX Short Term Futures Inverse Daily Index TR", 226886.09),
    "wti": (10226, "1986-01-03", "Price", 26.0),
    "uso": (1412, "2020-01-28", "NAV", 11.2283),
    "sso": (4755, "2025-05-09", "nav", 82.1032),
    "sp500": (6895, "1999-01-06", "close", 1729.083),
    "managers": (132, "1996-02-29", "SP500 TR", 0.0093),
    "bacon": (24, "2000-04-30", "benchmark return (%)", -0.011),
    "nymex": (9766, "1983-04-04", "rclc1", 29.44),
}


@pytest.fixture(scope="session")
def folder(real_data, tmp_path_factory):
    """The real files beside their declaration; paths in a funds.toml stay inside its folder."""
    place = tmp_path_factory.mktemp("real")
    for name in ("crypto", "general"):
        shutil.copytree(real_data / name, place / name, copy_function=shutil.copyfile)
    shutil.copyfile(DECLARATION, place / "funds.toml")
    return place


def test_every_file_is_named(real_data):
    files = {path.relative_to(real_data).as_posix() for path in real_data.rglob("*") if path.is_file()}
    named = {source.file for source in read_tables(DECLARATION.parent).values()}
    assert {name for name in files - named if not name.startswith(OTHERS)} == {"README.md"}
    assert named <= files


@pytest.mark.parametrize("name", TABLES)
def test_every_file_loads(name, folder):
    table = load_table(name, folder)
    assert len(table.frame) > 0
    assert table.rows_lost == sum(remark.rows_lost for remark in table.remarks)
    assert set(table.columns) == set(table.frame.columns)
    numbers = table.frame.select_dtypes("number").to_numpy()
    assert not np.isinf(numbers).any()


@pytest.mark.parametrize("name", sorted(FACTS))
def test_what_can_be_read_off_a_file_is_in_its_table(name, folder):
    rows, label, column, value = FACTS[name]
    table = load_table(name, folder)
    assert table.rows == rows
    assert table.frame.loc[label, column] == pytest.approx(value, rel=1e-12)


def test_ethv_from_the_publishers_file_is_the_bundled_one(folder):
    own, bundled = load("ETHV", data=folder), load("ETHV")
    for column in ("nav", "close", "benchmark"):
        np.testing.assert_array_equal(own.frame[column], bundled.frame[column])
    assert [(item.rule, item.session) for item in own.findings if item.severity == "warning"] == [
        (item.rule, item.session) for item in bundled.findings if item.severity == "warning"
    ]
    assert {source.format for source in own.sources} == {"vaneck"}


def test_etha_has_a_market_price_here(folder):
    history = load("ETHA", data=folder)
    assert history.bases == ("nav", "price")
    assert "assets" in history.frame
    assert history.fund.benchmark_mismatch is not None


def test_bito_end_to_end(folder):
    """As in the tests that read the files by hand: roll 0.98 ± 0.0165 with robust errors."""
    history = load("BITO", start="2021-10-20", end="2023-02-10", data=folder)
    assert len(history.frame) == 330
    assert set(history.inputs) == {"asset_bars", "bill_rate", "distributions", "held_futures"}
    result = decompose(history, basis="nav")
    found = {driver.name: driver for driver in result.drivers}
    [together] = result.groups
    assert together.coefficient == pytest.approx(0.98, abs=0.005)
    assert together.std_error == pytest.approx(0.0165, abs=0.001)
    roll = 1e4 * (found["roll_yield"].contribution + found["curve_shift"].contribution)
    assert roll == pytest.approx(-290, abs=10)
    error = rs.tracking_error(history.nav_returns, history.benchmark_returns, periods_per_year=252)
    assert 1e4 * float(error) == pytest.approx(600, abs=10)
    assert result.reconciliation_gap < 1e-12


def test_uso_with_its_two_clocks(folder):
    """The file leaves the days of the rolls out, so sessions are lost, and said to be."""
    history = load("USO", start="2013-07-15", end="2019-02-22", data=folder, max_loss=0.2)
    assert history.losses.sessions_lost > 100
    assert history.clocks["nav"] != history.clocks["close"]


def test_sso_against_the_total_return_index(folder):
    history = load("SSO", data=folder)
    assert history.multiple == 2.0
    # The index file has rows that are no sessions: they are dropped by the calendar, not by hand.
    assert history.losses.counts()["holiday"] >= 1
    simple = np.expm1(history.nav_returns), np.expm1(history.benchmark_returns)
    assert float(np.polyfit(simple[1], simple[0], 1)[0]) == pytest.approx(1.9985, abs=0.002)

"""Files of one's own: formats, tables, inputs and clocks in a funds.toml, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research.alignment import sessions
from research.errors import ClockError, DataError, DataFileError, MissingColumnError, ParameterError, UnknownNameError
from research.funds import read_tables
from research.loaders import load_input, load_series, load_table
from research.opening import fund, load

HEAD = """
[fund.MINE]
name = "Mine"
issuer = "Me"
kind = "futures"
asset = "ether"
listed = { value = 2024-07-23, source = "me", status = "READ" }
benchmark = { value = "Index", source = "me", status = "READ" }
fee = "unknown"
"""
CLOCK = 'clock = "16:00 America/New_York"'
REST = 'unit = "USD"\nprovider = "me"\n'
NAV = f'[fund.MINE.series.nav]\nfile = "nav.csv"\ncolumn = "nav"\n{CLOCK}\nunit = "USD"\nprovider = "me"\n'
INDEX = '[fund.MINE.series.benchmark]\n{}\nunit = "USD"\nprovider = "me"\nmeasures = "Index"\n'
BARS = 'file = "bars.csv"\nformat = "bars"\ncolumn = "open"\n'
DAYS = sessions("XNYS", "2024-07-23", "2024-12-31")


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    nav = pd.Series(30 * np.exp(np.cumsum(rng.normal(0, 0.03, len(DAYS)))), DAYS, name="nav")
    nav.rename_axis("date").round(4).to_csv(tmp_path / "nav.csv")
    hours = pd.date_range("2024-07-23", "2025-01-02", freq="h", tz="UTC", name="timestamp")
    price = pd.Series(3000 * np.exp(np.cumsum(rng.normal(0, 0.006, len(hours)))), hours).round(2)
    frame = pd.DataFrame({"open": price, "high": price, "low": price, "close": price})
    frame.to_csv(tmp_path / "bars.csv")
    rates = pd.DataFrame({"observation_date": DAYS.strftime("%F"), "DTB3": 5.25})
    rates.to_csv(tmp_path / "bills.csv", index=False)
    return tmp_path


def write(folder, text):
    (folder / "funds.toml").write_text(HEAD + text)
    return fund("MINE", folder)


def test_bars_are_sampled_at_the_clock_of_the_fund(folder):
    write(folder, NAV + INDEX.format(BARS + 'sample_at = "16:00 America/New_York"'))
    history = load("MINE", data=folder)
    assert len(history.frame) == len(DAYS)
    table = pd.read_csv(folder / "bars.csv", index_col=0, parse_dates=True)["open"]
    for day in ("2024-07-23", "2024-12-02"):
        moment = pd.Timestamp(f"{day} 16:00", tz="America/New_York").tz_convert("UTC")
        assert history.frame.loc[day, "benchmark"] == table[moment]
    assert history.clocks["benchmark"] == "16:00 America/New_York"


def test_bars_at_another_clock_are_refused_as_ever(folder):
    write(folder, NAV + INDEX.format(BARS + 'sample_at = "16:00 Europe/London"'))
    with pytest.raises(ClockError, match="16:00 Europe/London"):
        load("MINE", data=folder)


def test_bars_without_a_clock_to_sample_at_are_refused(folder):
    mine = write(folder, NAV + INDEX.format(BARS + CLOCK))
    with pytest.raises(ParameterError, match="say with sample_at"):
        load_series(mine, "benchmark")


def test_a_rate_in_percent_is_refused_until_its_scale_is_stated(folder):
    entry = f'[fund.MINE.inputs.bill_rate]\nfile = "bills.csv"\nformat = "fred"\ncolumn = "dtb3"\n{CLOCK}\n'
    entry += 'unit = "fraction a year"\nprovider = "FRED"\n'
    with pytest.raises(DataError, match=r"bill_rate of MINE is 5.25 .* add scale = 0.01"):
        load_input(write(folder, NAV + entry), "bill_rate")
    loaded = load_input(write(folder, NAV + entry + "scale = 0.01\n"), "bill_rate")
    assert loaded.values.eq(0.0525).all()
    assert loaded.source.format == "fred"


def test_a_clock_that_contradicts_the_format_is_refused(folder):
    text = "Date,NAV,Close,Index Level\n2024-07-23,30,30,3000\n"
    (folder / "vaneck.csv").write_text(text)
    entry = '[fund.MINE.series.close]\nfile = "vaneck.csv"\nformat = "vaneck"\ncolumn = "close"\n{}' + REST
    with pytest.raises(ClockError, match=r"says 16:00 Europe/London and format vaneck says 16:00 America/New_York"):
        load_series(write(folder, NAV + entry.format('clock = "16:00 Europe/London"\n')), "close")
    assert load_series(write(folder, NAV + entry.format("")), "close").source.clock == "16:00 America/New_York"


def test_a_format_that_fixes_no_clock_needs_one(folder):
    (folder / "yahoo.csv").write_text("Date,Close,Adj Close\n2024-07-23,30,30\n")
    entry = '[fund.MINE.series.close]\nfile = "yahoo.csv"\nformat = "yahoo"\ncolumn = "close"\n' + REST
    with pytest.raises(ClockError, match="does not fix a clock"):
        load_series(write(folder, NAV + entry), "close")
    with pytest.raises(DataFileError, match="the clock is missing"):
        write(folder, NAV.replace(CLOCK + "\n", ""))


def test_a_column_that_the_format_does_not_give_offers_the_nearest(folder):
    entry = f'[fund.MINE.series.close]\nfile = "nav.csv"\nformat = "nav_table"\ncolumn = "navs"\n{CLOCK}\n' + REST
    with pytest.raises(MissingColumnError, match="did you mean 'nav'"):
        load_series(write(folder, NAV + entry), "close")


def test_tables_are_shared_and_load_by_name(folder):
    table = '[table.prices]\nfile = "bars.csv"\nformat = "bars"\n'
    write(folder, table + NAV + INDEX.format('table = "prices"\ncolumn = "open"\nsample_at = "16:00 America/New_York"'))
    assert load_table("prices", folder).kind == "bars"
    assert len(load("MINE", data=folder).frame) == len(DAYS)
    assert set(read_tables(folder)) == {"prices"}
    with pytest.raises(UnknownNameError, match="did you mean 'prices'"):
        load_table("price", folder)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('[table.x]\nfile = "../up.csv"\n', r"funds.toml:\d+: table.x.file: '../up.csv' leaves its folder"),
        ('[table.x]\nfile = "/etc/hostname"\n', "is not relative"),
        ('[table.x]\nfile = "C:\\\\x.csv"\n', "is not relative"),
        ("[table.x]\nformat = 'csv'\n", "give file"),
        ('[table.x]\nfile = "a.csv"\nformt = "csv"\n', "did you mean 'format'"),
        ("[tables.x]\nfile = 'a.csv'\n", "unknown key tables"),
        ('[fund.MINE.inputs.bills]\nfile = "a.csv"\n', "fund.MINE.inputs"),
        (
            '[fund.MINE.futures]\ntable = "x"\nschedule = "expiry"\ndays = 3\n',
            "days belongs to schedule 'last_days'",
        ),
        ('[fund.MINE.futures]\ntable = "x"\nschedule = "monthly"\n', "schedule"),
    ],
)
def test_what_is_wrong_in_a_funds_toml_is_named(folder, text, match):
    with pytest.raises(DataFileError, match=match):
        write(folder, NAV + text)


def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_text("date,nav\n2024-07-23,1\n")
    (folder / "link.csv").symlink_to(outside)
    write(folder, NAV + '[table.x]\nfile = "link.csv"\n')
    with pytest.raises(DataFileError, match="leads out of"):
        load_table("x", folder)


def test_an_unknown_format_and_option_are_named_with_the_file(folder):
    write(
        folder,
        NAV
        + '[table.x]\nfile = "nav.csv"\nformat = "isharez"\n[table.y]\nfile = "nav.csv"\nformat = "fred"\n'
        + 'options = { sheet = "a" }\n',
    )
    with pytest.raises(UnknownNameError, match="did you mean 'ishares'"):
        load_table("x", folder)
    with pytest.raises(ParameterError, match="has no option 'sheet'"):
        load_table("y", folder)


def test_an_input_with_gaps_is_nan_and_said(folder):
    (folder / "staked.csv").write_text("date,share\n2024-07-23,0\n2024-07-24,0.5\n")
    entry = f'[fund.MINE.inputs.staked_share]\nfile = "staked.csv"\ncolumn = "share"\n{CLOCK}\n' + REST
    write(folder, NAV + INDEX.format(BARS + 'sample_at = "16:00 America/New_York"') + entry)
    history = load("MINE", data=folder)
    assert history.inputs["staked_share"].notna().sum() == 2
    found = [item for item in history.findings if item.rule == "input_missing"]
    assert [(item.series, item.value) for item in found] == [("staked_share", len(DAYS) - 2.0)]


def test_a_changed_file_is_read_again(folder):
    write(folder, NAV + '[table.x]\nfile = "small.csv"\noptions = { date_column = "day" }\n')
    (folder / "small.csv").write_text("day,nav\n2024-07-23,1\n")
    assert load_table("x", folder).frame["nav"].tolist() == [1.0]
    (folder / "small.csv").write_text("day,nav\n2024-07-23,1\n2024-07-24,2\n")
    assert load_table("x", folder).frame["nav"].tolist() == [1.0, 2.0]

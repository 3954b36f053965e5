"""Files of markets and data sites, written by hand to the description of each format; one test for each trap."""

from __future__ import annotations

import io
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from research.errors import DataError, DataFileError, MissingColumnError, ParameterError, UnknownNameError
from research.loaders.bars import load_bars
from research.loaders.cboe_vx import load_cboe_vx, vx_expiry
from research.loaders.cme_curve import load_cme_curve
from research.loaders.coin_metrics import load_coin_metrics
from research.loaders.coingecko import load_coingecko
from research.loaders.cryptodatadownload import load_cryptodatadownload
from research.loaders.dpi import load_index_members, load_set_rebalance
from research.loaders.eia import load_eia
from research.loaders.farside import load_farside
from research.loaders.fred import load_fred
from research.loaders.raw import RawFile
from research.loaders.vx_by_rank import load_vx_by_rank
from research.loaders.yahoo import load_yahoo


def raw(text: str | bytes, name: str = "file") -> RawFile:
    return RawFile(name, text if isinstance(text, bytes) else text.encode())


def rules(table) -> dict[str, int]:
    return {remark.rule: remark.count for remark in table.remarks}


# --- Yahoo

OLD = "Date,Open,High,Low,Close,Adj Close,Volume\n2020-10-15,11,12,10,11.5,11.5,100\n"


def test_yahoo_null_in_the_running_day_is_set_aside():
    table = load_yahoo(raw(OLD + "2020-10-16,null,null,null,null,null,null\n"))
    assert len(table.frame) == 1
    assert (table.rows, table.rows_lost) == (2, 1)
    assert rules(table) == {"no_value": 1}


THREE = (
    "Price,Close,High,Low,Open,Volume\nTicker,ETHA,ETHA,ETHA,ETHA,ETHA\nDate,,,,,\n2024-07-23,26.2,26.6,25.7,26.5,100\n"
)


def test_yahoo_three_header_lines():
    table = load_yahoo(raw(THREE))
    assert table.frame["close"].tolist() == [26.2]
    assert table.frame["open"].tolist() == [26.5]
    assert "maybe_adjusted" in rules(table)


def test_yahoo_three_header_lines_of_several_tickers_need_one():
    text = "Price,Close,Close\nTicker,ETHA,ETHV\nDate,,\n2024-07-23,26.2,50.7\n".replace("Close,Close", "Close,Close ")
    with pytest.raises(DataFileError, match="there twice"):
        load_yahoo(raw(text))
    text = "Price,Close,High\nTicker,ETHA,ETHV\nDate,,\n2024-07-23,26.2,50.7\n"
    with pytest.raises(ParameterError, match="holds ETHA, ETHV"):
        load_yahoo(raw(text))
    with pytest.raises(UnknownNameError, match="ETHA, ETHV"):
        load_yahoo(raw(text), ticker="ETHE")
    assert load_yahoo(raw(text), ticker="etha").frame["close"].tolist() == [26.2]


def test_yahoo_header_one_column_off_is_put_right_where_highs_and_lows_prove_it():
    text = "Date,Price,Close,High,Low,Open\n2024-07-23,26.2,26.6,25.7,26.5,100\n2024-07-24,25.5,26.3,25.4,26.3,90\n"
    table = load_yahoo(raw(text))
    assert table.frame.iloc[0].to_dict() == {"open": 26.5, "high": 26.6, "low": 25.7, "close": 26.2, "volume": 100.0}
    assert "shifted_header" in rules(table)


def test_yahoo_header_one_column_off_without_proof_is_refused():
    text = "Date,Price,Close,High,Low,Open\n2024-07-23,26.2,25.0,27.7,26.5,100\n"
    with pytest.raises(DataFileError, match="one column off"):
        load_yahoo(raw(text))


def test_yahoo_stamps_with_an_offset_are_the_local_day():
    text = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits,Capital Gains\n"
    text += (
        "2021-10-20 00:00:00-04:00,42,44,42,43.3,5,0.0,0.0,0.0\n2021-11-08 00:00:00-05:00,42,44,42,43.3,5,0.5,0.0,0.0\n"
    )
    table = load_yahoo(raw(text))
    assert table.frame.index.strftime("%F").tolist() == ["2021-10-20", "2021-11-08"]
    assert table.frame["distribution"].tolist() == [0.0, 0.5]


def test_yahoo_close_that_is_adjusted_already_is_named():
    text = "Date,Close,Adj Close,Dividends\n2024-07-23,30,30,0\n2024-07-24,31,31,0.4\n"
    assert "adjusted_close" in rules(load_yahoo(raw(text)))
    honest = "Date,Close,Adj Close,Dividends\n2024-07-23,30,29.6,0\n2024-07-24,31,31,0.4\n"
    assert "adjusted_close" not in rules(load_yahoo(raw(honest)))


def test_yahoo_rows_out_of_order_are_sorted_and_named():
    text = "Date,Close,Adj Close\n2026-05-21,3,3\n2026-05-23,5,5\n2026-05-22,4,4\n2026-05-24,6,6\n"
    table = load_yahoo(raw(text))
    assert table.frame["close"].tolist() == [3.0, 4.0, 5.0, 6.0]
    assert rules(table)["out_of_order"] == 1


@pytest.mark.real
def test_yahoo_real_files(real_data):
    bito = load_yahoo(real_data / "crypto" / "yahoo_raw" / "BITO.csv")
    # The README says so: forty distributions, and the first day of trading is absent.
    assert int((bito.frame["distribution"] > 0).sum()) == 40
    assert str(bito.frame.index[0].date()) == "2021-10-20"
    ether = load_yahoo(real_data / "crypto" / "yahoo_ethusd_daily.csv")
    assert rules(ether)["out_of_order"] == 3
    assert len(ether.frame) == 3200


# --- bars

CDD = "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
HOUR = "{unix},2023-01-19 0{hour}:00:00,BTC/USD,{open},{high},{low},{close},{base},{quote}\n"


def hour(number, unix=1674086400, open_=100, high=110, low=90, close=105, base=2, quote=210):
    stamp = unix + 3600 * number
    return HOUR.format(unix=stamp, hour=number, open=open_, high=high, low=low, close=close, base=base, quote=quote)


def test_cryptodatadownload_first_line_is_an_address():
    for line in (
        "https://www.CryptoDataDownload.com\n",
        "Timestamps are UTC timezone,https://www.CryptoDataDownload.com\n",
    ):
        table = load_cryptodatadownload(raw(line + CDD + hour(1) + hour(0)))
        assert table.frame["open"].tolist() == [100.0, 100.0]


def test_cryptodatadownload_seconds_and_milliseconds_in_one_file():
    second, milli = hour(0), hour(1).replace("1674090000", "1674090000000")
    index = load_cryptodatadownload(raw(CDD + milli + second)).frame.index
    assert index.strftime("%F %H:%M %Z").tolist() == ["2023-01-19 00:00 UTC", "2023-01-19 01:00 UTC"]


def test_cryptodatadownload_hours_with_am_and_pm():
    text = "Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USD\n2020-02-13 01-PM,BTCUSD,100,110,90,105,2,210\n"
    text += "2020-02-13 12-AM,BTCUSD,100,110,90,105,2,210\n"
    index = load_cryptodatadownload(raw(text)).frame.index
    assert index.hour.tolist() == [0, 13]


def test_cryptodatadownload_swapped_volumes_are_put_right_row_by_row():
    table = load_cryptodatadownload(raw(CDD + hour(1) + hour(0, base=210, quote=2)))
    assert table.frame["volume"].tolist() == [2.0, 2.0]
    assert rules(table) == {"swapped_volumes": 1}


def test_cryptodatadownload_duplicate_hour_that_is_a_part_of_the_other():
    part = hour(0, high=104, low=99, close=101, base=1, quote=101)
    table = load_cryptodatadownload(raw(CDD + hour(1) + part + hour(0)))
    assert table.frame["close"].tolist() == [105.0, 105.0]
    assert (table.rows_lost, rules(table)) == (1, {"duplicate_bar": 1})


def test_cryptodatadownload_duplicate_hours_that_contradict_are_refused():
    with pytest.raises(DataError, match="stands twice with other prices"):
        load_cryptodatadownload(raw(CDD + hour(1) + hour(0) + hour(0, open_=101)))


@pytest.mark.real
def test_cryptodatadownload_real_file(real_data):
    """The README: nine duplicate hours, swapped volumes in the oldest part, seconds and milliseconds mixed."""
    table = load_cryptodatadownload(real_data / "crypto" / "bitstamp_btcusd_1h_2018_2023.csv")
    assert rules(table)["duplicate_bar"] == 9
    assert table.rows - len(table.frame) == 9
    ratio = table.frame["volume_quote"] / table.frame["volume"] / table.frame["close"]
    assert ratio.dropna().between(0.5, 2.0).mean() > 0.999
    assert table.frame.index[0] == pd.Timestamp("2018-05-15 06:00", tz="UTC")


def test_bars_without_a_zone_are_refused():
    text = "timestamp,open,high,low,close\n2024-01-01 00:00:00,1,2,1,2\n"
    with pytest.raises(ParameterError, match="say which with zone"):
        load_bars(raw(text))
    table = load_bars(raw(text), zone="America/New_York")
    assert table.frame.index[0] == pd.Timestamp("2024-01-01 05:00", tz="UTC")


def test_bars_in_local_time_over_a_clock_change_are_refused():
    text = "timestamp,open,high,low,close\n2024-03-10 02:30:00,1,2,1,2\n"
    with pytest.raises(DataError, match="clock change"):
        load_bars(raw(text), zone="America/New_York")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("timestamp,open,high,low,close\n2024-01-01T00:00Z,1,2,1\n", "fewer fields"),
        ("timestamp,open,high,low,close\n2024-01-01T00:00Z,1,2,1,\n", "lacks a price"),
        ("timestamp,open,high,low,close\n2024-01-01T00:00Z,1,2,1,x\n", "'x' is not a number"),
        ("timestamp,open,high,low,close\nsoon,1,2,1,2\n", "'soon' is not a time"),
        ("timestamp,open,high,low,close\n2024-01-01T00:00Z,1,2,1,2,9\n", "same width"),
        ("timestamp,open,high,low\n2024-01-01T00:00Z,1,2,1\n", "no column 'close'"),
        ("a,open,high,low,close\n2024-01-01T00:00Z,1,2,1,2\n", "no column of times"),
        ("timestamp,open,high,low,close\n2024-01-01T00:00Z,1,2,-1,2\n", "low of 2024-01-01 is -1.0"),
        ("unix,open,high,low,close\n-5,1,2,1,2\n", "not a time since 1970"),
        ("unix,open,high,low,close\n1e30,1,2,1,2\n", "not a time since 1970"),
        (
            "timestamp,open,high,low,close\n2024-01-01T00:00Z,1,2,1,2\n2024-01-01T02:00Z,1,2,1,2\n"
            "2024-01-01T01:00Z,1,2,1,2\n",
            "neither newest nor oldest first",
        ),
    ],
)
def test_bars_that_are_broken_are_refused(text, match):
    with pytest.raises(DataError, match=match):
        load_bars(raw(text))


def test_bars_whose_high_is_none_are_counted():
    table = load_bars(raw("timestamp,open,high,low,close\n2024-01-01T00:00Z,5,4,1,2\n"))
    assert rules(table) == {"bar_inconsistent": 1}


@pytest.mark.real
def test_bars_real_file_has_no_gaps(real_data):
    frame = load_bars(real_data / "crypto" / "binance_ethusdt_1h_2024_2026.csv").frame
    assert (np.diff(frame.index.asi8) == 3600 * 10**9).all()


# --- FRED, Farside, Coin Metrics, CoinGecko


@pytest.mark.parametrize(
    "text", ["observation_date,DTB3\n2024-07-04,\n2024-07-05,5.22\n", "DATE,DTB3\n2024-07-04,.\n2024-07-05,5.22\n"]
)
def test_fred_both_headers_and_both_ways_of_writing_nothing(text):
    values = load_fred(raw(text)).frame["dtb3"]
    assert np.isnan(values.iloc[0])
    assert values.iloc[1] == 5.22


@pytest.mark.real
def test_fred_real_file_has_blanks_on_holidays(real_data):
    values = load_fred(real_data / "crypto" / "fred_dtb3.csv").frame["dtb3"]
    assert np.isnan(values["2024-07-04"])


def test_farside_seed_row_is_no_day():
    text = "Date,ETHA,ETHV,Total\nSeed,10.6,10.2,20.8\n23 Jul 2024,266.5,,266.5\n24 Jul 2024,1.0,(2.5),-1.5\n"
    table = load_farside(raw(text))
    assert rules(table) == {"not_a_day": 1}
    assert table.frame["etha"].tolist() == [266.5e6, 1e6]
    assert np.isnan(table.frame["ethv"].iloc[0])
    assert table.frame["ethv"].iloc[1] == -2.5e6


def test_farside_total_that_differs_is_named():
    table = load_farside(raw("Date,ETHA,ETHV,Total\n23 Jul 2024,266.5,1.0,300.0\n"))
    assert rules(table) == {"total_differs": 1}


@pytest.mark.real
def test_farside_real_file_adds_up(real_data):
    table = load_farside(real_data / "crypto" / "farside_eth_etf_flows.csv")
    assert rules(table) == {"not_a_day": 1}
    assert table.frame.loc["2024-07-23", "total"] == 106.6e6


def test_coin_metrics_price_is_of_the_end_of_its_day():
    text = "asset,time,PriceUSD,TxCnt,note\neth,2024-07-23T00:00:00.000000000Z,3483.5,1000,final\n"
    text += "btc,2024-07-23T00:00:00.000000000Z,65000,2000,final\n"
    with pytest.raises(ParameterError, match="say which with asset"):
        load_coin_metrics(raw(text))
    table = load_coin_metrics(raw(text), asset="eth")
    assert table.frame.iloc[0].to_dict() == {"price": 3483.5, "txcnt": 1000.0}
    assert table.columns["price"].clock == "24:00 UTC"


def test_coingecko_day_is_its_start_and_a_late_snapshot_is_counted():
    text = (
        "snapped_at,price,market_cap,total_volume\n2018-01-29 00:00:00 UTC,1,0.0,1\n2018-01-30 00:05:11 UTC,2,0.0,1\n"
    )
    table = load_coingecko(raw(text))
    assert table.columns["price"].clock == "00:00 UTC"
    assert rules(table) == {"late_snapshot": 1}
    with pytest.raises(DataError, match="not the start of a day"):
        load_coingecko(raw(text.replace("00:05:11", "14:05:11")))


@pytest.mark.real
def test_coingecko_labels_are_one_day_off_yahoos(real_data):
    gecko = np.log(load_coingecko(real_data / "crypto" / "coingecko_eth_daily.csv").frame["price"])
    yahoo = np.log(load_yahoo(real_data / "crypto" / "yahoo_ethusd_daily.csv").frame["close"])
    together = pd.DataFrame({"same": gecko, "next": gecko.shift(-1, freq="D"), "yahoo": yahoo}).dropna().loc[:"2025-04"]
    moves = together.diff().dropna()
    # 00:00 UTC of day D is 24:00 UTC of the day before.
    assert moves["next"].corr(moves["yahoo"]) > 0.9
    assert moves["same"].corr(moves["yahoo"]) < 0.3


# --- futures


def test_cme_curve_two_clocks_and_frozen_columns():
    names = ["level", "Date[Date]"]
    names += [f"UTS1 {month}(1)[CBOE - Bitcoin Electronic Index Future\\{month}]" for month in ("1D", "1M")]
    names += [f"UTS2 {month}(1)[CME - Bitcoin Composite Index Future\\{month}]" for month in ("1D", "1M", "2M")]
    text = "\ufeff" + ",".join(f'"{name}"' for name in names) + "\n"
    days = pd.bdate_range("2019-02-25", periods=40)
    for place, day in enumerate(days):
        curve = f'"3,{815 + place}.55","3,{810 + place}.36","3,{814 + place}.60"'
        text += f'"0","{day:%m/%d/%Y}","9,100.00","9,100.00",{curve}\n'
    table = load_cme_curve(raw(text))
    assert list(table.frame.columns) == ["reference", "m1", "m2"]
    assert table.frame["reference"].iloc[0] == 3815.55
    assert {table.columns[name].clock for name in ("reference", "m1")} == {
        "16:00 Europe/London",
        "16:00 America/New_York",
    }
    assert rules(table)["frozen_column"] == 2
    with pytest.raises(MissingColumnError, match="CME - Bitcoin Composite"):
        load_cme_curve(raw(text), source="ICE")


@pytest.mark.real
def test_cme_curve_real_file(real_data):
    table = load_cme_curve(real_data / "crypto" / "cme_btc_curve_constmat.csv")
    assert table.frame.loc["2024-02-23"].tolist() == [
        50958.01,
        51546.35,
        52225.36,
        52718.43,
        53249.29,
        53677.86,
        54012.14,
    ]
    # Of the composite curve nothing stands still; seven columns of another curve do.
    assert rules(table)["frozen_column"] >= 7


VX = "Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest\n"


def test_cboe_disclaimer_above_the_header():
    line = "CFE data is compiled for the convenience of site visitors and is furnished without responsibility\n"
    table = load_cboe_vx(raw(line + VX + "01/03/2005,F (Jan 05),14,14.5,13,14,14.2,0,10,0,20\n"))
    assert rules(table) == {"preamble": 1}


@pytest.mark.parametrize("label", ["F (Jan 05)", "F (Jan 2005)"])
def test_cboe_both_ways_of_naming_a_contract(label):
    table = load_cboe_vx(raw(VX + f"2004-12-03,{label},14,14.5,13,14,14.2,0,10,0,20\n"))
    assert table.frame.index[0] == (pd.Timestamp("2004-12-03"), pd.Timestamp("2005-01-19"))


def test_cboe_zero_means_no_trade():
    row = load_cboe_vx(raw(VX + "2009-12-03,F (Jan 10),0,0,0,0,24.2,0,0,0,0\n")).frame.iloc[0]
    assert row[["open", "high", "low", "close"]].isna().all()
    assert row["settle"] == 24.2


def test_cboe_prices_times_ten_before_2007_03_26():
    text = (
        VX
        + "03/23/2007,J (Apr 07),130.4,131,130,130.9,130.9,0,1,0,1\n"
        + "03/26/2007,J (Apr 07),13,13.2,13,13.1,13.1,0,1,0,1\n"
    )
    table = load_cboe_vx(raw(text))
    assert table.frame["settle"].tolist() == pytest.approx([13.09, 13.1])
    assert rules(table) == {"rescaled": 1}


def test_cboe_expiry_from_the_name_of_the_file():
    text = VX.replace("Futures,", "") + "2018-01-02,11,12,10,11,11.2,0,10,0,20\n"
    table = load_cboe_vx(raw(text, "folder/VX_2018-01-17.csv"))
    assert table.frame.index[0][1] == pd.Timestamp("2018-01-17")
    old = load_cboe_vx(raw(text, "CFE_F18_VX.csv"))
    assert old.frame.index[0][1] == pd.Timestamp("2018-01-17")
    with pytest.raises(ParameterError, match="neither name nor rows tell"):
        load_cboe_vx(raw(text, "x.csv"))
    with pytest.raises(DataError, match="lies after the expiry"):
        load_cboe_vx(raw(text), expiry="2017-12-20")


def test_vx_expiry_is_the_rule_on_the_exchanges_calendar():
    """Thirty days before the third Friday of the next month; a holiday moves either to the session before."""
    from research.alignment import sessions

    days = sessions("XNYS", "2004-01-02", "2027-03-31")
    for month in pd.period_range("2004-02", "2026-12", freq="M"):
        following = (month + 1).start_time
        friday = following + pd.Timedelta(days=(4 - following.weekday()) % 7 + 14)
        friday = days[days.searchsorted(friday, side="right") - 1]
        wednesday = friday - pd.Timedelta(days=30)
        expected = days[days.searchsorted(wednesday, side="right") - 1]
        assert pd.Timestamp(vx_expiry(month.year, month.month)) == expected, month


@pytest.mark.real
def test_cboe_real_archive_agrees_with_the_table_by_rank(real_data):
    """Two publishers: the nearest contract's settlement is VX1 of the other file."""
    frame = load_cboe_vx(real_data / "general" / "cfe_vx_all_contracts_2004_2014.csv").frame
    wide = frame["settle"].unstack("expiry")  # noqa: PD010 - a contract settles once a day
    ranks = load_vx_by_rank(real_data / "general" / "vx1_vx8_quantintell.csv").frame["vx1"]
    common = wide.index.intersection(ranks.index)
    nearest = pd.Series([wide.loc[day].loc[wide.columns > day].dropna().iloc[0] for day in common], common)
    assert ((nearest - ranks.loc[common]).abs() < 0.005).mean() > 0.97


# --- EIA, index tokens


def eia() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Contents"
    sheet = book.create_sheet("Data 1")
    sheet.append(["Back to Contents", "Data 1: Crude Oil"])
    sheet.append(["Sourcekey", "RCLC1", "RCLC2"])
    sheet.append(["Date", "Crude Oil Future Contract 1 (Dollars per Barrel)", "Contract 2 (Dollars per Barrel)"])
    sheet.append([pd.Timestamp("2020-04-17"), 18.27, None])
    sheet.append([pd.Timestamp("2020-04-20"), -37.63, 20.43])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_eia_keys_serial_dates_empty_cells_and_a_negative_price():
    table = load_eia(raw(eia()))
    assert table.frame["rclc1"].tolist() == [18.27, -37.63]
    assert np.isnan(table.frame["rclc2"].iloc[0])
    assert table.columns["rclc1"].unit == "Dollars per Barrel"
    assert rules(table) == {"negative_price": 1}
    with pytest.raises(MissingColumnError, match="did you mean 'Data 1'"):
        load_eia(raw(eia()), sheet="Data 9")


@pytest.mark.real
def test_eia_real_workbook(real_data):
    table = load_eia(real_data / "general" / "eia_nymex_futures_PET_PRI_FUT_S1_D.xls")
    assert table.frame.loc["2020-04-20", "rclc1"] == -37.63
    assert rules(table) == {"negative_price": 1}


def test_set_rebalance_hexadecimal_units():
    item = {
        "asset": "YFI",
        "currentUnit": {"type": "BigNumber", "hex": hex(10**16)},
        "newUnit": {"type": "BigNumber", "hex": hex(2 * 10**16)},
        "notionalInToken": {"type": "BigNumber", "hex": "-" + hex(3 * 10**18)},
        "notionalInUSD": {"type": "BigNumber", "hex": "-0x64"},
    }
    frame = load_set_rebalance(raw(json.dumps({"summary": [item]}))).frame
    assert frame.loc["YFI"].to_dict() == {
        "current_unit": 0.01,
        "new_unit": 0.02,
        "notional_token": -3.0,
        "notional_usd": -100.0,
    }
    for broken in ("12", 5, None, {"hex": "0xZZ"}, {"hex": "__import__('os')"}):
        with pytest.raises(DataError, match="hexadecimal"):
            load_set_rebalance(raw(json.dumps({"summary": [{**item, "newUnit": broken}]})))
    with pytest.raises(DataError, match="twice"):
        load_set_rebalance(raw(json.dumps({"summary": [item, item]})))


def test_index_members_that_left_before_they_joined_are_refused():
    head = "asset_address,symbol,in_index_time,out_index_time,id,name\n"
    table = load_index_members(raw(head + "\\x40,ren,2020-09-10,,republic-protocol,REN\n"))
    assert table.frame["symbol"].tolist() == ["REN"]
    assert np.isnan(table.frame["left"].iloc[0])
    with pytest.raises(DataError, match="before joining"):
        load_index_members(raw(head + "\\x40,ren,2020-09-10,2020-09-09,r,REN\n"))


@pytest.mark.real
@pytest.mark.parametrize("name", ["1", "march", "april", "may"])
def test_set_rebalance_real_files(real_data, name):
    frame = load_set_rebalance(real_data / "crypto" / "dpi" / f"dpi_rebalance_{name}.json").frame
    # What is traded has the sign of the change of units.
    moved = frame[frame["notional_token"].abs() > 0]
    assert (np.sign(moved["new_unit"] - moved["current_unit"]) == np.sign(moved["notional_token"])).all()

"""The bundled registry, and a folder that overlays it."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from research.errors import DataFileError, ParameterError, UnknownNameError
from research.funds import Fund, funds, read_funds
from research.opening import fund, load

OWN = """
[fund.{ticker}]
name = "Own"
issuer = "Me"
kind = "spot"
asset = "ether"
listed = {{ value = 2024-07-23, source = "me", status = "READ" }}
benchmark = {{ value = "Index", source = "me", status = "READ" }}
fee = "unknown"
"""


@pytest.fixture(autouse=True)
def _no_data_folder(monkeypatch):
    monkeypatch.delenv("RESEARCH_DATA", raising=False)


@pytest.fixture
def folder(tmp_path):
    def write(*tickers):
        (tmp_path / "funds.toml").write_text("".join(OWN.format(ticker=ticker) for ticker in tickers))
        return tmp_path

    return write


def test_every_us_spot_ether_fund_is_there():
    expected = ["ESK", "ETH", "ETHA", "ETHB", "ETHE", "ETHV", "ETHW", "EZET", "FETH", "QETH", "TETH"]
    assert [entry.ticker for entry in funds()] == expected


@pytest.mark.parametrize("ticker", ["ETHV", "ethv", " Ethv "])
def test_case_does_not_matter(ticker):
    assert fund(ticker).ticker == "ETHV"


def test_an_unknown_fund_gets_the_nearest_offered():
    with pytest.raises(UnknownNameError, match="did you mean 'ETHV'") as caught:
        fund("ETHVV")
    assert isinstance(caught.value, LookupError)
    assert caught.value.nearest == "ETHV"
    with pytest.raises(UnknownNameError, match="unknown fund ''"):
        fund("")


# Issuers' terms as the filings and press releases state them; None where the fee was not found.
TERMS = {
    "ETHA": [("2024-07-23", 0.0012, 2.5e9, "READ"), ("2025-07-23", 0.0025, None, "READ")],
    "ETHB": [("2026-03-12", 0.0012, 2.5e9, "READ"), ("2027-03-12", 0.0025, None, "READ")],
    "FETH": [("2024-07-23", 0.0, None, "READ"), ("2025-01-01", 0.0025, None, "READ")],
    "ETHW": [("2024-07-23", 0.0, 0.5e9, "READ"), ("2025-01-23", 0.0020, None, "MEM")],
    "ETHV": [("2024-07-23", 0.0, 1.5e9, "READ"), ("2025-07-23", 0.0020, None, "READ")],
    "TETH": [("2024-07-23", 0.0, 0.5e9, "MEM"), ("2025-01-23", 0.0021, None, "READ")],
    "QETH": [("2024-07-23", 0.0025, None, "READ")],
    "EZET": [("2024-07-23", 0.0, 10e9, "READ"), ("2025-02-01", 0.0019, None, "READ")],
    "ETHE": [("2024-01-01", 0.0250, None, "READ")],
    "ETH": [("2024-07-23", 0.0, 2e9, "MEM"), ("2025-01-23", 0.0015, None, "READ")],
}


@pytest.mark.parametrize("ticker", TERMS)
def test_fee_terms_are_those_stated(ticker):
    schedule = fund(ticker).fee_schedule
    found = [
        (str(period.start), period.tiers[0].rate, period.tiers[0].up_to, schedule.status_of(period))
        for period in schedule.periods
    ]
    assert found == TERMS[ticker]
    assert schedule.periods[-1].end is None


def test_the_full_fee_is_due_beyond_every_limit():
    for entry in funds():
        if entry.fee is not None:
            for period in entry.fee.periods:
                assert period.is_flat or period.tiers[-1].rate == entry.fee.headline


def test_every_fund_can_accrue_from_its_first_session():
    for entry in funds():
        if entry.fee is not None:
            days = pd.DatetimeIndex([pd.Timestamp(entry.first_day), pd.Timestamp(entry.first_day + dt.timedelta(1))])
            assets = pd.Series([1e8, 1e8], days)
            charged = next(period for period in entry.fee.periods if period.end is None or period.end >= days[1].date())
            first = charged.tiers[0]
            assert first.up_to is None or first.up_to >= 1e8
            assert entry.fee_accrual(days, assets).tolist() == pytest.approx([0.0, -first.rate / 365], abs=1e-18)


def test_only_two_funds_have_series():
    assert {entry.ticker: set(entry.series) for entry in funds() if entry.series} == {
        "ETHV": {"nav", "close", "benchmark", "premium_published"},
        "ETHA": {"nav", "benchmark", "shares_outstanding"},
    }


def test_funds_that_stake_say_so():
    staking = {entry.ticker for entry in funds() if entry.staking is not None}
    assert staking == {"ETHB", "TETH", "ETHE", "ETH", "ESK"} == {e.ticker for e in funds() if e.kind == "staking"}


def test_staking_fee_shares_follow_from_the_published_yields():
    for ticker in ("ETHE", "ETH"):
        facts, terms = fund(ticker).facts, fund(ticker).staking
        gross, net = facts["staking_gross_yield"].value, facts["staking_net_yield"].value
        assert terms.fee_share.value == pytest.approx(1 - net / gross, abs=5e-4)
        assert terms.fee_share.status == "inferred"


def test_an_entry_of_ones_own_replaces_the_bundled_one_as_a_whole(folder):
    data = folder("ETHV", "MINE")
    assert fund("ETHV", data).name == "Own"
    assert fund("ETHV", data).series == {}
    assert fund("ETHV", data).root == data.resolve()
    assert fund("ETHA", data) == fund("ETHA")
    assert fund("mine", str(data)).ticker == "MINE"
    assert len(funds(data)) == len(funds()) + 1
    assert all(isinstance(entry, Fund) for entry in read_funds(data))


def test_case_does_not_make_a_second_fund(folder):
    data = folder("ethv")
    assert [entry.ticker for entry in funds(data) if entry.ticker.casefold() == "ethv"] == ["ethv"]


def test_the_environment_names_the_folder(folder, monkeypatch, tmp_path):
    data = folder("MINE")
    monkeypatch.setenv("RESEARCH_DATA", str(data))
    assert fund("MINE").name == "Own"
    other = tmp_path / "other"
    other.mkdir()
    (other / "funds.toml").write_text(OWN.format(ticker="ELSE"))
    assert fund("ELSE", other).name == "Own"
    with pytest.raises(UnknownNameError):
        fund("MINE", other)
    monkeypatch.setenv("RESEARCH_DATA", "")
    with pytest.raises(UnknownNameError):
        fund("MINE")


def test_folders_that_are_none(tmp_path, folder):
    with pytest.raises(DataFileError, match="no such folder"):
        funds(tmp_path / "absent")
    with pytest.raises(DataFileError, match=r"no funds\.toml in this folder"):
        funds(tmp_path)
    data = folder("MINE")
    with pytest.raises(DataFileError, match="no such folder"):
        funds(data / "funds.toml")
    (data / "funds.toml").write_text("[fund")
    with pytest.raises(DataFileError, match=r"funds\.toml: not valid TOML"):
        fund("ETHV", data)


@pytest.mark.real
def test_ethv_could_not_have_held_a_billion_and_a_half(real_data):
    """The claim of `assets_below`, from Farside's net creations and VanEck's index level."""
    flows = pd.read_csv(real_data / "crypto" / "farside_eth_etf_flows.csv")
    seed = flows.loc[flows["Date"] == "Seed", "ETHV"].item()
    flows = flows[flows["Date"] != "Seed"]
    net = pd.Series(flows["ETHV"].to_numpy(), pd.to_datetime(flows["Date"], format="%d %b %Y")).dropna()
    vaneck = pd.read_csv(real_data / "crypto" / "vaneck_ethv_nav_close_index.csv", parse_dates=["Date"])
    index = vaneck.set_index("Date")["Index Level"].sort_index()
    assert seed + net.cumsum().max() == pytest.approx(224.6, abs=0.1)
    coins = seed / index["2024-07-23"] + (net / index.reindex(net.index)).cumsum()
    assets = coins * index.reindex(net.index)
    assert assets.max() == pytest.approx(316, abs=1)
    assert assets[:"2025-07-22"].max() == pytest.approx(209, abs=1)
    waived = index["2024-07-23":"2025-07-22"].reindex(net.index).dropna()
    creations = seed + net[:"2025-07-22"].clip(lower=0).sum()
    assert creations * waived.max() / waived.min() == pytest.approx(540, abs=1)
    limit = fund("ETHV").assets_below.value / 1e6
    assert limit / 2 > 540


def test_nothing_in_place_of_a_ticker():
    for opened in (fund, load):
        with pytest.raises(ParameterError, match="ticker is None: give a fund's ticker"):
            opened(None)

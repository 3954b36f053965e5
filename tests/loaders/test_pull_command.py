"""``research pull`` from the terminal: one line a series, exit codes, JSON."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from pull_funds import BEGIN, entry, local
from pull_server import QUICK, Clock, serving, text

from research.cli.main import main
from research.cli.pull import pull as command
from research.funds import funds
from research.funds.pull import PULL_SOURCES
from research.funds.toml import parse_funds
from research.loaders.pull import run
from research.loaders.pull.sources import SOURCES

FRED = "/graph/fredgraph.csv"
BILLS = "observation_date,DTB3\n2024-07-03,5.21\n"


@pytest.fixture
def site(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as here:
        defaults = {**run.pull.__kwdefaults__, "sources": local(here), "limits": QUICK, "timer": Clock()}
        monkeypatch.setattr(run.pull, "__kwdefaults__", defaults)
        yield here


def folder(tmp_path, *parts):
    (tmp_path / "funds.toml").write_text(BEGIN + "".join(parts))
    return tmp_path


def go(*arguments):
    return CliRunner().invoke(command, [str(item) for item in arguments])


def end(capsys, *arguments):
    """Run the whole program and return its exit code and what it printed."""
    with pytest.raises(SystemExit) as caught:
        main([str(item) for item in arguments])
    out = capsys.readouterr()
    return caught.value.code, out.out, out.err


def test_one_line_a_series_and_0(site, tmp_path, capsys):
    site.answer(FRED, text(BILLS))
    data = folder(tmp_path, entry("bill_rate", source="fred", symbol="DTB3"))
    code, out, err = end(capsys, "pull", "mine", "--data", data)
    assert code == 0
    assert out == "bill_rate  fred  DTB3  new  1 row to 2024-07-03 -> pulled/MINE-bill_rate.csv\n"
    assert '[fund.MINE.inputs.bill_rate]: file = "pulled/MINE-bill_rate.csv"' in err
    assert end(capsys, "pull", "MINE", "--data", data)[1].split()[3] == "unchanged"


def test_1_where_a_series_failed_and_the_others_were_fetched(site, tmp_path, capsys):
    site.answer(FRED, lambda r: r.reply(404) if "DTB9" in r.path else text(BILLS)(r))
    parts = (entry("wrong", source="fred", symbol="DTB9"), entry("bill_rate", source="fred", symbol="DTB3"))
    code, out, _ = end(capsys, "pull", "MINE", "--data", folder(tmp_path, *parts))
    assert code == 1
    lines = out.splitlines()
    assert "failed" in lines[0]
    assert "HTTP 404" in lines[0]
    assert "new" in lines[1]


def test_json_holds_the_same(site, tmp_path):
    site.answer(FRED, text(BILLS))
    done = go("MINE", "--data", folder(tmp_path, entry("bill_rate", source="fred", symbol="DTB3")), "--json")
    (item,) = json.loads(done.stdout)
    assert (item["series"], item["state"], item["file"]) == ("bill_rate", "new", "pulled/MINE-bill_rate.csv")
    assert (tmp_path / item["vintage"]).read_text() == BILLS


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["NOBODY"], "unknown fund"),
        (["MINE", "--source", "yahooo"], "did you mean 'yahoo'"),
        (["MINE", "--source", "yahoo"], "nothing from yahoo"),
        (["MINE", "--since", "23 July"], "is not a date"),
    ],
)
def test_2_where_the_request_is_wrong_and_nothing_is_written(site, tmp_path, capsys, arguments, word):
    data = folder(tmp_path, entry("bill_rate", source="fred", symbol="DTB3"))
    code, out, err = end(capsys, "pull", *arguments, "--data", data)
    assert code == 2
    assert out == ""
    assert word in err
    assert err.count("\n") == 1
    assert site.asked == []
    assert [path.name for path in data.iterdir()] == ["funds.toml"]


def test_2_without_a_folder(site, capsys, monkeypatch):
    monkeypatch.delenv("RESEARCH_DATA", raising=False)
    code, _, err = end(capsys, "pull", "ETHV")
    assert code == 2
    assert "--data" in err


def test_a_bundled_fund_can_be_pulled_into_an_empty_folder(site, tmp_path, capsys):
    code, out, _ = end(capsys, "pull", "ethv", "--data", tmp_path, "--dry-run")
    assert code == 0
    assert out.split()[:4] == ["close", "yahoo", "ETHV", "planned"]
    assert list(tmp_path.iterdir()) == []


def test_every_us_ether_fund_of_the_registry_names_where_its_close_is():
    closes = {fund.ticker: fund.pull["close"] for fund in funds() if fund.asset == "ether" and "close" in fund.pull}
    assert {"ETHV", "ETHA", "ETHB", "FETH", "ETHW", "TETH", "QETH", "EZET", "ETHE", "ETH"} <= set(closes)
    assert all((item.source, item.symbol) == ("yahoo", ticker) for ticker, item in closes.items())


def test_the_sources_of_the_entries_are_those_of_the_table():
    assert set(PULL_SOURCES) == set(SOURCES)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"source": "yahooo", "symbol": "A"}, "source"),
        ({"source": "yahoo"}, "symbol: is missing"),
        ({"source": "yahoo", "symbol": "../../etc"}, "symbol"),
        ({"source": "yahoo", "symbol": "A?b=c&d"}, "symbol"),
        ({"source": "yahoo", "symbol": "A", "simbol": "B"}, "did you mean 'symbol'"),
        ({"source": "yahoo", "symbol": "A", "metric": "PriceUSD"}, "metric belongs to source 'coinmetrics'"),
        ({"source": "ccxt", "symbol": "ETH/USD"}, "needs an exchange"),
        ({"source": "coinmetrics", "symbol": "eth"}, "needs a metric"),
        ({"source": "yahoo", "symbol": "A", "file": "../x.csv"}, "leaves its folder"),
        ({"source": "yahoo", "symbol": "A", "file": "/x.csv"}, "is not relative"),
        ({"source": "ishares", "symbol": "A", "address": "http://www.ishares.com/x"}, "https://"),
        ({"source": "fred", "symbol": "A", "address": "https://fred.stlouisfed.org/x"}, "address is for issuers"),
    ],
)
def test_a_wrong_entry_names_line_and_key(values, word):
    with pytest.raises(ValueError, match=r"funds\.toml:1\d: fund\.MINE\.pull\.close") as caught:
        parse_funds((BEGIN + entry("close", **values)).encode(), "funds.toml")
    assert word in str(caught.value)


def test_the_extra_has_what_the_sources_need():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    live = {line.split(">")[0] for line in project["optional-dependencies"]["live"]}
    assert {item.library for item in SOURCES.values() if item.library} <= live
    assert {"requests", "urllib3"} <= live

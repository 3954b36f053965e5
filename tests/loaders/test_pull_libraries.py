"""yfinance and ccxt against a server on the loopback, reached through their own settings of addresses."""

from __future__ import annotations

import datetime as dt
import importlib
import importlib.util
import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from pull_funds import entry, local, mine
from pull_server import QUICK, Clock, serving, text

from research.errors import ExtraError, PullError, UnknownNameError
from research.loaders.formats import FORMATS
from research.loaders.pull import exchange as exchange_room
from research.loaders.pull.exchange import make_exchange, pull_ccxt
from research.loaders.pull.polite import Polite
from research.loaders.pull.run import pull
from research.loaders.pull.sources import SOURCES

HOUR = 3600
CLOSE = entry("close", source="yahoo", symbol="BITO")
CHART = "/v8/finance/chart/BITO"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site():
    with serving() as here:
        yield here


@pytest.fixture
def clock():
    return Clock("2024-07-26T12:00:00+00:00")


# -- Yahoo: the shape of a chart answer, written by hand


def chart(days, *, dividends=(), zone="America/New_York", symbol="BITO"):
    stamps = [int(pd.Timestamp(f"{day} 09:30", tz=zone).timestamp()) for day, *_ in days]
    closes = [close for _, close in days]
    meta = {
        "currency": "USD",
        "symbol": symbol,
        "exchangeName": "PCX",
        "instrumentType": "ETF",
        "firstTradeDate": stamps[0],
        "exchangeTimezoneName": zone,
        "timezone": "EDT",
        "gmtoffset": -14400,
        "priceHint": 2,
        "regularMarketPrice": closes[-1],
        "regularMarketTime": stamps[-1],
        "validRanges": ["1d", "5d", "1mo", "max"],
        "dataGranularity": "1d",
        "range": "",
        "currentTradingPeriod": {
            name: {"timezone": "EDT", "start": stamps[-1], "end": stamps[-1] + 100, "gmtoffset": -14400}
            for name in ("pre", "regular", "post")
        },
    }
    quote = dict.fromkeys(("open", "high", "low", "close"), closes)
    events = {}
    if dividends:
        on = [int(pd.Timestamp(f"{day} 09:30", tz=zone).timestamp()) for day, _ in dividends]
        events = {
            "events": {
                "dividends": {
                    str(at): {"amount": cash, "date": at} for at, (_, cash) in zip(on, dividends, strict=True)
                }
            }
        }
    result = {
        "meta": meta,
        "timestamp": stamps,
        **events,
        "indicators": {
            "quote": [{**quote, "volume": [1000] * len(closes)}],
            "adjclose": [{"adjclose": [close * 0.9 for close in closes]}],
        },
    }
    return json.dumps({"chart": {"result": [result], "error": None}})


DAYS = (("2024-07-23", 20.25), ("2024-07-24", 19.5), ("2024-07-25", 19.75))


@pytest.fixture
def yahoo(site, clock, tmp_path, monkeypatch):
    """Pull with yfinance's addresses on the loopback, its cache in a folder of the test, and nobody else to ask."""
    yfinance = importlib.import_module("yfinance")
    for module in ("yfinance.base", "yfinance.scrapers.history"):
        monkeypatch.setattr(importlib.import_module(module), "_BASE_URL_", site.root)
    cache = tmp_path / "cache"
    cache.mkdir()
    yfinance.set_tz_cache_location(str(cache))
    data = tmp_path / "data"
    data.mkdir()

    def go(part=CLOSE, **options):
        return pull(mine(part), data, sources=local(site), limits=QUICK, timer=clock, **options)[0]

    go.data = data
    return go


def test_yahoo_gives_traded_closes_and_distributions(site, yahoo):
    site.answer(CHART, text(chart(DAYS, dividends=[("2024-07-24", 0.5)]), content_type="application/json"))
    outcome = yahoo()
    assert outcome.state == "new", outcome.message
    frame = pd.read_csv(yahoo.data / "pulled/MINE-close.csv", index_col="date")
    assert frame["close"].to_dict() == dict(DAYS)
    assert frame["distribution"].to_dict() == {"2024-07-23": 0.0, "2024-07-24": 0.5, "2024-07-25": 0.0}


def test_yahoos_own_answer_is_kept_beside_the_table(site, yahoo):
    body = chart(DAYS)
    site.answer(CHART, text(body, content_type="application/json"))
    outcome = yahoo()
    kept = yahoo.data / outcome.vintage
    about = json.loads(kept.with_suffix(".json").read_text())
    assert about["made_by"].startswith("yfinance")
    assert about["currency"] == "USD"
    assert about["address"].startswith(site.root + CHART)
    assert (kept.parent / about["answer_files"][-1]).read_text() == body


def test_yahoo_is_never_asked_for_the_day_that_still_runs_in_new_york(site, yahoo, clock):
    clock.instant = dt.datetime(2024, 7, 26, 3, 0, tzinfo=dt.UTC)  # 23:00 of the 25th in New York
    site.answer(CHART, text(chart(DAYS), content_type="application/json"))
    yahoo()
    frame = pd.read_csv(yahoo.data / "pulled/MINE-close.csv", index_col="date")
    assert list(frame.index) == ["2024-07-23", "2024-07-24"]
    ends = [parse_qs(urlsplit(request.path).query).get("period2") for request in site.asked]
    midnight = int(pd.Timestamp("2024-07-25", tz="America/New_York").timestamp())
    assert [str(midnight)] in ends


def test_yahoo_is_asked_since_a_day(site, yahoo):
    site.answer(CHART, text(chart(DAYS), content_type="application/json"))
    yahoo(since=dt.date(2024, 7, 23))
    starts = [parse_qs(urlsplit(request.path).query).get("period1") for request in site.asked]
    assert [str(int(pd.Timestamp("2024-07-23", tz="America/New_York").timestamp()))] in starts


def test_the_same_prices_from_yahoo_are_stored_once_although_its_answer_differs(site, yahoo, clock):
    other = chart(DAYS).replace('"regularMarketPrice": 19.75', '"regularMarketPrice": 19.99')
    site.answer(CHART, text(chart(DAYS), content_type="application/json"))
    assert yahoo().state == "new"
    site.answer(CHART, text(other, content_type="application/json"))
    assert yahoo().state == "unchanged"


def test_a_second_pull_in_one_process_sees_what_changed(site, yahoo, clock):
    site.answer(CHART, text(chart(DAYS[:2]), content_type="application/json"))
    yahoo()
    clock.instant += dt.timedelta(days=1)
    site.answer(CHART, text(chart(DAYS), content_type="application/json"))
    assert "1 new" in yahoo().message


def test_yahoo_busy_is_waited_out(site, yahoo, clock):
    site.answer(CHART, lambda r: r.reply(429, retry_after="20"), text(chart(DAYS), content_type="application/json"))
    assert yahoo().state == "new"
    assert max(clock.waited) >= 20


def test_yahoo_busy_for_ever_is_said(site, yahoo):
    site.answer(CHART, lambda r: r.reply(429))
    outcome = yahoo()
    assert outcome.state == "failed"
    assert "429, too many requests" in outcome.message


def test_a_symbol_that_yahoo_does_not_know_is_said_in_its_words(site, yahoo):
    reason = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
    body = json.dumps({"chart": {"result": None, "error": reason}}).encode()
    site.answer(CHART, lambda r: r.reply(404, body, content_type="application/json"))
    outcome = yahoo()
    assert outcome.state == "failed"
    assert "correct the symbol" in outcome.message
    assert "\n" not in outcome.message


@pytest.mark.parametrize(
    "body", ["<html>Will be right back</html>", "{}", "[]", '{"chart": {"result": [{}]}}', "torn {"]
)
def test_another_layout_from_yahoo_is_refused(site, yahoo, body):
    site.answer(CHART, text(body, content_type="application/json"))
    assert yahoo().state == "failed"
    assert not (yahoo.data / "pulled").exists()


def test_yahoo_sending_one_elsewhere_is_not_followed(site, yahoo):
    with serving() as other:
        site.answer(CHART, lambda r: r.reply(302, location=other.root + "/consent"))
        outcome = yahoo()
        assert outcome.state == "failed"
        assert "sent on to" in outcome.message
        assert other.asked == []


# -- ccxt: Coinbase Exchange, whose candles are [start in seconds, low, high, open, close, volume], newest first

MARKETS = "/products"
CANDLES = "/products/ETH-USD/candles"
SPOT = entry("spot", source="ccxt", exchange="coinbaseexchange", symbol="ETH/USD")
PRODUCT = {
    "id": "ETH-USD",
    "base_currency": "ETH",
    "quote_currency": "USD",
    "base_increment": "0.00000001",
    "quote_increment": "0.01",
    "min_market_funds": "1",
    "status": "online",
    "trading_disabled": False,
    "display_name": "ETH/USD",
}
START = int(dt.datetime(2024, 7, 23, tzinfo=dt.UTC).timestamp())


def candle(hour, close=None):
    price = 3400.0 + hour
    return [START + hour * HOUR, price - 2, price + 2, price, price + 1 if close is None else close, 10.0]


def market(candles, *, page=300):
    """Answer as the exchange does: bars of the window that is asked for, newest first, at most `page`."""

    def reply(request):
        query = parse_qs(urlsplit(request.path).query)
        first, last = (int(dt.datetime.fromisoformat(query[name][0]).timestamp()) for name in ("start", "end"))
        found = [bar for bar in candles if first <= bar[0] <= last][:page]
        request.reply(200, json.dumps(found[::-1]).encode(), content_type="application/json")

    return reply


@pytest.fixture
def ccxt_pull(site, clock, tmp_path, monkeypatch):
    site.answer(MARKETS, text(json.dumps([PRODUCT]), content_type="application/json"))
    site.answer("/currencies", text("[]", content_type="application/json"))

    def make(name, options):
        made = make_exchange(name, options)
        made.urls = {**made.urls, "api": {"public": site.root, "private": site.root}}
        return made

    def go(part=SPOT, **options):
        monkeypatch.setattr(pull_ccxt, "__kwdefaults__", {**pull_ccxt.__kwdefaults__, "make": make})
        return pull(mine(part), tmp_path, sources=local(site), limits=QUICK, timer=clock, **options)[0]

    return go


def bars(folder):
    return pd.read_csv(folder / "pulled/MINE-spot.csv", index_col="time")


def test_hourly_bars_come_page_by_page_and_only_closed_ones(site, ccxt_pull, clock, tmp_path):
    clock.instant = dt.datetime.fromtimestamp(START, dt.UTC) + dt.timedelta(hours=700, minutes=30)
    site.answer(CANDLES, market([candle(hour) for hour in range(701)]))
    outcome = ccxt_pull()
    assert outcome.state == "new", outcome.message
    frame = bars(tmp_path)
    assert len(frame) == 700  # the bar of hour 700 still runs
    assert frame.index[0] == "2024-07-23T00:00:00Z"
    assert frame.index[-1] == f"{dt.datetime.fromtimestamp(START + 699 * HOUR, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert frame.iloc[5][["open", "high", "low", "close", "volume"]].tolist() == [3405, 3407, 3403, 3406, 10]
    about = json.loads((tmp_path / outcome.vintage).with_suffix(".json").read_text())
    assert len(about["answer_files"]) >= 3


def test_the_bar_that_runs_may_change_between_pages_and_pulls(site, ccxt_pull, clock, tmp_path):
    clock.instant = dt.datetime.fromtimestamp(START, dt.UTC) + dt.timedelta(hours=3, minutes=30)
    site.answer(CANDLES, market([candle(0), candle(1), candle(2), candle(3, close=9999.0)]))
    ccxt_pull()
    clock.instant += dt.timedelta(hours=1)
    site.answer(CANDLES, market([candle(hour) for hour in range(5)]))
    assert "1 new" in ccxt_pull().message
    assert bars(tmp_path)["close"].max() < 9999


def test_hours_without_a_bar_are_noted_and_not_filled(site, ccxt_pull, clock, tmp_path):
    clock.instant = dt.datetime.fromtimestamp(START, dt.UTC) + dt.timedelta(hours=10)
    site.answer(CANDLES, market([candle(hour) for hour in range(10) if hour not in {4, 5}]))
    assert "2 bars missing" in ccxt_pull().message
    assert len(bars(tmp_path)) == 8


def test_a_gap_longer_than_a_page_does_not_end_the_history(site, ccxt_pull, clock, tmp_path):
    clock.instant = dt.datetime.fromtimestamp(START, dt.UTC) + dt.timedelta(hours=1500)
    site.answer(CANDLES, market([candle(hour) for hour in range(1500) if not 310 <= hour < 1000]))
    ccxt_pull()
    assert len(bars(tmp_path)) == 1500 - 690


def test_an_exchange_that_forgets_old_bars_is_an_error(site, ccxt_pull, clock, tmp_path):
    clock.instant = dt.datetime.fromtimestamp(START, dt.UTC) + dt.timedelta(hours=400)
    site.answer(CANDLES, market([candle(hour) for hour in range(200, 400)]))
    outcome = ccxt_pull()
    assert outcome.state == "failed"
    assert "starts at 2024-07-31T08:00:00Z" in outcome.message
    assert not (tmp_path / "pulled").exists()


def test_a_busy_exchange_is_waited_out(site, ccxt_pull, clock):
    clock.instant = dt.datetime.fromtimestamp(START, dt.UTC) + dt.timedelta(hours=5)
    site.answer(CANDLES, lambda r: r.reply(429, retry_after="30"), market([candle(hour) for hour in range(5)]))
    assert ccxt_pull().state == "new"
    assert max(clock.waited) >= 30


def test_an_exchange_that_refuses_is_quoted(site, ccxt_pull):
    site.answer(
        CANDLES, lambda r: r.reply(400, b'{"message": "granularity too small"}', content_type="application/json")
    )
    assert "granularity too small" in ccxt_pull().message


def test_a_market_that_the_exchange_has_not_is_said_with_the_nearest(ccxt_pull):
    outcome = ccxt_pull(entry("spot", source="ccxt", exchange="coinbaseexchange", symbol="ETH/USDX"))
    assert "did you mean 'ETH/USD'?" in outcome.message


def test_an_exchange_that_ccxt_does_not_know_is_said_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'kraken'"):
        make_exchange("krakenn", {})


class Stub:
    """An exchange whose pages a test writes."""

    def __init__(self, pages):
        self.pages, self.urls, self.has, self.timeframes = pages, {"api": {}}, {"fetchOHLCV": True}, {"1h": "1h"}

    def implode_hostname(self, text):
        return text

    def load_markets(self):
        return {"ETH/USD": {}}

    def fetch_ohlcv(self, symbol, timeframe, since):
        return self.pages(since // 1000)


def stub_pull(pages, now="2024-07-23T05:00:00+00:00"):
    part = mine(SPOT).pull["spot"]
    return pull_ccxt(
        SOURCES["ccxt"],
        part,
        Polite((), QUICK, Clock(now)),
        known={},
        since=dt.date(2024, 7, 23),
        make=lambda name, options: Stub(pages),
    )


def bar(hour, close=1.0):
    return [(START + hour * HOUR) * 1000, 1.0, 2.0, 0.5, close, 3.0]


def test_a_page_that_repeats_the_last_bar_of_the_one_before_is_fine():
    pulled = stub_pull(lambda since: [bar(h) for h in range(6) if since - HOUR <= START + h * HOUR][:3])
    assert pulled.body.count(b"\n") == 6


def test_a_closed_bar_that_comes_twice_with_other_values_is_refused():
    with pytest.raises(PullError, match="came twice, with other values"):
        stub_pull(
            lambda since: [bar(0, close=float(since % 1000 + (since > START))), bar(1), bar(2)][
                : 3 if since > START else 2
            ]
        )


def test_bars_that_start_between_hours_are_refused():
    with pytest.raises(PullError, match="not on a whole step"):
        stub_pull(lambda since: [[(START + 60) * 1000, 1, 1, 1, 1, 1]])


def test_an_exchange_that_sends_the_same_page_for_ever_ends(monkeypatch):
    monkeypatch.setattr(exchange_room, "MOST_PAGES", 20)
    pulled = stub_pull(lambda since: [bar(0), bar(1)])
    assert pulled.notes == ()
    assert pulled.body.count(b"\n") == 3


@pytest.mark.parametrize("page", [[["x", 1, 1, 1, 1, 1]], [[]], [None], 7])
def test_bars_of_another_layout_are_refused(page):
    with pytest.raises(PullError, match="another layout"):
        stub_pull(lambda since: page)


# -- without the libraries


@pytest.mark.parametrize(("library", "part"), [("yfinance", CLOSE), ("ccxt", SPOT)])
def test_without_the_extra_the_error_says_what_to_install(monkeypatch, tmp_path, library, part):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == library else find(name, *rest))
    with pytest.raises(ExtraError, match=rf"{library}: pip install tracking-research\[live\]"):
        pull(mine(part), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_hosts_of_every_source_are_those_of_its_addresses():
    for item in SOURCES.values():
        facts = [*([item.address] if item.address else []), *item.products.values()]
        for fact in facts:
            parts = urlsplit(str(fact.value))
            assert parts.scheme == "https"
            assert parts.hostname in item.hosts
            assert fact.status != "READ"  # nobody fetched them here


def test_every_source_names_a_format_that_exists():
    for item in SOURCES.values():
        assert callable(FORMATS[item.format].load)
        assert replace(item).where(mine(entry("x", source="fred", symbol="A")).pull["x"]) if item.address else True

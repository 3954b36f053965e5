"""Whom this package can ask, at which addresses, and who reads what comes: one table.

No address here was fetched while it was written: each says where it was read. An issuer may move its download any day;
``address`` in a fund's entry then overrides this table, on the issuer's own hosts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from research.errors import UnknownNameError
from research.funds.fact import Fact
from research.funds.pull import PullSource
from research.loaders.formats import load_file
from research.loaders.published import PublishedTable
from research.loaders.raw import RawFile

if TYPE_CHECKING:
    from research.loaders.pull.http import BodyKind  # loads requests

__all__ = ["SOURCES", "Pulled", "Source"]


@dataclass(frozen=True)
class Source:
    """One publisher of data.

    Parameters
    ----------
    name, title : str
        As in ``funds.toml``, and in words.
    hosts : tuple of str
        The only hosts that are asked.
    format : str
        The toolkit's format of what comes.
    address : Fact or None
        Where the data are, ``{symbol}`` in it; None where a library knows, or each product has its own.
    products : mapping of str to Fact
        Addresses by symbol, for issuers without a pattern.
    kind : {"csv", "json", "xml", "xlsx", "table"}
        What the body must be.
    ending : str
        Ending of the stored file.
    library : str
        Library of the extra ``live`` that does the asking; empty where this package does.
    """

    name: str
    title: str
    hosts: tuple[str, ...]
    format: str
    address: Fact | None = None
    products: Mapping[str, Fact] = field(default_factory=dict)
    kind: BodyKind = "csv"
    ending: str = "csv"
    library: str = ""

    def where(self, entry: PullSource) -> str:
        """Return the address of one series.

        Raises
        ------
        UnknownNameError
            If no address is known for the symbol.
        """
        if entry.address is not None:
            return entry.address
        if self.address is not None:
            return str(self.address.value).format(symbol=quote(entry.symbol, safe=""), metric=entry.metric or "")
        known = {symbol.casefold(): fact for symbol, fact in self.products.items()}
        if entry.symbol.casefold() not in known:
            advice = 'add address = "https://..." of its download to the pull entry'
            raise UnknownNameError(f"{self.name} product", entry.symbol, self.products, advice)
        return str(known[entry.symbol.casefold()].value)

    def read(self, file: RawFile) -> PublishedTable:
        """Return the table in stored bytes, read as the format's own loader reads them."""
        return load_file(file, self.format)


@dataclass(frozen=True)
class Pulled:
    """What a puller brought.

    Parameters
    ----------
    address : str
        Where from.
    time : datetime.datetime
        When it was whole, UTC.
    status : int
        HTTP status; 304 where nothing changed, and then there is no body.
    headers : mapping of str to str
        Of the answer.
    body : bytes
        What to keep.
    answers : tuple of bytes
        The answers behind the body, where it was put together from several.
    about : mapping of str to str
        What else to remember.
    notes : tuple of str
        What a reader should know, as in hours without a bar.
    """

    address: str
    time: dt.datetime
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    answers: tuple[bytes, ...] = field(default=(), repr=False)
    about: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def _seen(value: str) -> Fact:
    return Fact(value=value, status="2ND", source="read in public code that fetches it; not fetched here")


def _by_analogy(value: str, other: str) -> Fact:
    return Fact(value=value, status="inferred", source=f"as the address of {other}, which public code fetches")


def _ishares(product: str, file: str) -> str:
    site = "https://www.ishares.com/us/products"
    return f"{site}/{product}/1521942788811.ajax?fileType=xls&fileName={file}&dataType=fund"


def _vaneck(product: str) -> str:
    return f"https://www.vaneck.com/us/en/investments/{product}/downloads/fundhistoprices/"


_ALL: Final = (
    Source(
        "ccxt",
        "an exchange's bars, by way of ccxt",
        (),  # those of the exchange, which ccxt knows
        "bars",
        library="ccxt",
    ),
    Source(
        "coinmetrics",
        "Coin Metrics' community data (CC BY-NC 4.0)",
        ("community-api.coinmetrics.io",),
        "coin_metrics",
        _seen(
            "https://community-api.coinmetrics.io/v4/timeseries/asset-metrics"
            "?assets={symbol}&metrics={metric}&frequency=1d&page_size=10000&paging_from=start"
        ),
    ),
    Source(
        "fred",
        "Federal Reserve Bank of St. Louis",
        ("fred.stlouisfed.org",),
        "fred",
        _seen("https://fred.stlouisfed.org/graph/fredgraph.csv?id={symbol}"),
    ),
    Source(
        "ishares",
        "BlackRock iShares, fund download",
        ("www.ishares.com", "www.blackrock.com"),
        "ishares",
        products={
            "ETHA": _by_analogy(
                _ishares("337614/ishares-ethereum-trust-etf", "iShares-Ethereum-Trust-ETF_fund"), "SLV"
            ),
            "IBIT": _by_analogy(_ishares("333011/ishares-bitcoin-trust-etf", "iShares-Bitcoin-Trust-ETF_fund"), "SLV"),
            "IAU": _seen(_ishares("239561/ishares-gold-trust-fund", "iShares-Gold-Trust_fund")),
            "SLV": _seen(_ishares("239855/ishares-silver-trust-fund", "iShares-Silver-Trust_fund")),
        },
        kind="table",
        ending="xls",
    ),
    Source(
        "proshares",
        "ProShares, historical NAV",
        ("accounts.profunds.com",),
        "proshares",
        _seen("https://accounts.profunds.com/etfdata/ByFund/{symbol}-historical_nav.csv"),
    ),
    Source(
        "vaneck",
        "VanEck, fund price history",
        ("www.vaneck.com",),
        "vaneck",
        products={
            "ETHV": _by_analogy(_vaneck("ethereum-etf-ethv"), "HODL"),
            "HODL": _seen(_vaneck("bitcoin-etf-hodl")),
        },
        kind="table",
    ),
    Source(
        "yahoo",
        "Yahoo Finance, by way of yfinance",
        ("fc.yahoo.com", "query1.finance.yahoo.com", "query2.finance.yahoo.com"),
        "yahoo",
        library="yfinance",
    ),
)

SOURCES: Final[Mapping[str, Source]] = {item.name: item for item in _ALL}
"""Every source by name."""

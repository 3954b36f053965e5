"""Where one series of a fund can be fetched from, as its entry says."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from research.funds.fact import FrozenModel, Text
from research.funds.series import _inside as inside_folder
from research.tables import Result, Table

__all__ = ["PULL_SOURCES", "PullName", "PullSource", "PullSourceName"]

PullSourceName = Literal["ccxt", "coinmetrics", "fred", "ishares", "proshares", "vaneck", "yahoo"]
"""Whom a series can be fetched from."""

PULL_SOURCES: tuple[PullSourceName, ...] = get_args(PullSourceName)

PullName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""What a pulled series is called: a role such as ``close``, or another name."""

_ONLY_FOR = {"exchange": "ccxt", "timeframe": "ccxt", "metric": "coinmetrics"}
_ISSUERS = ("ishares", "proshares", "vaneck")


def _an_address(address: str) -> str:
    if not address.startswith("https://"):
        raise ValueError(f"{address!r} is not an address that starts with https://")
    return address


class PullSource(Result, FrozenModel):
    """One series to fetch: ``[fund.TICKER.pull.SERIES]``.

    Parameters
    ----------
    source : str
        One of `PULL_SOURCES`.
    symbol : str
        What the source calls it: ``"ETHV"`` (yahoo, issuers), ``"ETH/USD"`` (ccxt), ``"eth"`` (coinmetrics),
        ``"DTB3"`` (fred).
    file : str, optional
        File to write, relative to the data folder. Default: the file that the fund's series of the same name has,
        else ``pulled/TICKER-SERIES.csv``.
    exchange : str, optional
        Exchange in ccxt's spelling; required for ccxt and for nothing else.
    timeframe : str, optional
        Length of a ccxt bar; one hour where nothing is said.
    metric : str, optional
        Metric of Coin Metrics, such as ``"PriceUSD"``; required for coinmetrics and for nothing else.
    since : datetime.date, optional
        First day to ask for. Default: all there is; for ccxt, the fund's listing.
    address : str, optional
        Address of an issuer's download where the toolkit's table has none or an old one; on the issuer's own site.

    Examples
    --------
    >>> PullSource(source="yahoo", symbol="ETHV").where
    'yahoo ETHV'
    """

    source: PullSourceName
    symbol: Annotated[str, Field(pattern=r"^[A-Za-z0-9^][A-Za-z0-9^=./:_-]{0,39}$")]
    file: Annotated[Text, AfterValidator(inside_folder)] | None = None
    exchange: Annotated[str, Field(pattern=r"^[a-z0-9]{2,30}$")] | None = None
    timeframe: Literal["1m", "5m", "15m", "30m", "1h"] | None = None
    metric: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,60}$")] | None = None
    since: dt.date | None = None
    address: Annotated[str, AfterValidator(_an_address)] | None = None

    @model_validator(mode="after")
    def _what_the_source_takes(self) -> Self:
        for key, source in _ONLY_FOR.items():
            if getattr(self, key) is not None and self.source != source:
                raise ValueError(f"{key} belongs to source {source!r}, not to {self.source!r}: remove it")
        if self.source == "ccxt" and self.exchange is None:
            raise ValueError("source 'ccxt' needs an exchange: add exchange, as in \"coinbaseexchange\"")
        if self.source == "coinmetrics" and self.metric is None:
            raise ValueError("source 'coinmetrics' needs a metric: add metric, as in \"PriceUSD\"")
        if self.address is not None and self.source not in _ISSUERS:
            raise ValueError(f"address is for issuers' downloads, not for {self.source!r}: remove it")
        return self

    def summary(self) -> Table:
        """Return what the entry states."""
        return Table.of(self.stated(), f"A series that {self.where} serves")

    @property
    def where(self) -> str:
        """Source and symbol, in words."""
        parts = (self.source, self.exchange, self.symbol, self.metric)
        return " ".join(part for part in parts if part)

"""Funds with pull entries, and sources that lie on the loopback."""

from __future__ import annotations

from dataclasses import replace

from research.funds.fact import Fact
from research.funds.toml import parse_funds
from research.loaders.pull.sources import SOURCES

BEGIN = """
[fund.MINE]
name = "Mine"
issuer = "Me"
kind = "spot"
asset = "ether"
listed = { value = 2024-07-23, source = "me", status = "READ" }
benchmark = { value = "Index", source = "me", status = "READ" }
fee = "unknown"
"""

SERIES = """
[fund.MINE.series.NAME]
file = "FILE"
column = "COLUMN"
clock = "16:00 America/New_York"
unit = "USD"
provider = "me"
"""


def mine(*parts):
    """Return the fund whose entry ends with these parts."""
    return parse_funds((BEGIN + "".join(parts)).encode(), "funds.toml")[0]


def series(name, file, column):
    return SERIES.replace("NAME", name).replace("FILE", file).replace("COLUMN", column)


def entry(name, **values):
    lines = (f'{key} = "{value}"' if key != "since" else f"{key} = {value}" for key, value in values.items())
    return f"\n[fund.MINE.pull.{name}]\n" + "\n".join(lines) + "\n"


def local(site):
    """Return the sources with the loopback for their hosts."""

    def moved(fact):
        path = str(fact.value).split("/", 3)[3]
        return Fact(value=f"{site.root}/{path}", status="READ", source="test")

    return {
        name: replace(
            item,
            hosts=(site.host,),
            address=None if item.address is None else moved(item.address),
            products={symbol: moved(fact) for symbol, fact in item.products.items()},
        )
        for name, item in SOURCES.items()
    }

"""FRED, Coin Metrics and the issuers: plain downloads with this package's own client."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from research.errors import PullError
from research.funds.pull import PullSource
from research.loaders.pull.polite import Polite, redacted
from research.loaders.pull.sources import Pulled, Source

__all__ = ["pull_coinmetrics", "pull_file", "pull_fred"]

MOST_PAGES: Final = 200
_MIDNIGHT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})T00:00:00(?:\.0+)?Z")


def pull_file(
    source: Source, entry: PullSource, polite: Polite, *, known: Mapping[str, str], since: dt.date | None = None
) -> Pulled:
    """Fetch an issuer's download, whole: issuers offer no part.

    Parameters
    ----------
    source : Source
        The issuer.
    entry : PullSource
        The fund's pull entry.
    polite : Polite
        Hosts, limits, time.
    known : mapping of str to str
        Headers of the answer that is there already.
    since : datetime.date, optional
        Not used: what is there is fetched.

    Raises
    ------
    PullError
        If it cannot be fetched, or what comes is no such file.
    """
    del since
    return _download(source, source.where(entry), polite, known)


def pull_fred(
    source: Source, entry: PullSource, polite: Polite, *, known: Mapping[str, str], since: dt.date | None = None
) -> Pulled:
    """Fetch a series of FRED; see `pull_file`."""
    address = source.where(entry) + (f"&cosd={since:%Y-%m-%d}" if since else "")
    return _download(source, address, polite, known)


def _download(source: Source, address: str, polite: Polite, known: Mapping[str, str]) -> Pulled:
    from research.loaders.pull.http import Client  # noqa: PLC0415 - loads requests

    answer = Client(polite).get(address, source.kind, known=known)
    return Pulled(answer.address, answer.time, answer.status, answer.headers, answer.body)


def pull_coinmetrics(
    source: Source, entry: PullSource, polite: Polite, *, known: Mapping[str, str], since: dt.date | None = None
) -> Pulled:
    """Fetch one metric of one asset, page by page, and put it together as the publisher's community CSV.

    The answers themselves are kept beside it. See `pull_file` for parameters.
    """
    from research.loaders.pull.http import Client  # noqa: PLC0415 - loads requests

    del known  # pages have no common ETag
    assert entry.metric is not None
    client = Client(polite)
    first = source.where(entry) + (f"&start_time={since:%Y-%m-%d}" if since else "")
    address: str | None = first
    rows: list[tuple[str, str]] = []
    bodies: list[bytes] = []
    headers: Mapping[str, str] = {}
    while address is not None:
        if len(bodies) == MOST_PAGES:
            raise PullError(f"{redacted(first)}: more than {MOST_PAGES} pages: ask for less with --since")
        answer = client.get(address, "json")
        page = _page(answer.body, answer.address)
        fresh = [_row(item, entry, answer.address) for item in page["data"]]
        if rows and fresh and fresh[0][0] <= rows[-1][0]:
            raise PullError(f"{answer.address}: a page that does not go on where the last one ended: try again later")
        rows += fresh
        bodies.append(answer.body)
        headers = headers or answer.headers
        address = page.get("next_page_url")
    if not rows:
        raise PullError(f"{redacted(first)}: no values: correct symbol, metric or --since")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("time", entry.metric))
    writer.writerows(rows)
    about = {"put_together_from": f"{len(bodies)} pages"}
    body = text.getvalue().encode()
    return Pulled(redacted(first), polite.timer.now(), 200, headers, body, tuple(bodies), about)


def _page(body: bytes, address: str) -> dict[str, Any]:
    try:
        page = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PullError(f"{address}: JSON that cannot be read ({str(error)[:80]}): try again later") from None
    if not isinstance(page, dict) or not isinstance(page.get("data"), list):
        raise PullError(f"{address}: JSON without data: {' '.join(body[:120].decode(errors='replace').split())}")
    follow = page.get("next_page_url")
    if follow is not None and not isinstance(follow, str):
        raise PullError(f"{address}: next_page_url is no address: try again later")
    return page


def _row(item: object, entry: PullSource, address: str) -> tuple[str, str]:
    """Return day and value of one entry of a page."""
    fields = item if isinstance(item, dict) else {}
    day = _MIDNIGHT.fullmatch(str(fields.get("time", "")))
    value = fields.get(entry.metric or "")
    if day is None or str(fields.get("asset", "")).casefold() != entry.symbol.casefold():
        raise PullError(f"{address}: an entry of another layout ({str(item)[:100]}): nothing was kept")
    if value is not None and not isinstance(value, str | int | float):
        raise PullError(f"{address}: {entry.metric} of {day[1]} is {value!r}: nothing was kept")
    return day[1], "" if value is None else str(value)

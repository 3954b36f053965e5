"""Bars from an exchange by way of ccxt: page by page, closed bars only, to be sampled at a clock later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from research.errors import PullError, UnknownNameError
from research.funds.pull import PullSource
from research.loaders.pull.polite import Polite, missing_extra
from research.loaders.pull.sources import Pulled, Source

__all__ = ["make_exchange", "pull_ccxt"]

MOST_PAGES: Final = 5000
_STEPS: Final = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000, "1h": 3_600_000}

Bar = tuple[int, tuple[float | None, ...]]
"""Start in milliseconds; open, high, low, close, volume."""


def make_exchange(name: str, options: dict[str, Any]) -> Any:  # noqa: ANN401 - ccxt's
    """Return ccxt's client of an exchange.

    Raises
    ------
    ExtraError
        If ccxt is not installed.
    UnknownNameError
        If it knows no such exchange.
    """
    try:
        import ccxt  # noqa: PLC0415
    except ImportError:
        raise missing_extra("ccxt") from None
    if name not in ccxt.exchanges:
        raise UnknownNameError("exchange", name, ccxt.exchanges)
    return getattr(ccxt, name)(options)


def pull_ccxt(
    source: Source,
    entry: PullSource,
    polite: Polite,
    *,
    known: Mapping[str, str],
    since: dt.date | None = None,
    make: Callable[[str, dict[str, Any]], Any] = make_exchange,
) -> Pulled:
    """Fetch the bars of one market since a day.

    Parameters
    ----------
    source : Source
        ccxt.
    entry : PullSource
        The fund's pull entry, with its exchange.
    polite : Polite
        Limits and time; its hosts become those of the exchange.
    known : mapping of str to str
        Not used: new bars come every hour.
    since : datetime.date
        First day, 00:00 UTC.
    make : callable
        Makes ccxt's client.

    Returns
    -------
    Pulled
        ``time,open,high,low,close,volume`` by start of the bar, UTC; a bar that is still running is left out; hours
        without a bar are noted, not filled.

    Raises
    ------
    PullError
        If the exchange refuses, knows no such market, or its bars do not go back that far.
    """
    del source, known
    assert entry.exchange is not None
    if since is None:
        raise PullError(f"{entry.where}: bars need a first day: add since to the pull entry, or --since")
    from research.loaders.pull.http import polite_session  # noqa: PLC0415 - loads requests

    # The session keeps the pace, so ccxt need not.
    options = {"enableRateLimit": False, "timeout": int(polite.limits.deadline * 1000)}
    exchange = make(entry.exchange, options)
    polite.hosts = polite.hosts | _hosts(exchange)
    exchange.session = polite_session(polite)
    step = _STEPS[entry.timeframe or "1h"]
    start = int(dt.datetime(since.year, since.month, since.day, tzinfo=dt.UTC).timestamp() * 1000)
    _check_market(exchange, entry)
    before = len(polite.seen)
    bars, asked = _bars(exchange, entry, start, step, polite)
    closed = int(polite.timer.now().timestamp() * 1000)
    kept = {at: values for at, values in bars.items() if start <= at and at + step <= closed}
    if not kept or min(kept) > start + 86_400_000:
        there = f"starts at {_iso(min(kept))}" if kept else "has no closed bar"
        raise PullError(
            f"{entry.where}: asked for since {since}, {entry.exchange} {there}: a later --since, or another"
        )
    missing = (max(kept) - min(kept)) // step + 1 - len(kept)
    notes = (f"{missing} bars missing between the first and the last",) if missing else ()
    answers = tuple(seen.body for seen in polite.seen[before:])
    about = {"made_by": f"ccxt {_version()}, {asked} pages", "timeframe": entry.timeframe or "1h"}
    where = polite.seen[before].address if len(polite.seen) > before else entry.exchange
    return Pulled(where, polite.timer.now(), 200, {}, _as_csv(kept), answers, about, notes)


def _bars(exchange: Any, entry: PullSource, start: int, step: int, polite: Polite) -> tuple[dict[int, Any], int]:  # noqa: ANN401
    """Return all bars since `start` and the number of pages they took."""
    bars: dict[int, tuple[float | None, ...]] = {}
    cursor, longest = start, 1
    for page in range(1, MOST_PAGES + 1):
        found = _page(exchange, entry, cursor)
        now = int(polite.timer.now().timestamp() * 1000)
        for at, values in found:
            if at % step:
                raise PullError(f"{entry.where}: a bar starts at {_iso(at)}, not on a whole step: nothing was kept")
            # A page may repeat the last bar of the one before; one that still runs may differ.
            if at + step <= now and bars.setdefault(at, values) != values:
                raise PullError(f"{entry.where}: the closed bar of {_iso(at)} came twice, with other values")
        longest = max(longest, len(found))
        ends = max((at for at, _ in found), default=cursor - step)
        # An empty page is a gap in trading: go on behind it.
        onward = ends + step if ends >= cursor else cursor + longest * step
        if onward + step > now:
            return bars, page
        cursor = onward
    raise PullError(f"{entry.where}: more than {MOST_PAGES} pages: ask for less with --since")


def _page(exchange: Any, entry: PullSource, cursor: int) -> list[Bar]:  # noqa: ANN401
    try:
        found = exchange.fetch_ohlcv(entry.symbol, entry.timeframe or "1h", since=cursor)
    except PullError:
        raise
    except Exception as error:  # noqa: BLE001 - ccxt lets KeyError and the like through
        raise PullError(f"{entry.where}: {_short(error)}: nothing was kept") from None
    try:
        return [(int(bar[0]), tuple(None if value is None else float(value) for value in bar[1:6])) for bar in found]
    except (TypeError, ValueError, IndexError):
        raise PullError(f"{entry.where}: bars of another layout: nothing was kept") from None


def _check_market(exchange: Any, entry: PullSource) -> None:  # noqa: ANN401
    """Load the exchange's markets and make sure that the symbol is one and has such bars."""
    try:
        markets = exchange.load_markets()
    except PullError:
        raise
    except Exception as error:  # noqa: BLE001 - ccxt lets KeyError and the like through
        raise PullError(f"{entry.where}: {_short(error)}: nothing was kept") from None
    if entry.symbol not in markets:
        raise UnknownNameError(f"market of {entry.exchange}", entry.symbol, list(markets)[:200])
    if not exchange.has.get("fetchOHLCV") or (entry.timeframe or "1h") not in (exchange.timeframes or {}):
        raise PullError(f"{entry.where}: {entry.exchange} has no bars of {entry.timeframe or '1h'}: take another")


def _hosts(exchange: Any) -> frozenset[str]:  # noqa: ANN401
    """Return the hosts of an exchange's public interface."""

    def texts(value: object) -> Iterable[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for inner in value.values():
                yield from texts(inner)

    found = (exchange.implode_hostname(text) for text in texts(exchange.urls.get("api", {})))
    hosts = (urlsplit(text) for text in found)
    return frozenset(f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or "" for parts in hosts)


def _as_csv(bars: Mapping[int, tuple[float | None, ...]]) -> bytes:
    lines = ["time,open,high,low,close,volume"]
    for at in sorted(bars):
        cells = ("" if value is None else repr(value) for value in bars[at])
        lines.append(f"{_iso(at)},{','.join(cells)}")
    return ("\n".join(lines) + "\n").encode()


def _iso(milliseconds: int) -> str:
    return f"{dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415

    return version("ccxt")


def _short(error: Exception) -> str:
    """Return what went wrong: the manners' own error where ccxt wraps one."""
    inner = error.__cause__ or error.__context__
    if isinstance(inner, PullError):
        return str(inner)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"

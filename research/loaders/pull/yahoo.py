"""Closes and distributions from Yahoo Finance, fetched by yfinance with this package's manners."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from research.errors import PullError
from research.funds.pull import PullSource
from research.loaders.pull.polite import Again, Polite, missing_extra, redacted
from research.loaders.pull.sources import Pulled, Source

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["pull_yahoo"]


def pull_yahoo(
    source: Source, entry: PullSource, polite: Polite, *, known: Mapping[str, str], since: dt.date | None = None
) -> Pulled:
    """Fetch daily prices, not adjusted for distributions, with distributions and splits.

    Parameters
    ----------
    source : Source
        Yahoo.
    entry : PullSource
        The fund's pull entry.
    polite : Polite
        Hosts, limits, time.
    known : mapping of str to str
        Not used: Yahoo's answers carry the price of the moment.
    since : datetime.date, optional
        First day; default all there is.

    Returns
    -------
    Pulled
        The table that yfinance makes, as CSV, and Yahoo's own answers behind it. Only days that are over everywhere
        are asked for: those before today in New York.

    Raises
    ------
    PullError
        If Yahoo refuses, or knows no such symbol.
    ExtraError
        If yfinance is not installed.
    """
    del known
    try:
        import yfinance  # noqa: PLC0415
        from yfinance.data import YfData  # noqa: PLC0415
    except ImportError:
        raise missing_extra("yfinance") from None
    today = polite.timer.now().astimezone(ZoneInfo("America/New_York")).date()
    span = {"start": since.isoformat()} if since else {"period": "max"}
    YfData.cache_get.cache_clear()  # it would serve answers of an earlier pull of the same process
    before = len(polite.seen)
    with _errors_shown(yfinance):
        try:
            ticker = yfinance.Ticker(entry.symbol, session=_session(polite))
            frame = ticker.history(
                interval="1d",
                end=today.isoformat(),
                auto_adjust=False,
                back_adjust=False,
                actions=True,
                keepna=True,
                timeout=polite.limits.deadline,
                **span,
            )
        except PullError:
            raise
        except Exception as error:  # noqa: BLE001
            # yfinance raises many types, KeyError for an answer of another layout among them.
            text = " ".join(str(error).split())[:200] or type(error).__name__
            raise PullError(f"yahoo {entry.symbol}: {text}: correct the symbol, or try again later") from None
    if not len(frame) or "Close" not in frame.columns:
        raise PullError(f"yahoo {entry.symbol}: no prices: correct the symbol or --since")
    answers = tuple(seen.body for seen in polite.seen[before:] if "/v8/finance/chart/" in seen.address)
    charts = [seen.address for seen in polite.seen[before:] if "/v8/finance/chart/" in seen.address]
    about = {"made_by": f"yfinance {yfinance.__version__}, history(auto_adjust=False)", **_currency(ticker)}
    where = charts[-1] if charts else f"https://{source.hosts[-1]}"
    return Pulled(where, polite.timer.now(), 200, {}, _as_csv(frame), answers, about)


def _as_csv(frame: pd.DataFrame) -> bytes:
    return str(frame.to_csv(lineterminator="\n")).encode()


def _currency(ticker: Any) -> dict[str, str]:  # noqa: ANN401 - yfinance's
    found = ticker.history_metadata.get("currency") if ticker.history_metadata else None
    return {"currency": str(found)} if found else {}


@contextlib.contextmanager
def _errors_shown(yfinance: Any) -> Iterator[None]:  # noqa: ANN401 - the module
    """Let yfinance raise what it would only log, and keep its deprecation warnings to itself."""
    debug = yfinance.config.debug
    before = debug.hide_exceptions
    debug.hide_exceptions = False
    try:
        with warnings.catch_warnings():
            # What yfinance does with pandas is not the reader's affair.
            warnings.filterwarnings("ignore", module=r"yfinance(\.|$)")
            yield
    finally:
        debug.hide_exceptions = before


def _session(polite: Polite) -> Any:  # noqa: ANN401 - of curl_cffi
    """Return the kind of session that yfinance makes, which asks only named hosts, in turn and patiently."""
    try:
        curl: Any = importlib.import_module("curl_cffi.requests")
        curl_options: Any = importlib.import_module("curl_cffi").CurlOpt
    except ImportError:
        raise missing_extra("curl_cffi, which comes with yfinance") from None

    class PoliteSession(curl.Session):  # type: ignore[misc]
        def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401, ARG002
            if method.upper() != "GET":
                raise PullError(f"{redacted(url)}: only GET is sent, not {method} (a consent form, say): not asked")
            limits = polite.limits
            # curl's second number counts from the start of the transfer; it ends the attempt by itself.
            options["timeout"] = (limits.connect, max(limits.deadline - limits.connect, 0.001))
            options["allow_redirects"] = False
            return polite.patiently(url, lambda: self._attempt(method, url, options), aside=False)

        def _attempt(self, method: str, url: str, options: dict[str, Any]) -> Any:  # noqa: ANN401
            try:
                response = super().request(method, url, **options)
            except curl.exceptions.RequestException as error:
                raise Again(" ".join(str(error).split()).partition(". See ")[0][:160]) from None
            headers = {str(name).casefold(): str(value) for name, value in response.headers.items()}
            polite.judge(response.url or url, response.status_code, headers, response.content)
            if 300 <= response.status_code < 400:
                there = redacted(headers.get("location", "nowhere"))[:120]
                raise PullError(f"{redacted(url)}: HTTP {response.status_code}, sent on to {there}: nothing was kept")
            return response

    return PoliteSession(impersonate="chrome", curl_options={curl_options.MAXFILESIZE_LARGE: polite.limits.largest})

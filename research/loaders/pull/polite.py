"""How this package behaves towards a server: which hosts it may ask, how often, how long it waits and when it stops."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from research.errors import ExtraError, PullError

__all__ = ["Again", "Limits", "Polite", "Seen", "Timer", "missing_extra", "redacted", "retry_after"]

T = TypeVar("T")

_SECRET: Final = frozenset({"api_key", "apikey", "crumb", "key", "password", "secret", "token", "access_token"})
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Timer:
    """The time, and waiting: one object, so that tests need not wait."""

    def now(self) -> dt.datetime:
        """Return the instant, UTC."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """Return seconds of a clock that nobody sets."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Limits:
    """What one request may cost.

    Parameters
    ----------
    connect, read : float
        Seconds until a connection stands, and between two pieces of an answer.
    deadline : float
        Seconds for one attempt as a whole, name look-up and last byte included.
    largest : int
        Bytes of the largest answer, unpacked.
    attempts : int
        How often a request is made at most.
    patience : float
        Seconds that a server may ask to wait before the next attempt; if it asks for more, the pull gives up.
    pace : float
        Seconds between the starts of two requests to one host.
    """

    connect: float = 10.0
    read: float = 30.0
    deadline: float = 180.0
    largest: int = 128 * 1024 * 1024
    attempts: int = 4
    patience: float = 120.0
    pace: float = 1.0


@dataclass(frozen=True)
class Seen:
    """One answer as it came, for the record of a vintage."""

    address: str
    status: int
    body: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Hash of the body."""
        return hashlib.sha256(self.body).hexdigest()


class Again(Exception):  # noqa: N818 - not an error of its own: it asks for another attempt
    """An attempt failed in a way that another may not.

    Parameters
    ----------
    reason : str
        In words.
    wait : float or None
        Seconds that the server asks to wait.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        self.reason = reason
        self.wait = wait
        super().__init__(reason)


class Polite:
    """The manners of all requests of one pull.

    Parameters
    ----------
    hosts : iterable of str
        The only hosts that may be asked; with a port where it is not the usual one.
    limits : Limits
        What a request may cost.
    timer : Timer
        The time.
    """

    def __init__(
        self, hosts: tuple[str, ...] | frozenset[str], limits: Limits | None = None, timer: Timer | None = None
    ) -> None:
        self.hosts = frozenset(hosts)
        self.limits = limits or Limits()
        self.timer = timer or Timer()
        self.seen: list[Seen] = []
        self._last: dict[str, float] = {}

    def check(self, address: str) -> str:
        """Return the host of an address that may be asked.

        Raises
        ------
        PullError
            If the address is not http or https, carries a user name, or its host is not one of the named.
        """
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise PullError(f"{address!r} is not an address ({error}): correct it") from None
        if parts.scheme not in {"http", "https"}:
            raise PullError(f"{redacted(address)}: only http and https are fetched, not {parts.scheme or 'this'}")
        if parts.username is not None:
            raise PullError(f"an address at {host} carries a user name: take it out")
        named = host if port is None else f"{host}:{port}"
        if named not in self.hosts:
            raise PullError(f"{named} is not a host of this source ({', '.join(sorted(self.hosts))}): not asked")
        return named

    def wait_for_turn(self, host: str) -> None:
        """Wait until this host may be asked again."""
        now = self.timer.monotonic()
        due = self._last.get(host, float("-inf")) + self.limits.pace
        if due > now:
            self.timer.sleep(due - now)
        self._last[host] = self.timer.monotonic()

    def patiently(self, address: str, attempt: Callable[[], T], *, aside: bool = True) -> T:
        """Return what `attempt` returns, with further attempts while it raises `Again`; the wait doubles and varies.

        With `aside` an attempt runs in a thread of its own that is left behind at the deadline; without, it keeps the
        deadline itself.

        Raises
        ------
        PullError
            If the last attempt fails too, or the server asks for more patience than there is.
        """
        from urllib3.exceptions import MaxRetryError  # noqa: PLC0415
        from urllib3.util.retry import RequestHistory, Retry  # noqa: PLC0415

        # urllib3 asks again at once after a first failure. As if one had gone before, it waits one to two seconds.
        before = (RequestHistory("GET", None, None, None, None),)
        retry = Retry(
            self.limits.attempts - 1, backoff_factor=0.5, backoff_jitter=1.0, backoff_max=60.0, history=before
        )
        reasons: list[str] = []
        while True:
            self.wait_for_turn(self.check(address))
            try:
                return self._within_deadline(attempt, address) if aside else attempt()
            except Again as again:
                reasons.append(again.reason)
                asked = again.wait or 0.0
                if asked > self.limits.patience:
                    raise PullError(
                        f"{redacted(address)}: {again.reason} and asks to wait {asked:,.0f} s: try again later"
                    ) from None
                try:
                    retry = retry.increment("GET", redacted(address), error=again)
                except MaxRetryError:
                    raise PullError(_given_up(address, reasons)) from None
            self.timer.sleep(max(retry.get_backoff_time(), asked))

    def _within_deadline(self, attempt: Callable[[], T], address: str) -> T:
        """Run an attempt aside and leave it behind when its time is up, whatever it hangs on: a look-up, a header."""
        results: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                results.put((attempt(), None))
            except BaseException as error:  # noqa: BLE001 - handed to the caller
                results.put((None, error))

        threading.Thread(target=run, daemon=True).start()
        try:
            value, error = results.get(timeout=self.limits.deadline)
        except queue.Empty:
            raise PullError(
                f"{redacted(address)}: no whole answer within {self.limits.deadline:g} s: try again later"
            ) from None
        if error is not None:
            raise error
        return value  # type: ignore[return-value]

    def judge(self, address: str, status: int, headers: dict[str, str], body: bytes) -> None:
        """Put an answer on record, and ask for another attempt where the server is only busy.

        Raises
        ------
        Again
            If the status says that a later request may succeed.
        """
        self.seen.append(Seen(redacted(address), status, body))
        if status in _BUSY:
            said = {429: "too many requests"}.get(status, "the server is busy")
            raise Again(f"HTTP {status}, {said}", retry_after(headers.get("retry-after", ""), self.timer.now()))


def _given_up(address: str, reasons: Sequence[str]) -> str:
    told = f" (before: {'; '.join(dict.fromkeys(reasons))})" if len(set(reasons)) > 1 else ""
    return f"{redacted(address)}: {len(reasons)} attempts, the last: {reasons[-1]}{told}: try again later"


def retry_after(value: str, now: dt.datetime) -> float | None:
    """Return the seconds that a Retry-After header asks to wait, from a number or a date; None where it says nothing.

    Examples
    --------
    >>> retry_after("120", dt.datetime(2026, 9, 1, tzinfo=dt.UTC))
    120.0
    >>> retry_after("Tue, 01 Sep 2026 00:01:00 GMT", dt.datetime(2026, 9, 1, tzinfo=dt.UTC))
    60.0
    >>> retry_after("soon", dt.datetime(2026, 9, 1, tzinfo=dt.UTC)) is None
    True
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - now).total_seconds())


def redacted(address: str) -> str:
    """Return an address without anything that is secret or belongs to one session.

    Examples
    --------
    >>> redacted("https://me:pw@example.org/a?id=DTB3&api_key=abc#top")
    'https://example.org/a?id=DTB3&api_key=...'
    """
    parts = urlsplit(address)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([(key, "..." if key.casefold() in _SECRET else value) for key, value in pairs], safe="./:,^-")
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def missing_extra(library: str) -> ExtraError:
    """Return the error for a library of the extra ``live`` that is not installed."""
    return ExtraError(f"pulling needs {library}: pip install tracking-research[live]")

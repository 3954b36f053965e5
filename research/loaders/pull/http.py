"""One client for plain downloads: conditional requests, guarded redirects, whole bodies of the right kind.

The adapter below is also what ccxt's own session gets, so that its requests keep the same manners.
"""

from __future__ import annotations

import codecs
import html
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from research.errors import PullError
from research.loaders.pull.polite import Again, Polite, redacted

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["Answer", "BodyKind", "Client", "PoliteAdapter", "check_body", "check_end", "polite_session", "unpacked"]

BodyKind = Literal["csv", "json", "xml", "xlsx", "table"]
"""What a body should be; ``table`` is any of csv, xml and xlsx, for a site that does not say."""

_NAMES: Final = {
    "csv": "comma-separated text",
    "json": "JSON",
    "xml": "an XML workbook",
    "xlsx": "an .xlsx workbook",
    "table": "a table",
}
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_PASSWORD: Final = re.compile(r"""<input[^>]+type\s*=\s*["']?password""", re.IGNORECASE)
_WRONG_TYPES: Final = {"application/pdf": "a PDF", "image/": "a picture", "video/": "a film", "audio/": "sound"}
_ENDS: Final = {"csv": b"\n", "json": b"}]", "xml": b">"}
USER_AGENT: Final = "tracking-research (research pull; one request at a time)"
MOST_REDIRECTS: Final = 5
KEPT_HEADERS: Final = (
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "content-disposition",
)
_PIECE: Final = 65_536
_LOG_IN: Final = re.compile(
    r"(?:^|[/._-])(?:log-?[io]n|sign-?[io]n|sso|oauth2?|authorize|consent|captcha|challenge|passport)(?:$|[/._?-])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Answer:
    """One whole answer.

    Parameters
    ----------
    address : str
        Where it came from, after redirects; nothing secret in it.
    time : datetime.datetime
        When it was whole, UTC.
    status : int
        200, or 304 where nothing has changed since the known one.
    headers : mapping of str to str
        Those of `KEPT_HEADERS`, in lower case.
    body : bytes
        Unpacked; empty for 304.
    """

    address: str
    time: dt.datetime
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class PoliteAdapter(HTTPAdapter):
    """Transport of a `requests` session that asks only named hosts, in turn, patiently, and reads whole bodies.

    Parameters
    ----------
    polite : Polite
        The manners.
    """

    def __init__(self, polite: Polite) -> None:
        super().__init__(max_retries=0)
        self.polite = polite

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # noqa: ANN401, ARG002 - of requests
        """Send one request; see `requests.adapters.HTTPAdapter.send`.

        Raises
        ------
        PullError
            If the request is no GET, the host is not named, or no attempt brings a whole answer.
        """
        address = request.url or ""
        if request.method != "GET":
            raise PullError(f"{redacted(address)}: only GET is sent, not {request.method}: nothing was asked")
        kept: dict[str, Any] = {name: options[name] for name in ("verify", "cert", "proxies") if name in options}
        return self.polite.patiently(address, lambda: self._attempt(request, address, kept))

    def _attempt(self, request: requests.PreparedRequest, address: str, kept: dict[str, Any]) -> requests.Response:
        limits = self.polite.limits
        try:
            # The body is always read here, in pieces and with limits, whatever the caller says.
            response = super().send(request, stream=True, timeout=(limits.connect, limits.read), **kept)
            try:
                packed = self._packed(response, address)
            finally:
                response.close()
        except (requests.exceptions.SSLError, requests.exceptions.InvalidURL) as error:
            raise PullError(f"{redacted(address)}: {_short(error)}: nothing was kept") from None
        except requests.exceptions.Timeout:
            raise Again(f"no answer within {limits.connect:g} s, or {limits.read:g} s between two pieces") from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            if isinstance(error, PullError):
                raise
            raise Again(_torn(error)) from None
        body = unpacked(packed, response.headers.get("Content-Encoding", ""), limits.largest, redacted(address))
        self.polite.judge(address, response.status_code, _lower(response.headers), body)
        response._content = body  # what requests itself keeps there
        response._content_consumed = True
        response.raw = _Spent(response.raw)
        return response

    def _packed(self, response: requests.Response, address: str) -> bytes:
        """Return the body as it came, or stop at the size limit."""
        largest = self.polite.limits.largest
        stated = response.headers.get("Content-Length", "")
        if stated.isascii() and stated.isdigit() and int(stated[:18]) > largest:
            raise PullError(
                f"{redacted(address)}: {int(stated[:18]) / 1e6:,.0f} MB, more than is fetched: nothing kept"
            )
        whole = BytesIO()
        # read1 returns what is there; read would sit on a drip until its buffer is full.
        while piece := response.raw.read1(_PIECE, decode_content=False):
            whole.write(piece)
            if whole.tell() > largest:
                raise PullError(
                    f"{redacted(address)}: more than {largest / 1e6:,.0f} MB, no end in sight: nothing kept"
                )
        body = whole.getvalue()
        if stated.isascii() and stated.isdigit() and len(body) != int(stated):
            raise Again(f"half a body: {len(body)} of {int(stated)} bytes")
        return body


class _Spent:
    """What is left of a response once its body was read: headers for the cookies, nothing to read."""

    def __init__(self, raw: Any) -> None:  # noqa: ANN401 - urllib3's response
        self._original_response = getattr(raw, "_original_response", None)
        self.headers = raw.headers
        self.closed = True

    def read(self, *_: object, **__: object) -> bytes:
        return b""

    def close(self) -> None:
        """Nothing is open."""

    def release_conn(self) -> None:
        """Nothing is held."""


def polite_session(polite: Polite) -> requests.Session:
    """Return a session all of whose requests have these manners."""
    session = requests.Session()
    session.mount("https://", PoliteAdapter(polite))
    session.mount("http://", PoliteAdapter(polite))
    session.headers["User-Agent"] = USER_AGENT
    session.headers["Accept-Encoding"] = "gzip"
    # Otherwise requests looks for passwords in ~/.netrc.
    session.auth = _no_password
    return session


class Client:
    """Fetches one thing at a time.

    Parameters
    ----------
    polite : Polite
        Hosts, limits, time.
    """

    def __init__(self, polite: Polite) -> None:
        self.polite = polite
        self._session = polite_session(polite)

    def get(self, address: str, kind: BodyKind, *, known: Mapping[str, str] | None = None) -> Answer:
        """Return what stands at an address, whole and of the kind asked for.

        Parameters
        ----------
        address : str
            http or https, at one of the named hosts.
        kind : {"csv", "json", "xml", "xlsx", "table"}
            What the body must be.
        known : mapping of str to str, optional
            Headers of the answer that one has already; if nothing changed since, the answer is a 304.

        Raises
        ------
        PullError
            If it cannot be fetched, the server refuses, sends one elsewhere, or what comes is something else.
        """
        self.polite.check(address)
        conditions = _conditions(known or {})
        start, here = address, address
        for _ in range(MOST_REDIRECTS + 1):
            response = self._session.get(here, headers=conditions, allow_redirects=False)
            status = response.status_code
            if status in {301, 302, 303, 307, 308}:
                here = self._next(here, response.headers.get("Location", ""), status)
                continue
            return self._answer(response, here, kind, conditions)
        raise PullError(f"{redacted(start)}: more than {MOST_REDIRECTS} redirects: nothing was kept")

    def _next(self, here: str, location: str, status: int) -> str:
        """Return where a redirect leads, if it may be followed."""
        there = urljoin(here, location)
        told = f"{redacted(here)}: HTTP {status}, sent on"
        if not location:
            raise PullError(f"{told} to nowhere: nothing was kept")
        old, new = urlsplit(here), urlsplit(there)
        path = f"{new.path}?{new.query}"
        elsewhere = new.netloc.casefold() != old.netloc.casefold()
        if _LOG_IN.search(path) or (elsewhere and _LOG_IN.search(f"{new.hostname}.")):
            raise PullError(f"{told} to a log-in page ({redacted(there)[:120]}): this needs an account, or is blocked")
        if old.scheme == "https" and new.scheme != "https":
            raise PullError(f"{told} from https to {new.scheme or 'nothing'}: nothing was kept")
        try:
            self.polite.check(there)
        except PullError as error:
            raise PullError(f"{told} to another site: {error}") from None
        return there

    def _answer(
        self, response: requests.Response, address: str, kind: BodyKind, conditions: Mapping[str, str]
    ) -> Answer:
        clean, status, headers = redacted(address), response.status_code, _lower(response.headers)
        kept: dict[str, str] = {name: headers[name][:500] for name in KEPT_HEADERS if name in headers}
        now = self.polite.timer.now()
        if status == HTTPStatus.NOT_MODIFIED:
            if not conditions:
                raise PullError(f"{clean}: HTTP 304 to a request without a condition: nothing was kept")
            return Answer(clean, now, status, kept, b"")
        body: bytes = response.content
        if status != HTTPStatus.OK:
            raise PullError(f"{clean}: {_refusal(status)}")
        check_body(body, headers.get("content-type", ""), kind, clean)
        framed = "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").casefold()
        if not framed and not headers.get("content-encoding"):
            try:
                check_end(body, kind)
            except Again as again:
                raise PullError(f"{clean}: {again.reason}: try again later") from None
        return Answer(clean, now, status, kept, body)


def _conditions(known: Mapping[str, str]) -> dict[str, str]:
    pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
    return {ask: known[name] for ask, name in pairs if known.get(name)}


def _refusal(status: int) -> str:
    try:
        phrase = HTTPStatus(status).phrase.lower()
    except ValueError:
        phrase = "unknown status"
    advice = {
        401: "this needs an account",
        403: "the site refuses such requests: download the file with a browser",
        404: "the address is wrong or out of date: correct symbol or address",
        410: "the address is gone: correct it",
    }.get(status, "nothing was kept")
    return f"HTTP {status}, {phrase}: {advice}"


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.casefold(): value for name, value in headers.items()}


def _torn(error: Exception) -> str:
    text = str(error)
    if "IncompleteRead" in text or "InvalidChunk" in text or "broken" in text:
        return "half a body: the connection ended in the middle"
    return _short(error)


def _short(error: Exception) -> str:
    # urllib3 wraps reasons in reprs of its objects; the last part is the one for readers.
    text = " ".join(str(error).split())
    found = re.findall(r"\[Errno -?\d+\] ([^'\")]+)|reason: ([^'\")]+)", text)
    return next((a or b for a, b in reversed(found)), type(error).__name__)[:120]


def _no_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def unpacked(packed: bytes, encoding: str, largest: int, address: str) -> bytes:
    """Return a body without its transport compression.

    Parameters
    ----------
    packed : bytes
        As it came.
    encoding : str
        The header Content-Encoding.
    largest : int
        Bytes that the result may have.
    address : str
        For messages.

    Raises
    ------
    Again
        If the compressed stream is torn.
    PullError
        If the compression is unknown, or there is more in it than allowed.
    """
    name = encoding.strip().casefold()
    if name in {"", "identity"}:
        return packed
    if name not in {"gzip", "x-gzip"}:
        raise PullError(f"{address}: packed as {encoding!r}, which was not asked for: nothing was kept")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(packed, largest + 1)
    except zlib.error as error:
        raise Again(f"a torn answer (gzip: {error})") from None
    if len(body) > largest:
        raise PullError(f"{address}: unpacks to more than {largest / 1e6:,.0f} MB: nothing was kept")
    if not unpacker.eof:
        raise Again("half a body: the gzip stream has no end")
    return body


def check_end(body: bytes, kind: BodyKind) -> None:
    """Refuse a body that stops in the middle, where the server did not say how long it is.

    Raises
    ------
    Again
        If the last byte is not one that such a body ends with.
    """
    ends = _ENDS.get(kind)
    text = body if kind == "csv" else body.rstrip()
    if ends is not None and text[-1:] not in {bytes([end]) for end in ends}:
        raise Again(f"half a body: {_NAMES[kind]} without its end, and no Content-Length")


def check_body(body: bytes, content_type: str, kind: BodyKind, address: str) -> None:
    """Refuse a body that is not of the kind asked for.

    Raises
    ------
    PullError
        If it is empty, a web page, of another kind, or in an encoding that the loaders do not read.
    """
    if not body.strip():
        raise PullError(f"{address}: the answer is empty: nothing was kept")
    declared, _, parameters = content_type.partition(";")
    declared = declared.strip().casefold()
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:4096].lower()
    # Some sites call a download text/html, and an XML workbook may be anything: what it holds decides.
    page = start.startswith((b"<!doctype html", b"<html")) or (start.startswith(b"<") and b"<html" in start)
    called_page = declared in {"text/html", "application/xhtml+xml"}
    if page or (called_page and start.startswith(b"<") and not start.startswith(b"<?xml")):
        raise PullError(f"{address}: {_page(body)} instead of {_NAMES[kind]}: nothing was kept")
    what = next((words for prefix, words in _WRONG_TYPES.items() if declared.startswith(prefix)), "")
    if what or not _begins_as(kind, body, start):
        found = what or _what(body, declared)
        raise PullError(f"{address}: {found} instead of {_NAMES[kind]}: nothing was kept")
    if not body.startswith(b"PK"):
        _check_encoding(body, parameters, address)


def _begins_as(kind: BodyKind, body: bytes, start: bytes) -> bool:
    first = start.lstrip(b"\x00")[:1]
    match kind:
        case "json":
            return first in {b"{", b"["}
        case "xml":
            return first == b"<"
        case "xlsx":
            return body.startswith(b"PK\x03\x04")
        case "csv":
            return first not in {b"<", b"{", b"["} and not body.startswith((b"PK", b"%PDF", b"\x1f\x8b", b"\xd0\xcf"))
        case "table":
            return first not in {b"{", b"["} and not body.startswith((b"%PDF", b"\x1f\x8b"))


def _what(body: bytes, declared: str) -> str:
    """Say what a body seems to be."""
    known = ((b"PK", "a zip archive or workbook"), (b"%PDF", "a PDF"), (b"\x1f\x8b", "a gzip file"), (b"<", "XML"))
    for start, words in known:
        if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(start):
            return words
    if body.lstrip()[:1] in {b"{", b"["}:
        text = " ".join(body[:120].decode("utf-8", errors="replace").split())
        return f"JSON ({text})"
    return f"{declared or 'something else'}"


def _page(body: bytes) -> str:
    text = body[:200_000].decode("utf-8", errors="replace")
    found = _TITLE.search(text)
    title = " ".join(html.unescape(found[1]).split())[:80] if found else ""
    sort = "a log-in page" if _PASSWORD.search(text) else "a web page"
    return f"{sort} titled {title!r}" if title else f"{sort} without a title"


def _check_encoding(body: bytes, parameters: str, address: str) -> None:
    """Refuse text that is not UTF-8, or UTF-16 with its mark; name what the server calls it and what it looks like."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\x00" in body[:4096]:
        raise PullError(f"{address}: looks like UTF-16 without its mark, or binary: nothing was kept")
    else:
        encoding = "utf-8"
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", parameters, re.IGNORECASE)
    stated = f"the server calls it {found[1]}" if found else "the server names no encoding"
    try:
        body.decode(encoding)
    except UnicodeDecodeError as error:
        at = f"byte {error.start} is 0x{body[error.start]:02x}"
        raise PullError(
            f"{address}: not {encoding.upper()} text ({at}; {stated}; it looks like windows-1252): nothing was kept"
        ) from None

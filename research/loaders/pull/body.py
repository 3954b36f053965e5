"""Is the body of an answer what was asked for? Unpacked with a limit, whole, of the right kind, in a known encoding."""

from __future__ import annotations

import codecs
import html
import re
import zlib
from typing import Final, Literal

from research.errors import PullError
from research.loaders.pull.polite import Again

__all__ = ["BodyKind", "check_body", "check_end", "unpacked"]

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
_LOG_IN: Final = re.compile(r"""<input[^>]+type\s*=\s*["']?password""", re.IGNORECASE)
_WRONG_TYPES: Final = {"application/pdf": "a PDF", "image/": "a picture", "video/": "a film", "audio/": "sound"}
_ENDS: Final = {"csv": b"\n", "json": b"}]", "xml": b">"}


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
    sort = "a log-in page" if _LOG_IN.search(text) else "a web page"
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

"""Text and numbers from data as they may stand on a page: nothing invisible, nothing endless."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Final
from urllib.parse import quote

from research.tables import MISSING, unsigned_zero

__all__ = ["as_number", "href", "message", "number_text", "short", "value_text", "visible"]

_NAME: Final = 60
_MESSAGE: Final = 2_000
_LINES: Final = 20
_DIGITS: Final = 8
_LONGEST: Final = 255
"""Bytes of a file's name on the file systems of our time."""


def visible(text: str, *, lines: bool = False) -> str:
    r"""Return `text` with every character that is not seen written as an escape.

    Marks that turn the direction of what follows or take no room are among them: with such, one name passes for
    another.

    Parameters
    ----------
    text : str
        Any text, half characters included.
    lines : bool
        Whether line ends and tabs stay.

    Examples
    --------
    >>> visible("ETHV"), visible("ETH\u202eV"), visible("a\nb", lines=True)
    ('ETHV', 'ETH\\u202eV', 'a\nb')
    """
    return "".join(
        char
        if char.isprintable() or (lines and char in "\n\t")
        else char.encode("ascii", "backslashreplace").decode("ascii")
        if ord(char) > 0x7F
        else f"\\x{ord(char):02x}"
        for char in text
    )


def short(text: str, most: int = _NAME) -> str:
    """Return a name as it is shown; of a long one the beginning, and a hash that keeps two such names apart.

    Examples
    --------
    >>> short("ETHV"), short("x" * 100, 24)
    ('ETHV', 'xxxxxxxxxxxx… (09ecb6eb)')
    """
    # Escapes are longer than what they stand for.
    if len(text) <= most and len(seen := visible(text)) <= most:
        return seen
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{visible(text[:most])[: most - _DIGITS - 4]}… ({digest})"


def message(text: str) -> str:
    """Return what an error said, its beginning where it said too much for a page of many."""
    text = text.strip()
    kept = "\n".join(text[:_MESSAGE].split("\n", _LINES)[:_LINES])
    more = len(text) - len(kept)
    return visible(kept, lines=True) + (f"…\n({more:,} more characters)" if more else "")


def value_text(value: object) -> str:
    """Return a parameter's value as it is shown: JSON, a text without its quotes where it is not empty."""
    if isinstance(value, str) and value:
        return short(value)
    return short(json.dumps(value, ensure_ascii=False))


def as_number(value: object) -> float | None:
    """Return a number from data, or None for everything that is none or not finite."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def number_text(
    value: float | None, error: float | None = None, interval: tuple[float | None, float | None] | None = None
) -> str:
    """Return a number with the decimals that its error, or its size, deserves; without an error, with its interval.

    Examples
    --------
    >>> number_text(19.9612, 0.0361), number_text(-1086.4), number_text(0.98), number_text(0.00048), number_text(None)
    ('19.96 ± 0.04', '-1,086', '0.98', '0.00048', '–')
    >>> number_text(1.0401, None, (0.9338, 1.3956)), number_text(0.0, None, (0.0, None))
    ('1.04 (0.93 to 1.40)', '0.00 (0.00 to –)')
    """
    if value is None:
        return MISSING
    if error is None and interval is not None:
        low, high = (number_text(end) for end in interval)
        return f"{number_text(value)} ({low} to {high})"
    if max(abs(value), abs(error or 0.0)) >= 1e9:
        large = unsigned_zero(f"{value:.3g}")
        return large if error is None else f"{large} ± {error:.2g}"
    if error is None:
        size = abs(value)
        if 0 < size < 0.01:
            return f"{value:.2g}"
        digits = 0 if size >= 100 else 1 if size >= 10 else 2
        return unsigned_zero(f"{value:,.{digits}f}")
    digits = 0 if error >= 100 else 1 if error >= 1 else 2 if error >= 0.01 else 4
    return f"{unsigned_zero(f'{value:,.{digits}f}')} ± {error:,.{digits}f}"


def href(path: str) -> str | None:
    """Return a path inside the batch as a relative address, or None where it leads out of it or cannot be a file.

    Examples
    --------
    >>> href("ETHV/a b#1.html"), href("../x.html"), href("/etc/x"), href("javascript:alert(1)")
    ('ETHV/a%20b%231.html', None, None, 'javascript%3Aalert%281%29')
    """
    if "\\" in path or "\0" in path or any(part in {"", ".", ".."} for part in path.split("/")):
        return None
    try:
        too_long = any(len(part.encode()) > _LONGEST for part in path.split("/"))
        return None if too_long else quote(path, safe="/")
    except UnicodeEncodeError:
        return None

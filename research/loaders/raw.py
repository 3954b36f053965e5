"""Bytes of a file, read once and with a limit, and the text in them: nothing is guessed about the encoding."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from research.errors import DataFileError

__all__ = ["LARGEST", "RawFile", "decode", "read_raw"]

LARGEST: Final = 512 * 1024 * 1024
"""Bytes of the largest file that a loader reads."""

LONGEST_LINE: Final = 1_000_000
"""Characters of the longest line that can be part of a table."""

_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Marks that only direct how text is shown; spreadsheets of some locales put them around dates and numbers.
_INVISIBLE: Final = dict.fromkeys(
    map(ord, "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
)
_OTHER_FILES: Final = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive or a modern workbook (.xlsx)"),
    (b"\xd0\xcf\x11\xe0", "an old binary workbook (.xls)"),
    (b"\x1f\x8b", "gzip-compressed"),
    (b"PAR1", "a Parquet file"),
    (b"\x89PNG", "a picture"),
)


@dataclass(frozen=True, repr=False)
class RawFile:
    """A file's bytes.

    Parameters
    ----------
    name : str
        What messages call the file.
    raw : bytes
        All of it.
    """

    name: str
    raw: bytes

    def __repr__(self) -> str:
        return f"{self.name}: {len(self.raw):,} bytes"

    @property
    def sha256(self) -> str:
        """Hash of the bytes."""
        return hashlib.sha256(self.raw).hexdigest()


def read_raw(path: Path | str | RawFile, *, largest: int = LARGEST) -> RawFile:
    """Return the bytes of an ordinary file.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The file; bytes that somebody has read already are returned as they are.
    largest : int
        Bytes above which the file is refused unread.

    Raises
    ------
    DataFileError
        If there is no such file, it is no ordinary file, cannot be read, is empty or too large.

    Examples
    --------
    >>> read_raw("no-such-file.csv")
    Traceback (most recent call last):
    ...
    research.errors.DataFileError: no-such-file.csv: no such file: correct the name or add the file
    """
    if isinstance(path, RawFile):
        return path
    place = Path(path)
    name = str(path)
    try:
        about = place.stat()
        if not stat.S_ISREG(about.st_mode):
            raise DataFileError(f"{name}: not an ordinary file: name one file")
        if about.st_size > largest:
            raise DataFileError(
                f"{name}: {about.st_size / 1e6:,.0f} MB, more than the {largest / 1e6:,.0f} MB that a loader reads: "
                "split it, or store it as Parquet and query it"
            )
        raw = place.read_bytes()
    except FileNotFoundError:
        raise DataFileError(f"{name}: no such file: correct the name or add the file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DataFileError(f"{name}: cannot be read ({reason}): check name and permissions") from None
    if not raw.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise DataFileError(f"{name}: the file is empty: fetch it again")
    return RawFile(name, raw)


def decode(file: RawFile) -> str:
    r"""Return the text of a file: UTF-8, or UTF-16 where a byte order mark says so; line ends become ``\n``.

    Marks that only steer how text is shown (right-to-left marks, zero-width spaces) are taken out.

    Raises
    ------
    DataFileError
        If the bytes are another kind of file, binary, in another or a mixed encoding, or one endless line.

    Examples
    --------
    >>> decode(RawFile("nav.csv", b"\xef\xbb\xbfdate,nav\r\n"))
    'date,nav\n'
    >>> decode(RawFile("nav.csv", b"%PDF-1.7"))
    Traceback (most recent call last):
    ...
    research.errors.DataFileError: nav.csv: a PDF, not text: fetch the table again, in the format named
    """
    for start, what in _OTHER_FILES:
        if file.raw.startswith(start):
            raise DataFileError(f"{file.name}: {what}, not text: fetch the table again, in the format named")
    encoding = next((name for mark, name in _BOMS if file.raw.startswith(mark)), "utf-8")
    if encoding != "utf-16" and b"\x00" in file.raw:
        at = file.raw.index(b"\x00")
        raise DataFileError(f"{file.name}: binary, not text (a zero byte at {at}): export the table as text")
    try:
        text = file.raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = file.raw.count(b"\n", 0, error.start) + 1
        raise DataFileError(
            f"{file.name}: line {line} is not {encoding.removesuffix('-sig').upper()} text (byte {error.start}): save "
            "the file as UTF-8"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        raise DataFileError(f"{file.name}: binary, not text (a zero character): export the table as text")
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    _refuse_endless_lines(text, file.name)
    return text


def _refuse_endless_lines(text: str, name: str) -> None:
    start = 0
    while len(text) - start > LONGEST_LINE:
        end = text.rfind("\n", start, start + LONGEST_LINE)
        if end < start:
            line = text.count("\n", 0, start) + 1
            raise DataFileError(f"{name}: line {line} has more than {LONGEST_LINE:,} characters: that is no table")
        start = end + 1

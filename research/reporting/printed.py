"""What cells print: two files that their process writes and another reads."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

__all__ = ["STREAMS", "PrintedFile"]

STREAMS: Final = ("stdout", "stderr")
"""Names of both files in the folder of a process that runs cells; their descriptors are 1 and 2."""


class PrintedFile:
    """A file into which something is printed, read as far as somebody says."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def until(self, end: int | None) -> str:
        """Return what comes next, up to a position or to the end of the file."""
        if end is not None and end <= self._read:
            return ""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._read)
                content = stream.read() if end is None else stream.read(end - self._read)
        except FileNotFoundError:  # not there yet, or a cell has removed it
            content = b""
        self._read += len(content)
        return self._decoder.decode(content, final=end is None)

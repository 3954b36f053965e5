"""One batch at a time in a folder: a lock that the operating system takes back when its holder dies."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import RawIOBase
from pathlib import Path
from typing import Any, Final

from research.errors import BusyError

__all__ = ["LOCK_FILE", "locked"]

LOCK_FILE: Final = ".lock"
_BEYOND: Final = 1 << 30
"""Windows keeps others from reading the bytes that are locked, so one that is never written is."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Hold a folder for the length of a block.

    Parameters
    ----------
    folder : pathlib.Path
        An existing folder.

    Yields
    ------
    mapping
        What the last holder left in its lock: empty where it ended as it should, else its ``pid`` and ``host``.

    Raises
    ------
    BusyError
        If another process holds the folder; nothing was touched then.

    Notes
    -----
    The file stays: to remove it would let two processes lock two files of one name.
    """
    with (folder / LOCK_FILE).open("a+b", buffering=0) as stream:
        if not _take(stream):
            raise BusyError(_busy(folder, _read(stream)))
        try:
            before = _read(stream)
            since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            _write(stream, {"pid": os.getpid(), "host": platform.node(), "since": since})
            yield before
        finally:
            _write(stream, {})
            _release(stream)


def _busy(folder: Path, holder: Mapping[str, Any]) -> str:
    who = f"process {holder['pid']} on {holder.get('host')}" if "pid" in holder else "another process"
    since = f" since {holder['since']}" if "since" in holder else ""
    return f"{folder}: a batch is running here, {who}{since}: wait for it, or choose another --out"


def _read(stream: RawIOBase) -> Mapping[str, Any]:
    try:
        stream.seek(0)
        content = json.loads(stream.read() or b"{}")
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(stream: RawIOBase, holder: Mapping[str, object]) -> None:
    # Only for people and for cleaning up: on a full disk the lock holds all the same.
    with contextlib.suppress(OSError):
        stream.truncate(0)
        if holder:
            stream.write(json.dumps(holder).encode() + b"\n")


if sys.platform == "win32":
    import msvcrt

    def _take(stream: RawIOBase) -> bool:
        stream.seek(_BEYOND)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(stream: RawIOBase) -> None:
        stream.seek(_BEYOND)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(stream: RawIOBase) -> bool:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(stream: RawIOBase) -> None:
        fcntl.flock(stream, fcntl.LOCK_UN)

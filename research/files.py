"""Files that are whole or absent: one encoder, one writer, one lock, and a folder to work in."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import RawIOBase
from pathlib import Path
from typing import Any, Final

from research.errors import BusyError

__all__ = [
    "encode_json",
    "locked",
    "move_into_place",
    "staged",
    "sync_folder",
    "workspace",
    "write_atomically",
]

_BEYOND: Final = 1 << 30
"""Windows keeps others from reading the bytes that are locked, so one that is never written is."""


def encode_json(document: object) -> bytes:
    r"""Return a document as the bytes of a JSON file; the same document gives the same bytes.

    Raises
    ------
    ValueError
        If a number is NaN or infinite: JSON has none of them.

    Examples
    --------
    >>> encode_json({"σ": 0.1})
    b'{\n  "\xcf\x83": 0.1\n}\n'
    """
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def staged(content: bytes, folder: Path) -> Path:
    """Write content to a new hidden file in a folder, safe on disk, and return its path: to be moved onto its name."""
    path = folder / f".{secrets.token_hex(8)}"
    try:
        with path.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def write_atomically(path: Path, content: bytes, *, staging: Path | None = None) -> None:
    """Write `content` so that a reader sees the old file or the new one, never a part of it.

    So does a reader after the power went, a moment later.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is there.
    content : bytes
        All of it.
    staging : pathlib.Path, optional
        A folder on the same file system where the content lies until it has its name, by default that of the file. Who
        is killed in between leaves something there.
    """
    temporary = staged(content, path.parent if staging is None else staging)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe on disk, where the system has such a thing."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move_into_place(source: Path, target: Path) -> None:
    """Move a finished file onto `target` on the same file system, its content safe on disk before its name is."""
    with source.open("rb") as stream:
        os.fsync(stream.fileno())
    source.replace(target)


@contextlib.contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """Yield a new hidden folder inside `folder`; remove it, and every folder made for it that stayed empty.

    It lies where the results will lie, so that moving them is a rename and a full disk is noticed before.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f".run-{os.getpid()}-{secrets.token_hex(4)}"
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        for path in made:  # innermost first
            with contextlib.suppress(OSError):
                path.rmdir()


@contextlib.contextmanager
def locked(path: Path, busy: str = "{who} is at work here: wait for it") -> Iterator[Mapping[str, Any]]:
    """Hold a lock for the length of a block; the operating system takes it back when its holder dies.

    Parameters
    ----------
    path : pathlib.Path
        The lock's file, in an existing folder.
    busy : str
        What to say where somebody else holds it; ``{who}`` is who, and since when.

    Yields
    ------
    mapping
        What the last holder left in its lock: empty where it ended as it should, else its ``pid`` and ``host``.

    Raises
    ------
    BusyError
        If another process holds it; nothing was touched then.

    Notes
    -----
    The file stays: to remove it would let two processes lock two files of one name.
    """
    with path.open("a+b", buffering=0) as stream:
        if not _take(stream):
            raise BusyError(f"{path.parent}: {busy.format(who=_who(_read(stream)))}")
        try:
            before = _read(stream)
            since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            _write(stream, {"pid": os.getpid(), "host": platform.node(), "since": since})
            yield before
        finally:
            _write(stream, {})
            _release(stream)


def _who(holder: Mapping[str, Any]) -> str:
    who = f"process {holder['pid']} on {holder.get('host')}" if "pid" in holder else "another process"
    return f"{who} since {holder['since']}" if "since" in holder else who


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

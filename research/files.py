"""Files that are whole or absent: atomic writes, and a folder to work in that is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

__all__ = ["move_into_place", "workspace", "write_atomically"]


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` so that a reader sees the old file or the new one, never a part of it."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


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

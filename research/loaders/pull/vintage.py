"""What was fetched, kept as it came: every change is a new file with time and address, and none is ever overwritten."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from research.errors import DataFileError, PullError
from research.files import write_atomically

__all__ = ["Stored", "Vintage", "Vintages", "replace_whole", "slug"]

_NAME: Final = re.compile(r"(\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8})\.json")
_ANSWERS: Final = ".answers"


@dataclass(frozen=True)
class Vintage:
    """One stored answer.

    Parameters
    ----------
    path : pathlib.Path
        The bytes as they came.
    about : mapping
        Address, time, status, headers, sha256, size: what the JSON beside them says.
    """

    path: Path
    about: Mapping[str, Any]

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the answer, for a conditional request."""
        found: Mapping[str, str] = self.about.get("headers", {})
        return found

    @property
    def sha256(self) -> str:
        """Hash of the bytes."""
        return str(self.about["sha256"])

    @property
    def time(self) -> str:
        """When the answer was whole, ISO, UTC."""
        return str(self.about["time"])


@dataclass(frozen=True)
class Stored:
    """What `Vintages.store` did.

    Parameters
    ----------
    vintage : Vintage
        The one with these bytes.
    new : bool
        False where the latest vintage had them already.
    latest : bool
        False where a later answer is there already: two pulls at once, or a clock that was put back.
    """

    vintage: Vintage
    new: bool
    latest: bool


class Vintages:
    """The folder ``vintages`` of a data folder: ``vintages/<source>/<series>/<UTC stamp>-<sha8>.<ext>``.

    Parameters
    ----------
    data : pathlib.Path
        The data folder.
    """

    def __init__(self, data: Path) -> None:
        self.folder = data / "vintages"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the data folder against every other pull: threads, processes; released when the process dies."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            stream = (self.folder / ".lock").open("ab")
        except OSError as error:
            raise DataFileError(f"{self.folder}: cannot be written ({error.strerror}): check its permissions") from None
        with stream:
            with contextlib.suppress(ImportError):  # Windows has none: there, names alone keep vintages apart
                import fcntl  # noqa: PLC0415

                fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def latest(self, source: str, series: str) -> Vintage | None:
        """Return the latest whole vintage of a series, None where there is none.

        One whose bytes do not have the hash that its JSON says is passed over, as is one without JSON.
        """
        place = self.folder / slug(source) / slug(series)
        names = sorted((entry.name for entry in _entries(place) if _NAME.fullmatch(entry.name)), reverse=True)
        for name in names:
            found = _read(place / name)
            if found is not None:
                return found
        return None

    def store(
        self,
        source: str,
        series: str,
        body: bytes,
        ending: str,
        about: Mapping[str, Any],
        time: dt.datetime,
        *,
        answers: Sequence[bytes] = (),
    ) -> Stored:
        """Keep an answer, if it is not what the latest vintage holds. Call with `lock` held.

        Parameters
        ----------
        source, series : str
            Whose and which.
        body : bytes
            The bytes to keep.
        ending : str
            Ending of the file, as in ``"csv"``.
        about : mapping
            Address, status, headers and what else is to be remembered; JSON values.
        time : datetime.datetime
            When the answer was whole, UTC.
        answers : sequence of bytes
            The answers behind `body`, where it was put together from several; kept beside it.
        """
        if ending == "json":
            raise ValueError("the JSON beside a vintage has this ending")
        place = self.folder / slug(source) / slug(series)
        place.mkdir(parents=True, exist_ok=True)
        _sweep(place)
        sha256 = hashlib.sha256(body).hexdigest()
        stamp = time.astimezone(dt.UTC)
        before = self.latest(source, series)
        if before is not None and before.sha256 == sha256:
            headers = about.get("headers", {})
            self.unchanged(source, series, stamp, 200, headers if isinstance(headers, dict) else {})
            return Stored(before, new=False, latest=True)
        stem = f"{stamp:%Y%m%dT%H%M%S.%f}Z-{sha256[:8]}"
        path = place / f"{stem}.{ending}"
        behind = [f"{stem}{_ANSWERS}-{number}" for number in range(1, len(answers) + 1)]
        meta = {
            **about,
            "time": stamp.isoformat(),
            "sha256": sha256,
            "bytes": len(body),
            "file": path.name,
            **({"answer_files": behind} if behind else {}),
        }
        for name, answer in zip(behind, answers, strict=True):
            _put_new(place / name, answer)
        _put_new(path, body)
        # The JSON comes last: a vintage without it is none.
        _put_new(place / f"{stem}.json", (json.dumps(meta, indent=1, sort_keys=True) + "\n").encode())
        later = before is not None and before.path.stem > stem
        return Stored(Vintage(path, meta), new=True, latest=not later)

    def unchanged(
        self, source: str, series: str, time: dt.datetime, status: int, headers: Mapping[str, str] | None = None
    ) -> None:
        """Note that the latest vintage was asked for again and is still what the source has. Call with `lock` held.

        A source may give the same bytes a new ETag: the headers noted here are those to ask with next time.
        """
        place = self.folder / slug(source) / slug(series)
        found = self.latest(source, series)
        note = {
            "time": time.astimezone(dt.UTC).isoformat(),
            "status": status,
            "sha256": "" if found is None else found.sha256,
            "headers": dict(headers or {}) or self.known(source, series),
        }
        replace_whole(place / "checked.json", (json.dumps(note, indent=1, sort_keys=True) + "\n").encode())

    def known(self, source: str, series: str) -> Mapping[str, str]:
        """Return the headers with which to ask whether the latest vintage is still the latest; empty without one."""
        found = self.latest(source, series)
        if found is None:
            return {}
        try:
            note = json.loads((found.path.parent / "checked.json").read_bytes())
            if note["sha256"] == found.sha256 and note["headers"]:
                return {str(name): str(value) for name, value in note["headers"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        return found.headers


def slug(name: str) -> str:
    """Return a name as one part of a path: letters that mean nothing to a file system stay.

    Examples
    --------
    >>> slug("ETH/USD"), slug("^IRX"), slug("..")
    ('ETH-USD', '-IRX', '--')
    """
    text = re.sub(r"[^A-Za-z0-9._=-]", "-", name)[:80]
    return re.sub(r"^\.+|\.+$", lambda dots: "-" * len(dots[0]), text) or "-"


def replace_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    try:
        write_atomically(path, content)
    except OSError as error:
        raise DataFileError(f"{path}: cannot be written ({error.strerror}): check permissions and space") from None


def _put_new(path: Path, content: bytes) -> None:
    """Write a file under a name that must be free."""
    temporary = path.with_name(f".{path.name}.part")
    replace_whole(temporary, content)
    try:
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise PullError(f"{path}: is there already, and no vintage is ever overwritten: pull again") from None
        except OSError:
            # A file system without hard links; the lock keeps others out between look and rename.
            if path.exists():
                raise PullError(f"{path}: is there already, and no vintage is ever overwritten: pull again") from None
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _sweep(place: Path) -> None:
    """Remove what a killed pull left behind: with the lock held nobody else is writing here."""
    for entry in _entries(place):
        if entry.name.startswith("."):
            entry.unlink(missing_ok=True)


def _entries(place: Path) -> Sequence[Path]:
    try:
        return tuple(place.iterdir())
    except OSError:
        return ()


def _read(path: Path) -> Vintage | None:
    try:
        about = json.loads(path.read_bytes())
        body = path.with_name(str(about["file"]))
        if body.parent != path.parent or not body.name.startswith(path.stem):
            return None
        if hashlib.sha256(body.read_bytes()).hexdigest() != about["sha256"] or not isinstance(about["time"], str):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Vintage(body, about)

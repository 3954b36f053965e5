"""Files of runs put in place one run at a time, each with a record that is written last.

A run counts when its record is there and its files are those of the record. Power may go at any moment: content is safe
on disk before its name is, the name before the record, and the old record goes before the first file changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from research.files import encode_json, staged, sync_folder, write_atomically
from research.reporting.batch.executor import KINDS, Outcome, failure_of
from research.reporting.batch.plan import PlannedRun
from research.reporting.result import Failure, check_result, failure_record
from research.versions import versions

__all__ = ["MANIFEST", "MANIFEST_SCHEMA", "Entry", "Store", "build_manifest", "write_manifest", "write_whole"]
MANIFEST: Final = "manifest.json"
MANIFEST_SCHEMA: Final = "research.batch/1"


Entry = dict[str, Any]
"""What the manifest says of a run, and its record too."""

_RECORDS: Final = ".runs"
_WORK: Final = ".work"
_ENDS: Final = {"html": b"</html>", "ipynb": b"\n}", "json": b"\n}"}
"""With what a whole file ends, and a torn one does not."""


class Store:
    """The folder of a batch. Only the holder of its lock may have one.

    Parameters
    ----------
    folder : pathlib.Path
        ``reports/<batch>``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._work = folder / _WORK

    def clean(self) -> None:
        """Remove what a batch that died has left half-done."""
        shutil.rmtree(self._work, ignore_errors=True)

    def verified(self, run: PlannedRun) -> Entry | None:
        """Return the entry of a run that need not run again, or None.

        Its key is that of the plan, it succeeded, and its files are whole.
        """
        entry = self._record(run.id)
        if entry is None or entry.get("key") != run.key or entry.get("status") != "ok":
            return None
        try:
            files = entry["files"]
            content = self._file(run, "json").read_bytes()
            is_whole = hashlib.sha256(content).hexdigest() == files["json"]["sha256"] and all(
                _tail(self._file(run, kind)).endswith(_ENDS[kind]) for kind in KINDS
            )
        except (OSError, KeyError, TypeError):
            return None
        return entry if is_whole else None

    def others(self, ids: Collection[str]) -> list[str]:
        """Return the runs that have a record here and are not among `ids`."""
        records = self.folder / _RECORDS
        found = {path.relative_to(records).with_suffix("").as_posix() for path in records.rglob("*.json")}
        return sorted(found - set(ids))

    def commit(self, run: PlannedRun, outcome: Outcome, note: str | None) -> tuple[Entry, bool]:
        """Put a run's files and record in place.

        Returns
        -------
        tuple of dict and bool
            What is now true of the run, and whether its record could be written. Where the files of a success cannot be
            written, the run has failed.
        """
        outcome = _checked(run, outcome)
        try:
            return self._commit(run, outcome, note), True
        except OSError as error:
            failed = outcome if outcome.failure is not None else Outcome({}, failure_of(error))
        try:
            # Perhaps there is room for a line that says so.
            return self._commit(run, Outcome({}, failed.failure), note), True
        except OSError:
            return _entry(run, {}, failed.failure, note), False

    def _commit(self, run: PlannedRun, outcome: Outcome, note: str | None) -> Entry:
        files = dict(outcome.files)
        if outcome.failure is not None:
            files["json"] = failure_record(run.fund, run.notebook, run.parameters, outcome.failure)
        entry = _entry(run, files, outcome.failure, note)
        record = self.folder / _RECORDS / f"{run.id}.json"
        target = self._file(run, "json")
        for path in (record, target):
            _make_folder(path.parent, self.folder)
        self._work.mkdir(exist_ok=True)
        try:
            contents = {kind: staged(content, self._work) for kind, content in files.items()}
            record_staged = staged(encode_json(entry), self._work)
            if record.exists():
                record.unlink()
                sync_folder(record.parent)
            self._place(run, contents)
            record_staged.replace(record)
            sync_folder(record.parent)
        finally:
            self.clean()
        return entry

    def _place(self, run: PlannedRun, staged: Mapping[str, Path]) -> None:
        """Move files onto their names; at no moment does a result stand beside another run's report."""
        self._file(run, "json").unlink(missing_ok=True)
        for kind in KINDS:
            if kind in staged:
                staged[kind].replace(self._file(run, kind))
            else:
                self._file(run, kind).unlink(missing_ok=True)
        sync_folder(self._file(run, "json").parent)

    def _record(self, name: str) -> Entry | None:
        try:
            content = json.loads((self.folder / _RECORDS / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) and content.get("id") == name else None

    def _file(self, run: PlannedRun, kind: str) -> Path:
        return self.folder / f"{run.id}.{kind}"


def build_manifest(batch: str, entries: Iterable[Entry]) -> dict[str, Any]:
    """Return a manifest in the layout of ``research/data/batch.schema.json``.

    Parameters
    ----------
    batch : str
        Name of the batch.
    entries : iterable of dict
        One for each run that has ended, in any order.

    Examples
    --------
    >>> build_manifest("nightly", [])["counts"]
    {'ok': 0, 'failed': 0}
    """
    runs = sorted(entries, key=lambda entry: str(entry["id"]))
    ok = sum(entry["status"] == "ok" for entry in runs)
    return {
        "schema": MANIFEST_SCHEMA,
        "batch": batch,
        "counts": {"ok": ok, "failed": len(runs) - ok},
        "versions": versions(),
        "runs": runs,
    }


def write_manifest(folder: Path, manifest: dict[str, Any]) -> Path:
    """Write ``manifest.json`` whole or not at all, and return its path."""
    return write_whole(folder / MANIFEST, encode_json(manifest))


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file of a batch whole or not at all, and return its path; what is half-done lies in one place."""
    staging = path.parent / _WORK
    staging.mkdir(exist_ok=True)
    write_atomically(path, content, staging=staging)
    return path


def _checked(run: PlannedRun, outcome: Outcome) -> Outcome:
    """Return an outcome whose success is one: all files there and whole, the result valid and that of the run.

    Whoever ran it has looked already; but that may have been another machine, and the manifest vouches for it.
    """
    if outcome.failure is not None:
        told = outcome.failure
        # What a notebook raised may hold half a character, which no file can.
        heading = _text(told.heading) if told.heading is not None else None
        whole = {kind: outcome.files[kind] for kind in KINDS if outcome.files.get(kind, b"").rstrip()[-1:]}
        return Outcome(whole, Failure(told.cell, heading, _text(told.error), _text(told.message)))
    torn = [kind for kind in KINDS if not outcome.files.get(kind, b"").rstrip().endswith(_ENDS[kind])]
    if torn:
        return Outcome({}, Failure(None, None, "MissingFile", f"the run left no whole {', '.join(torn)} file"))
    try:
        result = json.loads(outcome.files["json"])
        check_result(result)
    except ValueError as error:  # DataError is one
        return Outcome({}, Failure(None, None, "InvalidResult", str(error)))
    if (result["fund"], result["notebook"]) != (run.fund, run.notebook):
        about = f"the result is about {result['fund']!r} and {result['notebook']!r}, not about this run"
        return Outcome({}, Failure(None, None, "InvalidResult", about))
    return outcome


def _entry(run: PlannedRun, files: Mapping[str, bytes], failure: Failure | None, note: str | None) -> Entry:
    """Return what the manifest says of a run; html and notebook have no hash, as theirs may change between runs."""
    listed: dict[str, dict[str, str]] = {kind: {"path": f"{run.id}.{kind}"} for kind in KINDS if kind in files}
    if "json" in files:
        listed["json"]["sha256"] = hashlib.sha256(files["json"]).hexdigest()
    told = None
    if failure is not None:
        told = {
            "cell": failure.cell,
            "heading": failure.heading,
            "error": failure.error,
            "message": failure.message,
        }
    return {
        "id": run.id,
        "fund": run.fund,
        "notebook": run.notebook,
        "parameters": dict(run.parameters),
        "status": "ok" if failure is None else "failed",
        "key": run.key,
        "files": listed,
        "failure": told,
        "note": note,
    }


def _make_folder(folder: Path, root: Path) -> None:
    if folder.is_dir():
        return
    if folder != root:
        _make_folder(folder.parent, root)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def _tail(path: Path) -> bytes:
    with path.open("rb") as stream:
        with contextlib.suppress(OSError):  # a file shorter than that
            stream.seek(-64, os.SEEK_END)
        return stream.read().rstrip()


def _text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")

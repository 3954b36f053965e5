"""A batch from plan to gallery: which runs, in what order, how often, and what is true afterwards."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from research.files import locked
from research.reporting.batch.events import EventLog, Watch
from research.reporting.batch.executor import Executor, Finished, Outcome, failure_of
from research.reporting.batch.local import SCRATCH
from research.reporting.batch.plan import Plan, PlannedRun
from research.reporting.batch.store import Entry, Store, build_manifest, write_manifest
from research.reporting.batch.table import write_table
from research.reporting.interruption import uninterrupted
from research.reporting.result import Failure

__all__ = ["BatchResult", "pending", "run_batch"]

LOCK_FILE: Final = ".lock"
_BUSY: Final = "a batch is running here, {who}: wait for it, or choose another --out"
_MOMENT: Final = 0.25
"""Seconds between two ticks of whoever looks on."""

_SHARE: Final = 20
"""The gallery of an unfinished batch may take one part in so many of the time."""

_LOST: Final = "retried once: the worker was lost"


@dataclass(frozen=True)
class BatchResult:
    """What a batch has made.

    Parameters
    ----------
    folder : pathlib.Path
        ``<out>/<batch>``.
    manifest : dict
        In the layout of ``research.batch/1``.
    skipped : int
        Runs that had nothing to do.
    others : tuple of str
        Runs of an earlier matrix whose files lie in the folder; they are neither in manifest nor gallery.
    problems : tuple of str
        Files of the batch as a whole that could not be written, and runs without a record of their own.
    """

    folder: Path
    manifest: dict[str, Any]
    skipped: int
    others: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every run has a verified result and every file of the batch was written."""
        return self.manifest["counts"]["failed"] == 0 and not self.problems


def pending(plan: Plan, out: str | Path, *, force: bool = False) -> list[PlannedRun]:
    """Return the runs that a batch would run now; nothing is written.

    Parameters
    ----------
    plan : Plan
        The batch.
    out : str or pathlib.Path
        Folder of the reports.
    force : bool
        Whether runs count that have nothing to do.
    """
    store = Store(Path(out) / plan.name)
    return [run for run in plan.runs if force or store.verified(run) is None]


def run_batch(
    plan: Plan,
    out: str | Path,
    executor: Executor,
    *,
    force: bool = False,
    watch: Watch | None = None,
    gallery: Callable[[Path], object] | None = None,
) -> BatchResult:
    """Run what has to be run and leave ``<out>/<batch>`` with reports, manifest, table and gallery.

    Parameters
    ----------
    plan : Plan
        The batch.
    out : str or pathlib.Path
        Folder of the reports.
    executor : Executor
        Who runs the runs.
    force : bool
        Run also what has nothing to do.
    watch : Watch, optional
        Is told of every event.
    gallery : callable, optional
        Writes ``index.html`` into the folder; by default `research.reporting.gallery.write_gallery`.

    Returns
    -------
    BatchResult
        Runs that failed are in its manifest; they raise nothing.

    Raises
    ------
    BusyError
        If another batch is at work in the folder.
    OSError
        If the folder cannot be made or locked.

    Notes
    -----
    Ended by a signal, it stops the workers and leaves the finished runs committed; the next call runs the rest.
    """
    if gallery is None:
        from research.reporting.gallery import write_gallery  # noqa: PLC0415 - a batch of one's own may have its own

        gallery = write_gallery
    folder = Path(out) / plan.name
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / LOCK_FILE, _BUSY) as before:
        _remove_scratch(before.get("pid"), before.get("host"))
        batch = _Batch(plan, folder, EventLog(folder, watch), gallery)
        try:
            batch.run(executor, force=force)
        finally:
            batch.publish()
        return batch.result()


def _remove_scratch(pid: object, host: object) -> None:
    """Remove temporary folders of the holder that left its mark in the lock: it died."""
    if not isinstance(pid, int) or pid <= 0 or host != platform.node() or os.name != "posix":
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, 0)
        return  # another process has its number by now, and perhaps a batch of its own
    for path in Path(tempfile.gettempdir()).glob(f"{SCRATCH}{pid}-*"):
        shutil.rmtree(path, ignore_errors=True)


@dataclass
class _Batch:
    plan: Plan
    folder: Path
    log: EventLog
    gallery: Callable[[Path], object]
    entries: dict[str, Entry] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    skipped: int = 0
    _next: float = 0.0

    def __post_init__(self) -> None:
        self.begun = time.monotonic()
        self.store = Store(self.folder)
        self.started: dict[str, float] = {}
        self.notes: dict[str, str] = {}
        self.by_id = {run.id: run for run in self.plan.runs}

    def run(self, executor: Executor, *, force: bool) -> None:
        """Skip what has nothing to do and run the rest."""
        self.store.clean()
        for run in self.plan.runs:
            entry = None if force else self.store.verified(run)
            if entry is not None:
                self.entries[run.id] = entry
        self.skipped = len(self.entries)
        queue = deque(run for run in self.plan.runs if run.id not in self.entries)
        self.log.add("begun", batch=self.plan.name, runs=len(self.plan.runs), to_run=len(queue))
        for name in self.entries:
            self.log.add("skipped", run=name)
        if queue:
            with executor:
                self._drain(queue, executor)
        counts = build_manifest(self.plan.name, self.entries.values())["counts"]
        seconds = round(time.monotonic() - self.begun, 3)
        self.log.add("ended", **counts, skipped=self.skipped, seconds=seconds)

    def _drain(self, queue: deque[PlannedRun], executor: Executor) -> None:
        while queue or self.started:
            while queue and len(self.started) < executor.capacity:
                self._start(queue.popleft(), executor)
            for finished in executor.collect(_MOMENT) if self.started else ():
                self._finish(finished, queue)
            self.log.tick()

    def _start(self, run: PlannedRun, executor: Executor) -> None:
        self.started[run.id] = time.monotonic()
        self.log.add("started", run=run.id)
        try:
            executor.submit(run)
        except OSError as error:
            self._commit(run, Outcome({}, failure_of(error)))

    def _finish(self, finished: Finished, queue: deque[PlannedRun]) -> None:
        if finished.id not in self.started:
            return  # given up for lost, and back after all
        run = self.by_id[finished.id]
        if finished.outcome is not None:
            self._commit(run, finished.outcome)
        elif run.id in self.notes:
            message = "its worker was lost twice: killed, out of memory, or cut off"
            self._commit(run, Outcome({}, Failure(None, None, "WorkerLost", message)))
        else:
            self.notes[run.id] = _LOST
            del self.started[run.id]
            self.log.add("retried", run=run.id, reason="the worker was lost")
            queue.append(run)

    def _commit(self, run: PlannedRun, outcome: Outcome) -> None:
        with uninterrupted():  # what has its record is in the manifest, too
            entry, is_written = self.store.commit(run, outcome, self.notes.get(run.id))
            self.entries[run.id] = entry
        seconds = round(time.monotonic() - self.started.pop(run.id), 3)
        if entry["failure"] is None:
            self.log.add("finished", run=run.id, seconds=seconds)
        else:
            self.log.add("failed", run=run.id, seconds=seconds, **entry["failure"])
        if not is_written:
            self.problems.append(f"{run.id}: no record of its failure could be written")
        if time.monotonic() >= self._next and len(self.entries) < len(self.plan.runs):
            begun = time.monotonic()
            # Whoever looks at an unfinished batch sees what is finished; what fails here is tried again at the end.
            with contextlib.suppress(Exception):
                self._write_manifest()
                self.gallery(self.folder)
            self._next = time.monotonic() + _SHARE * (time.monotonic() - begun)

    def publish(self) -> None:
        """Write manifest, table and gallery; what cannot be written is a problem, not an end."""
        steps: list[tuple[str, Callable[[], object]]] = [
            ("manifest.json", self._write_manifest),
            ("results.parquet", lambda: write_table(self.folder, self._manifest()["runs"])),
            ("index.html", lambda: self.gallery(self.folder)),
        ]
        for name, write in steps:
            try:
                write()
            except Exception as error:  # noqa: BLE001 - the runs are safe, and the other files are worth having
                told = error.strerror if isinstance(error, OSError) else error
                self.problems.append(f"{name} could not be written: {type(error).__name__}: {told}")
        self.store.clean()

    def result(self) -> BatchResult:
        others = tuple(self.store.others(self.by_id))
        return BatchResult(self.folder, self._manifest(), self.skipped, others, tuple(self.problems))

    def _manifest(self) -> dict[str, Any]:
        return build_manifest(self.plan.name, self.entries.values())

    def _write_manifest(self) -> None:
        write_manifest(self.folder, self._manifest())

"""What a Dask worker does with a run: hands it to a child of its own, which ends when the worker ends.

A report starts kernels, changes the working directory and sets signals: none of that belongs into a worker that others
use too. The child runs one run after the other, with its imports loaded and its kernels forked.
"""

from __future__ import annotations

import atexit
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
from typing import IO, Final

from research.errors import NotebookError
from research.reporting.batch.executor import Outcome
from research.reporting.batch.plan import PlannedRun
from research.reporting.result import Failure
from research.versions import package_hash

__all__ = ["main", "run_in_child"]

_LENGTH: Final = struct.Struct("!Q")
_LARGEST: Final = 1 << 32
_MOMENT: Final = 0.5
_own = threading.local()


def run_in_child(run: PlannedRun, timeout: int, package: str) -> Outcome:
    """Run one report in this thread's child; start the child where there is none.

    Parameters
    ----------
    run : PlannedRun
        What to run.
    timeout : int
        Seconds that one cell may take.
    package : str
        Hash of the package that planned the run.

    Returns
    -------
    Outcome

    Raises
    ------
    NotebookError
        If the child ended without an answer.
    """
    here = package_hash()
    if here != package:
        told = f"this worker has another version of the package ({here[:12]}) than the batch ({package[:12]})"
        return Outcome({}, Failure(None, None, "OtherVersion", f"{told}: install the same one everywhere"))
    child = getattr(_own, "child", None)
    if child is not None and (child.timeout, child.package) != (timeout, here):
        child.close()  # it has imported what was there when it started
        child = None
    if child is None or child.process.poll() is not None:
        child = _own.child = _Child(timeout, here)
    return child.run(run)


class _Child:
    """A process that runs reports, spoken to through pipes."""

    def __init__(self, timeout: int, package: str) -> None:
        self.timeout = timeout
        self.package = package
        # Imported, not run as a script: what is pickled there then bears the names that this side knows.
        command = [sys.executable, "-c", "from research.reporting.batch.remote import main; main()", str(timeout)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
        atexit.register(self.close)

    def run(self, run: PlannedRun) -> Outcome:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            _send(self.process.stdin, run)
            outcome = _receive(self.process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            self.close()
            raise NotebookError("the process that ran the report ended without an answer") from None
        assert isinstance(outcome, Outcome)
        return outcome

    def close(self) -> None:
        """Let the child end: it stops its kernel when its input closes."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _send(stream: IO[bytes], value: object) -> None:
    content = pickle.dumps(value)
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def _receive(stream: IO[bytes]) -> object:
    """Return the next value of a pipe between a process and its own child."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    content = stream.read(length) if length < _LARGEST else b""
    if len(content) < length:
        raise EOFError
    return pickle.loads(content)  # noqa: S301 - written by our own process, never a file


def main() -> None:
    """Run reports that come through standard input until it closes."""
    from research.reporting.batch.local import LocalExecutor  # noqa: PLC0415 - in the child only

    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not get into the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with LocalExecutor(1, timeout=int(sys.argv[1])) as executor:
        while True:
            try:
                run = _receive(requests)
            except EOFError:
                return
            assert isinstance(run, PlannedRun)
            outcome = _done(executor, run, requests)
            if outcome is None:
                return
            _send(answers, outcome)


def _done(executor: object, run: PlannedRun, requests: IO[bytes]) -> Outcome | None:
    """Return what became of a run; None where the owner went away in the meantime."""
    from research.reporting.batch.local import LocalExecutor  # noqa: PLC0415

    assert isinstance(executor, LocalExecutor)
    executor.submit(run)
    while True:
        for finished in executor.collect(_MOMENT):
            if finished.outcome is not None:
                return finished.outcome
            told = "the process that ran it was lost: killed, out of memory, or cut off"
            return Outcome({}, Failure(None, None, "WorkerLost", told))
        # The owner never speaks while a run goes on: something to read is the end of the pipe.
        if select.select([requests], [], [], 0)[0]:
            return None

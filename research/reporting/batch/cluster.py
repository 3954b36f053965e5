"""Runs on a Dask cluster: each run pinned to a worker, so that a lost one is noticed and the run goes elsewhere."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Self

from research.errors import ExtraError
from research.reporting.batch.executor import Finished, Outcome, failure_of
from research.reporting.batch.plan import PlannedRun
from research.versions import package_hash

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterExecutor"]

_CONNECT: Final = 10.0
"""Seconds to reach the scheduler."""

_WAIT: Final = 30.0
"""Seconds to wait for a first worker, or for another one when all are gone."""

RemoteWork = Callable[[PlannedRun, int, str], Outcome]


def run_remote(run: PlannedRun, timeout: int, package: str) -> Outcome:
    """Run one report on the machine of a Dask worker; called there.

    Parameters
    ----------
    run : PlannedRun
        What to run.
    timeout : int
        Seconds that one cell may take.
    package : str
        Hash of the package that planned the run; another one here would give another report.
    """
    from research.reporting.batch.remote import run_in_child  # noqa: PLC0415 - on the worker only

    return run_in_child(run, timeout, package)


class ClusterExecutor:
    """Workers of a Dask cluster, one run for each of their threads.

    Parameters
    ----------
    address : str
        Of the scheduler, as in ``tcp://scheduler:8786``.
    timeout : int
        Seconds that one cell may take.
    work : callable
        What a worker does with a run.
    package : str, optional
        Hash of the package that planned the runs; by default it is taken now.

    Raises
    ------
    ExtraError
        If Dask is not installed.
    OSError
        When it is entered: if the scheduler cannot be reached, or has no worker.

    Notes
    -----
    The scheduler would run a task again by itself when its worker dies, up to three times and without a word. Pinned to
    one worker, a task of a lost worker waits instead; it is called off, and whoever runs the batch decides.
    """

    def __init__(
        self, address: str, *, timeout: int, work: RemoteWork = run_remote, package: str | None = None
    ) -> None:
        try:
            import distributed  # noqa: F401, PLC0415 - an optional extra
        except ImportError:
            raise ExtraError("Dask is not installed: pip install 'tracking-research[cluster]'") from None
        self.address = address
        self._timeout = timeout
        self._work = work
        self._client: Client | None = None
        self._futures: dict[str, tuple[Future, str]] = {}
        self._last: dict[str, str] = {}
        self._threads: dict[str, int] = {}
        self._numbers = itertools.count()
        self._package = package or package_hash()

    @property
    def capacity(self) -> int:
        """How many runs the workers that are there now work on at the same time."""
        return max(sum(self._threads.values()), 1)

    def __enter__(self) -> Self:
        """Connect, and wait for a first worker."""
        from distributed import Client  # noqa: PLC0415

        try:
            self._client = Client(self.address, timeout=_CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            message = f"no Dask scheduler at {self.address}: {str(error) or type(error).__name__}"
            raise ConnectionError(message) from None
        try:
            self._look(until=time.monotonic() + _WAIT)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *reason: object) -> None:
        """Call off what is still running and leave the cluster as it was."""
        if self._client is not None:
            for future, _ in self._futures.values():
                future.cancel(force=True)
            self._client.close()
            self._client = None
        self._futures.clear()

    def submit(self, run: PlannedRun) -> None:
        """Start a run on the least busy worker; a second time on another one than before, where there is one."""
        assert self._client is not None
        self._look(until=time.monotonic() + _WAIT)
        worker = self._choose(self._last.get(run.id))
        # A key of its own for every attempt: the scheduler remembers what it has seen.
        key = f"research-{run.id}-{next(self._numbers)}"
        future = self._client.submit(
            self._work, run, self._timeout, self._package, key=key, workers=[worker], pure=False, retries=0
        )
        self._futures[run.id] = (future, worker)
        self._last[run.id] = worker

    def collect(self, seconds: float) -> list[Finished]:
        """Return what has ended, and what was on a worker that is gone."""
        from distributed import wait  # noqa: PLC0415

        try:
            wait([future for future, _ in self._futures.values()], timeout=seconds, return_when="FIRST_COMPLETED")
        except TimeoutError:
            pass
        except Exception:  # noqa: BLE001 - what became of a task is asked of it below
            time.sleep(seconds)
        self._look()
        found = []
        for name, (future, worker) in list(self._futures.items()):
            if future.status == "finished":
                found.append(Finished(name, _fetched(future)))
            elif future.status in {"error", "cancelled", "lost"}:
                found.append(Finished(name, _failed(future)))
            elif worker not in self._threads:
                future.cancel(force=True)
                found.append(Finished(name, None))
            else:
                continue
            del self._futures[name]
        return found

    def _look(self, until: float | None = None) -> None:
        """Take note of the workers that are there; wait for one until a time, where none is.

        Raises
        ------
        OSError
            If there is still none, or the scheduler is gone.
        """
        while True:
            self._threads = self._workers()
            if self._threads or until is None:
                return
            if time.monotonic() > until:
                raise ConnectionError(f"the Dask cluster at {self.address} has no worker: start one and call again")
            time.sleep(0.2)

    def _workers(self) -> dict[str, int]:
        assert self._client is not None
        try:
            known: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        except Exception:  # noqa: BLE001 - the scheduler is gone, and with it every worker
            return {}
        return {name: int(about.get("nthreads", 1)) for name, about in known.items()}

    def _choose(self, before: str | None) -> str:
        """Return the worker with most room, another than the one before where there is another."""
        busy = [worker for _, worker in self._futures.values()]
        others = [name for name in self._threads if name != before] or list(self._threads)
        return max(sorted(others), key=lambda name: self._threads[name] - busy.count(name))


def _fetched(future: Future) -> Outcome | None:
    """Return a result, or None where its worker went before it could be fetched."""
    try:
        outcome = future.result(timeout=60)
    except Exception:  # noqa: BLE001 - it was there a moment ago
        return None
    return outcome if isinstance(outcome, Outcome) else None


def _failed(future: Future) -> Outcome | None:
    """Return why a task raised; None where it did not: called off, or its worker was lost."""
    if future.status != "error":
        return None
    from distributed import KilledWorker  # noqa: PLC0415

    try:
        error = future.exception(timeout=60)
    except Exception:  # noqa: BLE001 - nothing can be learnt any more
        return None
    return None if isinstance(error, KilledWorker) or error is None else Outcome({}, failure_of(error))

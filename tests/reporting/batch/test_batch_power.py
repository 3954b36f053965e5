"""A batch that ends in the middle of anything: nothing is lost, nothing half-written, and its lock is free."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from batches import Inline, documents, go, matrix, notebooks, planned, work

from research.errors import BusyError
from research.files import locked
from research.reporting.batch import Outcome, PlannedRun, runner, store
from research.reporting.batch.runner import LOCK_FILE

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture(autouse=True)
def _notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebooks(tmp_path / "notebooks", monkeypatch)


class TestLock:
    """One batch at a time, and a dead one holds nothing."""

    def test_a_second_batch_touches_nothing_and_says_who_is_there(self, tmp_path: Path) -> None:
        plan, out = planned(tmp_path, matrix(1)), tmp_path / "reports"

        def meanwhile(run: PlannedRun) -> Outcome:
            before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
            with pytest.raises(
                BusyError, match=rf"nightly: a batch is running here, process {os.getpid()} on .* since 2"
            ):
                go(plan, out)
            assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
            return work(run)

        assert go(plan, out, Inline(meanwhile)).ok
        assert go(plan, out).ok

    def test_a_dead_holder_s_lock_is_free_and_what_it_left_is_removed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plan, out = planned(tmp_path, matrix(1)), tmp_path / "reports"
        monkeypatch.setattr(runner.tempfile, "gettempdir", lambda: str(tmp_path))
        folder = out / "nightly"
        folder.mkdir(parents=True)
        child = os.fork()
        if child == 0:
            with locked(folder / LOCK_FILE):
                (folder / ".work").mkdir()
                (folder / ".work" / "half").touch()
                (tmp_path / f"research-batch-{os.getpid()}-x").mkdir()
                (tmp_path / f"research-batch-{os.getppid()}-x").mkdir()
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        assert json.loads((folder / LOCK_FILE).read_text())["pid"] == child
        assert go(plan, out).ok
        assert [path.name for path in tmp_path.glob("research-batch-*")] == [f"research-batch-{os.getpid()}-x"]
        assert not (folder / ".work").exists()
        assert (folder / LOCK_FILE).read_text() == ""


class Power:
    """Counts what is done to the file system and cuts the power before one operation."""

    def __init__(self, end: int) -> None:
        self.count = 0
        self.end = end

    def spend(self) -> None:
        self.count += 1
        if self.count == self.end:
            os.kill(os.getpid(), signal.SIGKILL)


def metered(power: Power) -> None:
    """Make every operation of this process that changes the file system pass the meter."""

    def meter(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            power.spend()
            return real(*arguments, **options)

        setattr(owner, name, call)

    meter(os, "fsync")
    for name in ("replace", "unlink", "mkdir"):
        meter(Path, name)


def in_child(task: Callable[[], None]) -> int:
    """Run a task in a forked process and return how it ended: 0, or less than 0 where a signal ended it."""
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            task()
            code = 0
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_killed_before_any_operation_on_the_disk_nothing_is_lost_or_half_written(tmp_path: Path) -> None:
    plan = planned(tmp_path, matrix(1))
    changed_plan = planned(tmp_path, matrix(1, "sleep 0") + '[[include]]\nnotebook = "other"\nmood = "raise"')
    go(changed_plan, tmp_path / "whole")
    whole = documents(tmp_path / "whole")
    end = 0
    code = -signal.SIGKILL
    while code == -signal.SIGKILL:
        end += 1
        out = tmp_path / f"out-{end}"
        go(plan, out)  # an older batch lies there

        def task(out: Path = out, end: int = end) -> None:
            metered(Power(end))
            go(changed_plan, out)

        code = in_child(task)
        # What has a record is whole; what is in the manifest is there.
        folder = out / "nightly"
        shelf = store.Store(folder)
        for run in (*plan.runs, *changed_plan.runs):
            record = folder / ".runs" / f"{run.id}.json"
            if record.exists() and json.loads(record.read_bytes())["status"] == "ok":
                assert any(
                    shelf.verified(one) is not None for one in (*plan.runs, *changed_plan.runs) if one.id == run.id
                )
        for path in folder.rglob("*.json"):
            json.loads(path.read_bytes())
        done = [run.id for run in changed_plan.runs if shelf.verified(run) is not None]
        again = Inline()
        go(changed_plan, out, again)
        assert not set(again.ran) & set(done)
        left = documents(out)
        assert left == whole
        assert not (folder / ".work").exists()
    assert code == 0
    assert end > 30


@pytest.mark.slow
def test_killed_at_random_moments_the_next_call_finishes_the_rest(tmp_path: Path) -> None:
    plan = planned(tmp_path, matrix(12))
    go(plan, tmp_path / "whole")
    whole = documents(tmp_path / "whole")
    draw = random.Random(7)

    def slow(run: PlannedRun) -> Outcome:
        time.sleep(0.01)
        return work(run)

    killed = 0
    for attempt in range(8):
        out = tmp_path / f"out-{attempt}"
        while True:
            child = os.fork()
            if child == 0:
                code = 1
                with contextlib.suppress(BaseException):
                    go(plan, out, Inline(slow))
                    code = 0
                os._exit(code)
            time.sleep(draw.uniform(0.02, 0.3))
            os.kill(child, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if code == 0:
                break
            killed += 1
            for path in out.rglob("*.json"):
                json.loads(path.read_bytes())
        assert documents(out) == whole
    assert killed > 8


def test_content_is_on_disk_before_its_name_and_the_record_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, out = planned(tmp_path, matrix(1)), tmp_path / "reports"
    go(plan, out)
    trace: list[tuple[str, str]] = []
    synced: set[int] = set()
    replace, unlink, fsync = Path.replace, Path.unlink, os.fsync

    def noted_sync(descriptor: int) -> None:
        fsync(descriptor)
        synced.add(os.fstat(descriptor).st_ino)
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        if path.is_dir():
            trace.append(("sync", path.relative_to(out / "nightly").as_posix()))

    def noted_replace(path: Path, target: Path) -> Path:
        assert path.stat().st_ino in synced
        trace.append(("name", target.relative_to(out / "nightly").as_posix()))
        return replace(path, target)

    def noted_unlink(path: Path, missing_ok: bool = False) -> None:
        trace.append(("remove", path.relative_to(out / "nightly").as_posix()))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    monkeypatch.setattr(Path, "unlink", noted_unlink)
    go(plan, out, force=True)
    record, first = ".runs/ETHV/sample.json", trace.index(("remove", ".runs/ETHV/sample.json"))
    assert trace[first : first + 8] == [
        ("remove", record),
        ("sync", ".runs/ETHV"),
        ("remove", "ETHV/sample.json"),
        ("name", "ETHV/sample.html"),
        ("name", "ETHV/sample.ipynb"),
        ("name", "ETHV/sample.json"),
        ("sync", "ETHV"),
        ("name", record),
    ]

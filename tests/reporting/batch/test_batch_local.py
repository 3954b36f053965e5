"""Worker processes: real notebooks, workers that are lost, and an end from outside."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import psutil
import pytest
from batches import documents, manifest, matrix, notebooks, page, planned, work
from processes import Interrupted, gone, interrupted_by

from research.reporting import read_result
from research.reporting.batch import LocalExecutor, Plan, local, run_batch
from research.reporting.batch.local import Settings, run_planned, warm_parent
from research.reporting.interruption import uninterrupted
from research.reporting.process import can_fork


@pytest.fixture(autouse=True)
def _notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebooks(tmp_path / "notebooks", monkeypatch)
    monkeypatch.chdir(tmp_path)


def children() -> set[int]:
    """Return the processes below this one; the tracker of shared resources stays for the life of a process."""
    below = psutil.Process().children(recursive=True)
    return {child.pid for child in below if "resource_tracker" not in " ".join(child.cmdline())}


def test_notebooks_run_in_workers_and_leave_what_one_report_would(tmp_path: Path) -> None:
    text = '[matrix]\nfund = ["ETHV", "<script>"]\nnotebook = ["sample"]\n'
    text += '[[include]]\nnotebook = "sample"\nmood = "raise ValueError(1)"'
    plan = planned(tmp_path, text)
    before = children()
    executor = LocalExecutor(2, timeout=60)
    result = run_batch(plan, tmp_path / "reports", executor, gallery=page)
    assert children() <= before
    assert not Path(executor.scratch).exists()
    folder = tmp_path / "reports" / "nightly"
    runs = {run["id"]: run for run in manifest(folder)["runs"]}
    assert result.manifest["counts"] == {"ok": 2, "failed": 1}
    good = read_result(folder / "ETHV" / "sample--mood-empty.json")
    assert (good["fund"], good["answer"]) == ("ETHV", 60 / 7)
    failed = next(run for run in runs.values() if run["status"] == "failed")
    assert (failed["failure"]["cell"], failed["failure"]["heading"]) == (3, "Middle")
    assert (failed["failure"]["error"], failed["failure"]["message"]) == ("ValueError", "1")
    odd = next(run for run in runs.values() if run["fund"] == "<script>")
    assert read_result(folder / odd["files"]["json"]["path"])["fund"] == "<script>"
    for run in runs.values():
        assert "</html>" in (folder / run["files"]["html"]["path"]).read_text()[-20:]
        for file in run["files"].values():
            assert str(tmp_path) not in (folder / file["path"]).read_text()


def test_a_worker_that_is_killed_costs_one_attempt_and_a_second_time_the_run(tmp_path: Path) -> None:
    text = (
        matrix(2)
        + '[[include]]\nnotebook = "other"\nmood = "die once"\n[[include]]\nnotebook = "other"\nmood = "die always"'
    )
    executor = LocalExecutor(2, timeout=60, work=work)
    result = run_batch(planned(tmp_path, text), tmp_path / "reports", executor, gallery=page)
    runs = {run["parameters"]["mood"]: run for run in result.manifest["runs"]}
    assert result.manifest["counts"] == {"ok": 3, "failed": 1}
    assert (runs["die once"]["status"], runs["die once"]["note"]) == ("ok", "retried once: the worker was lost")
    assert runs["die always"]["failure"]["error"] == "WorkerLost"
    assert runs[""]["note"] is None


def test_a_worker_killed_from_outside_while_idle_or_at_work_is_replaced(tmp_path: Path) -> None:
    plan = planned(tmp_path, matrix(1))
    with LocalExecutor(1, timeout=60, work=work) as executor:
        executor.submit(plan.runs[0])
        [first] = executor.collect(60)
        assert first.outcome is not None
        [pid] = executor.processes
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
        executor.submit(plan.runs[0])
        found = executor.collect(60)
        assert [finished.outcome for finished in found] == [None]
        executor.submit(plan.runs[0])
        [again] = executor.collect(60)
        assert again.outcome is not None
        assert set(executor.processes) != {pid}
    assert executor.processes == {}


@pytest.mark.skipif(not can_fork(), reason="workers are spawned here")
def test_workers_come_also_after_the_process_that_they_are_forked_from_was_killed(tmp_path: Path) -> None:
    plan = planned(tmp_path, matrix(1))
    with LocalExecutor(1, timeout=60, work=work) as executor:
        [server] = (psutil.Process(pid) for pid in children())
        server.kill()
        gone(server.pid)  # not waited for: who waits for a process takes its end away from its owner
        executor.submit(plan.runs[0])
        [finished] = executor.collect(60)
        assert finished.outcome is not None
    assert children() == set()


@pytest.mark.skipif(not can_fork(), reason="workers are spawned here")
def test_the_process_that_workers_are_forked_from_has_one_thread(tmp_path: Path) -> None:
    plan = planned(tmp_path, matrix(1))
    with LocalExecutor(1, timeout=60, work=work) as executor:
        [server] = (psutil.Process(pid) for pid in children())
        executor.submit(plan.runs[0])
        executor.collect(60)
        assert server.num_threads() == 1


@pytest.mark.skipif(not can_fork(), reason="workers are spawned here")
def test_a_worker_whose_parent_was_killed_is_waited_for(tmp_path: Path) -> None:
    plan = planned(tmp_path, matrix(1, "sleep 60"))
    with LocalExecutor(1, timeout=60, work=work) as executor:
        [server] = (psutil.Process(pid) for pid in children())
        executor.submit(plan.runs[0])
        assert executor.collect(1) == []
        [pid] = executor.processes
        psutil.Process(pid).suspend()  # it cannot end by itself
        server.kill()
        until = time.monotonic() + 10
        while multiprocessing.active_children() and time.monotonic() < until:  # which asks for their exit status
            time.sleep(0.01)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(local, "_GRACE", 1.0)
            executor.__exit__()
    assert gone(pid)  # its files are closed a moment before it is dead


@pytest.mark.parametrize("error", [EOFError, BrokenPipeError])
def test_a_worker_that_cannot_be_forked_is_spawned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    asked = []

    def started(executor: LocalExecutor, context: BaseContext) -> Any:
        asked.append(context.get_start_method())
        if len(asked) == 1:
            raise error
        return original(executor, context)

    original = LocalExecutor._started
    monkeypatch.setattr(LocalExecutor, "_started", started)
    plan = planned(tmp_path, matrix(1))
    with LocalExecutor(1, timeout=60, work=work) as executor:
        executor.submit(plan.runs[0])
        [finished] = executor.collect(60)
    assert finished.outcome is not None
    assert asked[1:] == ["spawn"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_worker_that_starts_during_an_interruption_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, elsewhere: bool
) -> None:
    def started(executor: LocalExecutor, context: BaseContext) -> Any:
        worker = original(executor, context)
        if elsewhere:  # a thread of a library, which has not blocked the signal
            go.set()
            thread.join()
        else:
            signal.raise_signal(number)
        seen.append(worker.process.pid)
        return worker

    def raise_it() -> None:
        go.wait()
        signal.pthread_kill(threading.get_ident(), number)

    seen: list[int] = []
    go, thread = threading.Event(), threading.Thread(target=raise_it)
    if elsewhere:
        thread.start()
    original = LocalExecutor._started
    monkeypatch.setattr(LocalExecutor, "_started", started)
    [run] = planned(tmp_path, matrix(1, "sleep 60")).runs
    executor = LocalExecutor(1, timeout=60, work=work)
    with interrupted_by(number), pytest.raises(Interrupted), executor:
        executor.submit(run)
    assert len(seen) == 1
    assert children() == set()


def test_both_signals_of_an_interruption_are_heard_and_no_handler_is_lost() -> None:
    heard = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number in before:
            signal.signal(number, lambda which, _: heard.append(which))
        handlers = [signal.getsignal(number) for number in before]
        with uninterrupted():
            for number in before:
                signal.raise_signal(number)
            assert heard == []
        assert heard == list(before)
        assert [signal.getsignal(number) for number in before] == handlers
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.skipif(not can_fork(), reason="workers are spawned here")
def test_workers_come_from_a_warm_process_that_is_there_already_and_it_stays(tmp_path: Path) -> None:
    [run] = planned(tmp_path, matrix(1, "import os; open('parent', 'w').write(str(os.getppid()))")).runs
    with warm_parent():
        [server] = children()
        with LocalExecutor(1, timeout=60) as executor:
            executor.submit(run)
            [finished] = executor.collect(60)
            [worker] = executor.processes
            assert psutil.Process(worker).ppid() == server
        assert finished.outcome is not None
        assert finished.outcome.failure is None
        assert Path("parent").read_text() == str(worker)
        assert children() == {server}
    assert children() == set()


@pytest.mark.skipif(not can_fork(), reason="workers are spawned here")
def test_reports_come_also_after_the_warm_process_was_killed(tmp_path: Path) -> None:
    [run] = planned(tmp_path, matrix(1)).runs
    with LocalExecutor(1, timeout=60) as executor:
        [server] = children()
        os.kill(server, signal.SIGKILL)
        gone(server)
        executor.submit(run)
        [finished] = executor.collect(60)
    assert finished.outcome is not None
    assert finished.outcome.failure is None


def test_no_module_in_the_folder_at_hand_stands_in_for_one_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    plan = planned(tmp_path, matrix(1))
    (tmp_path / "at hand").mkdir()
    monkeypatch.chdir(tmp_path / "at hand")
    for name in ("random", "papermill", "bs4", "socket", "selectors"):
        Path(f"{name}.py").write_text(f"open('hit', 'w').close(); raise RuntimeError('the wrong {name}')")
    environment = dict(os.environ)
    with LocalExecutor(1, timeout=60) as executor:
        executor.submit(plan.runs[0])
        [finished] = executor.collect(60)
        assert finished.outcome is not None
        assert finished.outcome.failure is None
    assert not Path("hit").exists()
    assert "wrong" not in capfd.readouterr().err
    assert dict(os.environ) == environment


def test_stopping_ends_workers_in_the_middle_of_a_run(tmp_path: Path) -> None:
    [run] = planned(tmp_path, matrix(1, "sleep 60")).runs
    begun = time.monotonic()
    with LocalExecutor(1, timeout=60, work=work) as executor:
        executor.submit(run)
        assert executor.collect(3) == []
        [pid] = executor.processes
    assert time.monotonic() - begun < 30
    assert not psutil.pid_exists(pid)


def test_what_goes_wrong_in_a_worker_outside_the_cells_is_a_failure_with_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [run] = planned(tmp_path, matrix(1)).runs
    settings = Settings(60, str(tmp_path / "nowhere"), str(tmp_path), dict(os.environ))
    outcome = run_planned(run, settings)
    assert outcome.failure is not None
    assert (outcome.failure.error, outcome.files) == ("FileNotFoundError", {})
    monkeypatch.setattr("sys.executable", "/bin/false")
    outcome = run_planned(run, Settings(60, str(tmp_path), str(tmp_path), dict(os.environ)))
    assert outcome.failure is not None
    assert outcome.failure.error == "NotebookError"
    assert str(tmp_path) not in outcome.failure.message


KINDS = {
    "raise ValueError('bad <b>')": "ValueError",
    "import os, signal; os.kill(os.getpid(), signal.SIGKILL)": "DeadKernel",
    "import time; time.sleep(60)": "Timeout",
    "import sys; sys.exit(3)": "SystemExit",
    "open(result_path, 'w').write('x'); raise SystemExit(0)": "InvalidResult",
    "raise SystemExit(0)": "MissingResult",
    "import research; research.load('nobody')": "UnknownNameError",
    "open('/nowhere/x')": "FileNotFoundError",
    "x = [0] * 10**15": "MemoryError",
    "import no_such_module": "ModuleNotFoundError",
}


@pytest.mark.slow
def test_two_hundred_notebooks_with_twenty_faults_twice(tmp_path: Path) -> None:
    windows = json.dumps(list(range(20, 110)))
    text = f'[matrix]\nfund = ["ETHV", "ETHA"]\nnotebook = ["sample"]\nwindow = {windows}\n'
    for mood in KINDS:
        for fund in ("ETHV", "ETHA"):
            text += f"[[include]]\nfund = '{fund}'\nnotebook = 'sample'\nmood = {json.dumps(mood)}\n"
    plan: Plan = planned(tmp_path, text)
    assert len(plan.runs) == 200
    for out in ("one", "two"):
        result = run_batch(plan, tmp_path / out, LocalExecutor(2, timeout=10), gallery=page)
        assert result.manifest["counts"] == {"ok": 180, "failed": 20}
        for run in result.manifest["runs"]:
            mood = run["parameters"]["mood"]
            if not mood:
                content = read_result(tmp_path / out / "nightly" / run["files"]["json"]["path"])
                assert content["answer"] == run["parameters"]["window"] / 7
                continue
            assert run["failure"]["error"] == KINDS[mood]
            assert run["failure"]["cell"] == (None if KINDS[mood] in {"InvalidResult", "MissingResult"} else 3)
            assert set(run["files"]) == {"html", "ipynb", "json"}
    assert documents(tmp_path / "one") == documents(tmp_path / "two")


@pytest.mark.slow
def test_workers_killed_at_random_lose_nothing(tmp_path: Path) -> None:
    import random
    import threading

    plan = planned(tmp_path, matrix(30))
    run_batch(plan, tmp_path / "whole", LocalExecutor(2, timeout=60), gallery=page)
    executor = LocalExecutor(2, timeout=60)
    draw, over = random.Random(3), threading.Event()

    def kill() -> None:
        for _ in range(4):
            over.wait(draw.uniform(1, 4))
            victims = [pid for pid, run in list(executor.processes.items()) if run is not None]
            if victims:
                os.kill(draw.choice(victims), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    result = run_batch(plan, tmp_path / "out", executor, gallery=page)
    over.set()
    thread.join()
    again = run_batch(plan, tmp_path / "out", LocalExecutor(2, timeout=60), gallery=page)
    assert again.ok
    assert len(result.manifest["runs"]) == 30
    results = {name: content for name, content in documents(tmp_path / "whole").items() if "/ETHV/sample" in name}
    assert {name: documents(tmp_path / "out")[name] for name in results if ".runs" not in name} == {
        name: content for name, content in results.items() if ".runs" not in name
    }

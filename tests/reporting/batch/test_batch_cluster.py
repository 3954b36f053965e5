"""A batch on a real Dask cluster on this machine: the same files as here, and workers that are lost in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cluster_work
import psutil
import pytest
from batches import manifest, matrix, notebooks, page, planned

from research.cli import main
from research.reporting.batch import LocalExecutor, run_batch
from research.reporting.batch.cluster import ClusterExecutor, run_remote

pytestmark = pytest.mark.cluster

# A worker that is killed says so in its own words, in threads of the client.
IGNORED = "ignore::pytest.PytestUnraisableExceptionWarning"


@pytest.fixture(autouse=True)
def _notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebooks(tmp_path / "notebooks", monkeypatch)
    monkeypatch.chdir(tmp_path)


class Cluster:
    """A scheduler and workers, each a process; killing one is killing a machine."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.file = folder / "scheduler.json"
        self.environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "PYTHONWARNINGS": "ignore"}
        self.log = (folder / "cluster.log").open("w")
        self.scheduler = self.start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.workers = [self.worker() for _ in range(workers)]

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")

    def start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", str(self.file), *arguments]
        return subprocess.Popen(command, env=self.environment, stdout=self.log, stderr=self.log)

    @property
    def address(self) -> str:
        import json

        for _ in range(300):
            try:
                return str(json.loads(self.file.read_text())["address"])
            except (OSError, ValueError):
                time.sleep(0.1)
        raise TimeoutError((self.file.parent / "cluster.log").read_text())

    def stop(self) -> None:
        below = [child for process in self.workers for child in self.children(process)]
        for process in (*self.workers, self.scheduler):
            process.terminate()
        for process in (*self.workers, self.scheduler):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.log.close()
        _, alive = psutil.wait_procs(below, timeout=20)
        assert not alive, "a worker's children outlive it"

    @staticmethod
    def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
        try:
            return psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


@pytest.fixture
def cluster(tmp_path: Path):
    made = Cluster(tmp_path, 2)
    yield made
    made.stop()


def contents(folder: Path) -> dict[str, bytes]:
    """Every .json of a batch but its scratch, by relative path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.json"))}


def test_a_cluster_leaves_the_files_that_this_machine_leaves(tmp_path: Path, cluster: Cluster) -> None:
    text = matrix(3) + '[[include]]\nfund = "ETHV"\nnotebook = "other"\nmood = "raise ValueError(1)"\n'
    plan = planned(tmp_path, text)
    there = run_batch(plan, tmp_path / "there", ClusterExecutor(cluster.address, timeout=60), gallery=page)
    here = run_batch(plan, tmp_path / "here", LocalExecutor(2, timeout=60), gallery=page)
    assert there.manifest["counts"] == here.manifest["counts"] == {"ok": 3, "failed": 1}
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


@pytest.mark.filterwarnings(IGNORED)
def test_a_worker_lost_in_the_middle_costs_one_attempt_and_is_said(tmp_path: Path, cluster: Cluster) -> None:
    plan = planned(tmp_path, matrix(4, "import time; time.sleep(4)"))
    killed: list[int] = []

    def kill() -> None:
        # As soon as one of its children is at work, the first worker goes, and its children go with it.
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and len(Cluster.children(cluster.workers[0])) < 3:
            time.sleep(0.1)
        time.sleep(1.0)
        cluster.workers[0].send_signal(signal.SIGKILL)
        killed.append(cluster.workers[0].pid)

    thread = threading.Thread(target=kill)
    thread.start()
    result = run_batch(plan, tmp_path / "reports", ClusterExecutor(cluster.address, timeout=60), gallery=page)
    thread.join()
    assert killed
    assert result.manifest["counts"] == {"ok": 4, "failed": 0}
    notes = [run["note"] for run in manifest(tmp_path / "reports" / "nightly")["runs"]]
    assert sum(note is not None and "retried once" in note for note in notes) == 1


@pytest.mark.filterwarnings(IGNORED)
def test_a_run_that_kills_every_worker_fails_after_two_and_the_others_finish(tmp_path: Path, cluster: Cluster) -> None:
    cluster.workers.append(cluster.worker())
    plan = planned(tmp_path, matrix(3))
    executor = ClusterExecutor(cluster.address, timeout=60, work=cluster_work.die)
    result = run_batch(plan, tmp_path / "reports", executor, gallery=page)
    failures = {run["id"]: run["failure"]["error"] for run in result.manifest["runs"]}
    assert failures["ETHV/sample--window-20"] == "WorkerLost"
    # The stand-in leaves no files for the others: they came back, and that is what is said of them.
    assert sorted(failures.values()) == ["MissingFile", "MissingFile", "WorkerLost"]


def test_what_a_task_raises_is_the_failure_of_its_run(tmp_path: Path, cluster: Cluster) -> None:
    executor = ClusterExecutor(cluster.address, timeout=60, work=cluster_work.fail)
    result = run_batch(planned(tmp_path, matrix(2)), tmp_path / "reports", executor, gallery=page)
    assert [run["failure"]["error"] for run in result.manifest["runs"]] == ["DiskFull", "DiskFull"]


def test_a_worker_with_another_version_of_the_package_says_so(tmp_path: Path) -> None:
    run = planned(tmp_path, matrix(1)).runs[0]
    outcome = run_remote(run, 60, "0" * 64)
    assert outcome.failure is not None
    assert outcome.failure.error == "OtherVersion"


def test_no_scheduler_and_no_worker_are_said(tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "runs.toml").write_text(matrix(1))
    with pytest.raises(SystemExit) as end:
        main(["batch", "runs.toml", "--cluster", "tcp://127.0.0.1:9"])
    assert end.value.code == 1
    assert "no Dask scheduler at tcp://127.0.0.1:9" in capsys.readouterr().err
    empty = Cluster(tmp_path, 0)
    try:
        monkeypatch.setattr("research.reporting.batch.cluster._WAIT", 0.5)
        with pytest.raises(ConnectionError, match="has no worker"), ClusterExecutor(empty.address, timeout=60):
            pass
    finally:
        empty.stop()


def test_jobs_and_cluster_together_are_refused(tmp_path: Path, capsys) -> None:
    (tmp_path / "runs.toml").write_text(matrix(1))
    with pytest.raises(SystemExit) as end:
        main(["batch", "runs.toml", "--cluster", "tcp://127.0.0.1:9", "--jobs", "2"])
    assert end.value.code == 2
    assert "--jobs is for this machine" in capsys.readouterr().err

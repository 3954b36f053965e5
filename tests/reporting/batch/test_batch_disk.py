"""Disks that fill and folders that cannot be written: one run fails, the rest go on, and somebody is told."""

from __future__ import annotations

import contextlib
import errno
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from batches import Inline, Watcher, go, manifest, matrix, notebooks, planned, work

from research.reporting.batch import BatchResult, Outcome, PlannedRun, store


@pytest.fixture(autouse=True)
def _notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebooks(tmp_path / "notebooks", monkeypatch)


@contextlib.contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    """Mount something on a folder; a machine that does not allow it cannot run the test."""
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *options, str(place)], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def limited(path: Path, free: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have files that are staged for a batch fill a disk of so many bytes."""
    real = store.staged

    def stage(content: bytes, folder: Path) -> Path:
        if len(content) > free[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(content, folder)

    monkeypatch.setattr(store, "staged", stage)


def check_full(result: BatchResult, folder: Path) -> None:
    runs = {run["id"].rpartition("-")[2]: run for run in result.manifest["runs"]}
    assert [runs[name]["status"] for name in ("20", "21", "22")] == ["ok", "failed", "ok"]
    assert runs["21"]["failure"]["error"] == "DiskFull"
    assert "No space left on device" in runs["21"]["failure"]["message"]
    assert set(runs["21"]["files"]) == {"json"}
    assert manifest(folder) == result.manifest
    assert not (folder / ".work").exists()


def one_big(size: int) -> Callable[[PlannedRun], Outcome]:
    def big(run: PlannedRun) -> Outcome:
        outcome = work(run)
        if run.id.endswith("21"):
            return Outcome({**outcome.files, "html": b"<html>" + b"x" * size + b"</html>"})
        return outcome

    return big


def test_a_disk_that_fills_fails_one_run_and_the_rest_go_on(tmp_path: Path) -> None:
    plan = planned(tmp_path, matrix(3))
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=2m", "tmpfs") as place:
        result = go(plan, place / "reports", Inline(one_big(3 << 20)))
        check_full(result, place / "reports" / "nightly")
        again = Inline()
        assert go(plan, place / "reports", again).ok
        assert [name[-2:] for name in again.ran] == ["21"]


def test_a_disk_that_fills_where_nothing_can_be_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(tmp_path, [1 << 20], monkeypatch)
    result = go(planned(tmp_path, matrix(3)), tmp_path / "reports", Inline(one_big(1 << 21)))
    check_full(result, tmp_path / "reports" / "nightly")


def test_a_disk_without_room_for_a_line_is_said_at_the_end(tmp_path: Path) -> None:
    plan = planned(tmp_path, matrix(3))
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=1m", "tmpfs") as place:
        go(planned(tmp_path, matrix(3, "sleep 0")), place / "reports")
        before = {path: path.read_bytes() for path in place.rglob("*.html")}
        filler = place / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as stream:
            while stream.write(b"x" * 4096) == 4096:
                pass
        watch = Watcher()
        result = go(plan, place / "reports", watch=watch)
        assert result.manifest["counts"] == {"ok": 0, "failed": 3}
        assert len(watch.named("failed")) == 3
        assert {run["failure"]["error"] for run in result.manifest["runs"]} == {"DiskFull"}
        assert any(problem.startswith("manifest.json could not be written") for problem in result.problems)
        assert sum("no record of its failure" in problem for problem in result.problems) == 3
        assert {path: path.read_bytes() for path in place.rglob("*.html")} == before
        filler.unlink()
        assert go(plan, place / "reports").ok


def test_a_folder_that_is_read_only_fails_its_runs_and_no_others(tmp_path: Path) -> None:
    plan = planned(tmp_path, '[matrix]\nfund = ["ETHA", "ETHV"]\nnotebook = ["sample"]')
    folder = tmp_path / "reports" / "nightly"
    (folder / "ETHA").mkdir(parents=True)
    with mounted(folder / "ETHA", "--bind", str(folder / "ETHA")) as place:
        done = subprocess.run(
            ["mount", "-o", "remount,ro,bind", str(place)], check=False, capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"cannot mount: {done.stderr.strip()}")
        result = go(plan, tmp_path / "reports")
        statuses = {run["fund"]: run for run in result.manifest["runs"]}
        assert statuses["ETHV"]["status"] == "ok"
        assert statuses["ETHA"]["failure"]["error"] in {"NotWritable", "OSError"}
        assert statuses["ETHA"]["files"] == {}
        assert manifest(folder) == result.manifest
    assert go(plan, tmp_path / "reports").ok


def test_a_file_in_the_place_of_a_fund_s_folder_fails_its_runs_and_no_others(tmp_path: Path) -> None:
    plan = planned(tmp_path, '[matrix]\nfund = ["ETHA", "ETHV"]\nnotebook = ["sample"]')
    folder = tmp_path / "reports" / "nightly"
    folder.mkdir(parents=True)
    (folder / "ETHA").write_text("mine")
    result = go(plan, tmp_path / "reports")
    assert [run["status"] for run in result.manifest["runs"]] == ["failed", "ok"]
    assert (folder / "ETHA").read_text() == "mine"

"""The process that runs reports beside a Dask worker."""

from __future__ import annotations

import types
from pathlib import Path

import pytest
from batches import matrix, notebooks, planned

from research.reporting.batch import Outcome, PlannedRun, cluster


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done with processes that run nothing."""
    said: list[str] = []

    class Child:
        def __init__(self, asked: tuple[str, ...]) -> None:
            self.asked, self.package = asked, asked[0]
            self.process = types.SimpleNamespace(poll=lambda: None)
            said.append(f"start {self.package}")

        def run(self, _: PlannedRun) -> Outcome:
            said.append(f"run {self.package}")
            return Outcome()

        def close(self) -> None:
            said.append(f"close {self.package}")

    monkeypatch.setattr(cluster, "_Child", Child)
    monkeypatch.setattr(cluster, "_own", types.SimpleNamespace())
    return said


def test_a_process_that_has_imported_older_code_runs_nothing_more(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    notebooks(tmp_path / "notebooks", monkeypatch)
    [run] = planned(tmp_path, matrix(1)).runs
    for installed in ("one", "one", "two"):
        monkeypatch.setattr(cluster, "package_hash", lambda installed=installed: installed)
        assert cluster.run_remote(run, 60, installed).failure is None
    assert told == ["start one", "run one", "run one", "close one", "start two", "run two"]
    failure = cluster.run_remote(run, 60, "three").failure
    assert failure is not None
    assert failure.error == "OtherVersion"

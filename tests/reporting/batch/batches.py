"""What the tests of batches share: a small notebook, runs without a kernel, and an executor without processes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import pytest
from small_notebooks import WRITE, build

from research import versions
from research.opening import subject
from research.reporting import catalogue
from research.reporting.batch import BatchResult, Finished, Outcome, Plan, PlannedRun, plan_batch, read_spec, run_batch
from research.reporting.batch.local import Settings
from research.reporting.result import Failure

PARAMETERS = """\
fund: str = "ETHV"  # ticker of the fund
start: str = ""  # [date] first session
window: int = 60  # [20 <= x <= 250] sessions in a rolling window
level: float = 0.95  # [0 < x < 1] coverage
kind: str = "log"  # [choice: log, ratio] definition
lags: list[int] = [1, 5]  # lags
data: str = ""  # folder of your own
mood: str = ""  # what goes wrong
result_path: str = ""  # where the result goes
"""


def notebooks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three notebooks: `sample` and `other` with many parameters, `alone` without a fund."""
    build(folder / "sample.ipynb", [("markdown", "## Middle"), mooded(WRITE)], PARAMETERS)
    build(folder / "other.ipynb", [mooded(WRITE.replace('"sample"', '"other"'))], PARAMETERS.replace("window", "width"))
    build(folder / "alone.ipynb", ["1"], 'draws: int = 3  # draws\nresult_path: str = ""')
    monkeypatch.setattr(catalogue, "notebooks_folder", lambda: folder)
    monkeypatch.delenv("RESEARCH_DATA", raising=False)
    # Somebody may be editing the package while its tests run; its hash has tests of its own.
    monkeypatch.setattr(versions, "package_hash", lambda: "f" * 64)
    return folder


def mooded(cell: str) -> str:
    """Return a cell that does as the parameter `mood` says before it writes its result."""
    return f"exec(mood)\nwindow = globals().get('window', 60)\n{cell}"


def planned(folder: Path, text: str, name: str = "nightly", data: str | None = None) -> Plan:
    """Return the plan of a ``runs.toml`` with this text."""
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return plan_batch(read_spec(path), subject, data=data)


def matrix(count: int, mood: str = "") -> str:
    """Return a matrix of so many runs for one fund."""
    windows = ", ".join(str(20 + number) for number in range(count))
    defaults = f"[defaults]\nmood = {mood!r}\n" if mood else ""
    return f'[matrix]\nfund = ["ETHV"]\nnotebook = ["sample"]\nwindow = [{windows}]\n{defaults}'


def work(run: PlannedRun, settings: Settings | None = None) -> Outcome:
    """Do in the place of a notebook what the parameter `mood` says, without a kernel."""
    mood = str(run.parameters.get("mood", ""))
    if mood == "raise":
        page = b"<html>failed</html>\n"
        failure = Failure(3, "Middle", "ValueError", "no <luck> \ud800")
        return Outcome({"html": page, "ipynb": b"{\n}\n", "json": b"whatever"}, failure)
    if mood.startswith("die"):
        mark = Path(f"{mood}.mark")
        if mood == "die always" or not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    if mood.startswith("sleep"):
        time.sleep(float(mood.split()[1]))
    size = int(mood.split()[1]) if mood.startswith("big") else 0
    result = {"schema": "research.result/1", "status": "ok", "fund": run.fund, "notebook": run.notebook}
    result |= {"parameters": dict(run.parameters), "provenance": {"versions": {}, "data": {}, "seed": None}}
    result["answer"] = 0.1
    content = (json.dumps(result, indent=2) + "\n").encode()
    page = b"<html>" + run.id.encode() + b"x" * size + b"</html>\n"
    return Outcome({"html": page, "ipynb": b'{\n "cells": []\n}\n', "json": content})


class Inline:
    """Runs a function in this process, one run after the other."""

    def __init__(self, work: Callable[[PlannedRun], Outcome | None] = work, capacity: int = 2) -> None:
        self.work = work
        self.capacity = capacity
        self.queue: list[PlannedRun] = []
        self.ran: list[str] = []
        self.entered = 0

    def submit(self, run: PlannedRun) -> None:
        assert len(self.queue) < self.capacity
        self.queue.append(run)

    def collect(self, seconds: float) -> list[Finished]:
        run = self.queue.pop(0)
        self.ran.append(run.id)
        return [Finished(run.id, self.work(run))]

    def __enter__(self) -> Self:
        self.entered += 1
        return self

    def __exit__(self, *reason: object) -> None:
        self.queue.clear()


def page(folder: Path) -> None:
    """Write something in the gallery's place."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "index.html").write_text(f"{manifest['counts']}")


def documents(folder: Path) -> dict[str, bytes]:
    """Return every JSON file of a batch by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.json")}


def manifest(folder: Path) -> dict[str, Any]:
    """Return a batch's manifest, and check that every file in it is there."""
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    for run in content["runs"]:
        for file in run["files"].values():
            assert (folder / file["path"]).is_file()
    return content


class Watcher:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def event(self, event: Mapping[str, Any]) -> None:
        self.events.append(dict(event))

    def tick(self) -> None:
        pass

    def named(self, name: str) -> list[str]:
        return [event["run"] for event in self.events if event["event"] == name]


def go(plan: Plan, out: Path, executor: Inline | None = None, **options: Any) -> BatchResult:
    """Run a batch in this process."""
    return run_batch(plan, out, executor or Inline(), **{"gallery": page, **options})

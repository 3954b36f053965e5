"""Twelve reports with two workers: against their own cells in two warm processes, and against two command lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from research.reporting.catalogue import notebook
from research.reporting.process import WARM_ENVIRONMENT, WARM_PREFERENCES

WORKERS = 2
ROUNDS = 4
RUNS = [
    *[(name, {"fund": fund}) for name in ("decomposition", "expense_ratio") for fund in ("ETHV", "ETHA")],
    *[("futures_roll", {"fund": "SIM-FUTURES", "roll_days": days}) for days in (5, 3)],
    *[("premium_discount", {"fund": fund}) for fund in ("ETHV", "SIM-SPOT")],
    *[("staking", {"fund": "SIM-STAKING", "holders": share}) for share in (1.0, 0.5)],
    *[("benchmark_clock", {"fund": fund}) for fund in ("ETHV", "ETHA")],
]

REPORTS = """
import json, sys, time
from collections import deque
from research.opening import subject
from research.reporting.batch import LocalExecutor, plan_batch, read_spec

def make(executor, runs):
    waiting, made = deque(runs), []
    while len(made) < len(runs):
        while waiting and len(runs) - len(waiting) - len(made) < executor.capacity:
            executor.submit(waiting.popleft())
        made += executor.collect(1.0)
    assert all(one.outcome.failure is None and one.outcome.files["html"] for one in made), made

if __name__ == "__main__":
    runs = plan_batch(read_spec(sys.argv[1]), subject).runs
    times = [time.perf_counter()]
    with LocalExecutor(int(sys.argv[2]), timeout=600, preload=["research.cli.warm"]) as executor:
        for _ in range(2):
            make(executor, runs)
            times.append(time.perf_counter())
    print(json.dumps([len(runs), *(after - before for before, after in zip(times, times[1:]))]))
"""
# Prints a line when it is ready, then one for every line that it reads.
CELLS = """
import gc, json, os, sys
os.environ["RESEARCH_WARM_FOR"] = os.devnull
import research.reporting.warm, research.cli.warm
gc.freeze()
gc.enable()
import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from research.reporting.catalogue import notebook
shell = InteractiveShell.instance()
folder = sys.argv[1]
print("ready", flush=True)
for line in sys.stdin:
    name, values = json.loads(line)
    shell.reset()
    values["result_path"] = os.path.join(folder, "result.json")
    good = True
    with capture_output():
        for cell in nbformat.read(notebook(name), 4).cells:
            if cell.cell_type == "code":
                good &= shell.run_cell(cell.source).success
                if "parameters" in cell.metadata.get("tags", ()):
                    shell.push(values)
    print("ok" if good else "failed", flush=True)
"""


@contextmanager
def shells(folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Start the processes that run cells, without waiting until they are ready."""
    environment = {**WARM_PREFERENCES, **os.environ, **WARM_ENVIRONMENT}
    command = [sys.executable, "-c", CELLS, str(folder)]
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder
                )
            )
            for _ in range(WORKERS)
        ]
        try:
            yield started
        finally:
            for worker in started:
                worker.kill()


def ready(started: list[subprocess.Popen[str]]) -> None:
    for worker in started:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"


def work(started: list[subprocess.Popen[str]], runs: list[tuple[str, dict[str, object]]]) -> None:
    """Have the workers take one run after the other until all are done."""
    waiting: SimpleQueue[tuple[str, dict[str, object]] | None] = SimpleQueue()
    for item in [*runs, *[None] * WORKERS]:
        waiting.put(item)

    def feed(worker: subprocess.Popen[str]) -> None:
        assert worker.stdin is not None
        assert worker.stdout is not None
        while (item := waiting.get()) is not None:
            worker.stdin.write(json.dumps(item) + "\n")
            worker.stdin.flush()
            assert worker.stdout.readline() == "ok\n", item

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(feed, started))


def pure_cost(folder: Path) -> float:
    """Return the seconds of the cells alone, in warm processes that have run each notebook before."""
    folder.mkdir()
    with shells(folder) as started:
        ready(started)
        work(started, [RUNS[-1]] * WORKERS)
        begun = time.perf_counter()
        work(started, RUNS)
        return time.perf_counter() - begun


def batch(folder: Path) -> Path:
    """Write the runs as ``research batch`` takes them."""
    folder.mkdir()
    lines = []
    for name, values in RUNS:
        lines += [
            "[[include]]",
            f'notebook = "{name}"',
            *(f"{key} = {json.dumps(value)}" for key, value in values.items()),
        ]
    path = folder / "runs.toml"
    path.write_text("\n".join(lines))
    return path


def reports(runs: Path) -> tuple[float, float]:
    """Return the seconds of a batch's reports, with everything that has to start and without."""
    script = runs.with_name("reports.py")
    script.write_text(REPORTS)
    answer = subprocess.run([sys.executable, script, runs, str(WORKERS)], check=True, capture_output=True, text=True)
    count, whole, warm = json.loads(answer.stdout)
    assert count == len(RUNS) == 12
    return whole, warm


def whole_command(runs: Path, out: Path) -> float:
    """Return the seconds of ``research batch``: planning, reports, table and gallery."""
    command = [Path(sys.executable).parent / "research", "batch", runs, "--out", out, "--jobs", str(WORKERS)]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def command_lines(folder: Path, runs: list[tuple[str, dict[str, object]]]) -> float:
    """Return the seconds of ``papermill`` and ``jupyter nbconvert --to html``, one after the other."""
    folder.mkdir()
    scripts = Path(sys.executable).parent
    begun = time.perf_counter()
    for name, values in runs:
        out = folder / f"{name}.ipynb"
        yaml = json.dumps({**values, "result_path": str(folder / "result.json")})
        papermill = [scripts / "papermill", "--no-progress-bar", notebook(name), out, "-y", yaml]
        for command in (papermill, [scripts / "jupyter", "nbconvert", "--to", "html", out]):
            subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


@pytest.mark.bench
def test_twelve_reports_with_two_workers(tmp_path):
    runs = batch(tmp_path / "batch")
    rounds = []
    # Machines change their speed within minutes: what is compared takes turns, a quarter of the command lines in each.
    for number in range(ROUNDS):
        whole, warm = reports(runs)
        command = whole_command(runs, tmp_path / f"out-{number}")
        cells = pure_cost(tmp_path / f"cells-{number}")
        lines = ROUNDS * command_lines(tmp_path / f"lines-{number}", RUNS[number::ROUNDS])
        rounds.append((cells, warm, whole, command, lines))
    cells, warm, whole, command, lines = (sum(times) / ROUNDS for times in zip(*rounds, strict=True))
    print(f"\n{len(RUNS)} reports, {WORKERS} workers, mean of {ROUNDS} rounds")  # noqa: T201 - a benchmark is read
    rows = {
        "cells alone": cells,
        "reports, warm": warm,
        "reports, with all starts": whole,
        "research batch": command,
        "papermill, nbconvert": lines,
    }
    for place, (name, seconds) in enumerate(rows.items()):
        each = "  ".join(f"{times[place]:6.1f}" for times in rounds)
        print(f"  {name:<26}{seconds:9.2f} s{seconds / cells:8.2f} × cells{lines / seconds:8.1f} × faster   ({each})")  # noqa: T201
    assert warm <= 1.5 * cells
    assert lines >= 10 * command

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
from research.reporting.kernels import kernel_server
from research.reporting.kernels.environment import SERVER_ENVIRONMENT, SERVER_PREFERENCES

WORKERS = 2
RUNS = [
    *[(name, {"fund": fund}) for name in ("decomposition", "expense_ratio") for fund in ("ETHV", "ETHA")],
    *[("futures_roll", {"fund": "SIM-FUTURES", "roll_days": days}) for days in (5, 3)],
    *[("premium_discount", {"fund": fund}) for fund in ("ETHV", "SIM-SPOT")],
    *[("staking", {"fund": "SIM-STAKING", "holders": share}) for share in (1.0, 0.5)],
    *[("benchmark_clock", {"fund": fund}) for fund in ("ETHV", "ETHA")],
]

# Both print a line when they are ready, then one for every line that they read.
REPORTS = """
import json, pathlib, sys
sys.modules["rfc3987_syntax"] = None  # as a batch's workers do
import nbformat, papermill
from research.reporting.run import run_report
from research.reporting.render import render
render(nbformat.v4.new_notebook(), name="none")
address, folder = sys.argv[1:]
print("ready", flush=True)
for line in sys.stdin:
    name, values = json.loads(line)
    stem = f"{values['fund']}/{name}-{list(values.values())[-1]}"
    run = run_report(name, values, folder, kernel_server=address, stem=stem)
    print(run.status, flush=True)
"""
CELLS = """
import gc, json, os, sys
from research.reporting.kernels.warm import warm
warm()
gc.collect()
gc.freeze()
import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from research.reporting.catalogue import notebook
shell = InteractiveShell.instance()
address, folder = sys.argv[1:]
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
def workers(code: str, address: str, folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Start the workers, without waiting until they are ready."""
    environment = {**SERVER_PREFERENCES, **os.environ, **(SERVER_ENVIRONMENT if code is CELLS else {})}
    command = [sys.executable, "-c", code, address, str(folder)]
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
    with workers(CELLS, "", folder) as started:
        ready(started)
        work(started, [RUNS[-1]] * WORKERS)
        begun = time.perf_counter()
        work(started, RUNS)
        return time.perf_counter() - begun


def forked_reports(folder: Path) -> tuple[float, float]:
    """Return the seconds of the reports, with everything that has to start and without."""
    folder.mkdir()
    begun = time.perf_counter()
    with kernel_server() as address:
        assert address is not None
        with workers(REPORTS, address, folder) as started:
            ready(started)
            work(started, RUNS)
            whole = time.perf_counter() - begun
            begun = time.perf_counter()
            work(started, RUNS)
            return whole, time.perf_counter() - begun


def command_lines(folder: Path) -> float:
    """Return the seconds of ``papermill`` and ``jupyter nbconvert --to html``, one after the other."""
    folder.mkdir()
    scripts = Path(sys.executable).parent
    begun = time.perf_counter()
    for name, values in RUNS:
        out = folder / f"{name}.ipynb"
        yaml = json.dumps({**values, "result_path": str(folder / "result.json")})
        papermill = [scripts / "papermill", "--no-progress-bar", notebook(name), out, "-y", yaml]
        for command in (papermill, [scripts / "jupyter", "nbconvert", "--to", "html", out]):
            subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


@pytest.mark.bench
def test_twelve_reports_with_two_workers(tmp_path):
    whole, warm = forked_reports(tmp_path / "reports")
    pages = list((tmp_path / "reports").rglob("*.html"))
    assert len(pages) == len(RUNS) == 12
    cells = pure_cost(tmp_path / "cells")
    again, warm_again = forked_reports(tmp_path / "again")
    whole, warm = min(whole, again), min(warm, warm_again)
    cells = min(cells, pure_cost(tmp_path / "cells-again"))
    lines = command_lines(tmp_path / "lines")
    print(f"\n{len(RUNS)} reports, {WORKERS} workers")  # noqa: T201 - a benchmark is read
    rows = {"cells alone": cells, "reports, warm": warm, "reports, with all starts": whole, "command lines": lines}
    for name, seconds in rows.items():
        print(f"  {name:<26}{seconds:9.2f} s   {seconds / cells:7.2f} × cells")  # noqa: T201
    print(f"  command lines / reports with all starts {lines / whole:.1f}")  # noqa: T201
    assert warm <= 1.5 * cells
    assert lines >= 10 * whole

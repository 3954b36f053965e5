"""``research batch`` from a terminal: what it prints, where, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
from small_notebooks import FOUND, PARAMETERS, WRITE, build

from research import cli, versions
from research.cli.progress import Bar, JsonLines, Lines, watcher
from research.reporting import batch as reporting_batch
from research.reporting import catalogue
from research.reporting.batch import Finished, LocalExecutor, Plan, PlannedRun, cluster, local, plan_batch
from research.reporting.batch.local import Settings, run_planned
from research.versions import code_fingerprint

GALLERY = "research.reporting.gallery"
Run = Callable[..., tuple[int, str, str]]
SCRIPT = """
import pathlib, signal, sys, types
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gallery = types.ModuleType("research.reporting.gallery")
    gallery.write_gallery = lambda folder: (folder / "index.html").write_text("gallery")
    sys.modules[gallery.__name__] = gallery
    import contextlib
    from research import cli
    from research.reporting import catalogue
    from research.cli import batch
    batch._PRELOAD = "research.reporting.warm"
    catalogue.notebooks_folder = lambda: pathlib.Path(sys.argv[1])
    cli.main(sys.argv[2:])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder beside notebooks: one that computes little, one that fails, one that never ends."""
    notebooks = tmp_path / "notebooks"
    build(notebooks / "sample.ipynb", [WRITE])
    build(notebooks / "found.ipynb", [FOUND])
    build(notebooks / "broken.ipynb", [("markdown", "## Middle"), "raise ValueError('no\\x1b[2J luck')", WRITE])
    endless = "print(flush=True)\nopen('begun', 'w').close()\nimport time\ntime.sleep(300)"
    build(notebooks / "endless.ipynb", [endless, WRITE], PARAMETERS)
    monkeypatch.setattr(catalogue, "notebooks_folder", lambda: notebooks)
    monkeypatch.delenv("RESEARCH_DATA", raising=False)
    # Somebody may be editing the package while its tests run; and what these notebooks need is soon warm.
    monkeypatch.setattr(versions, "package_hash", lambda: "f" * 64)
    monkeypatch.setattr(sys.modules["research.cli.batch"], "_PRELOAD", "research.reporting.warm")
    gallery = types.ModuleType(GALLERY)
    gallery.write_gallery = lambda place: (place / "index.html").write_text("gallery")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, GALLERY, gallery)
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def run(folder: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    def command(text: str, *arguments: str) -> tuple[int, str, str]:
        (folder.parent / "runs.toml").write_text(text)
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with pytest.raises(SystemExit) as end:
                cli.main(["batch", "../runs.toml", *arguments])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        out, err = capfd.readouterr()
        return int(end.value.code or 0), out, err

    return command


def test_a_batch_in_lines_then_as_json_then_with_nothing_to_do(run: Run, folder: Path) -> None:
    text = '[matrix]\nfund = ["ETHV", "ETHA"]\nnotebook = ["sample"]\n[[include]]\nnotebook = "broken"'
    code, out, err = run(text, "--jobs", "2")
    assert (code, out) == (1, "reports/runs/index.html\n")
    lines = err.splitlines()
    assert lines[0] == "runs: 3 runs, 3 to do"
    assert sum(bool(re.fullmatch(r"\[\d/3\] ETH[AV]/sample  \d+\.\d s", line)) for line in lines) == 2
    assert sum("ETHV/broken  FAILED  cell 3 (Middle) failed: ValueError: no [2J luck" in line for line in lines) == 1
    assert lines[-1] == "research: 1 of 3 runs failed"
    code, out, err = run(text, "--json", "--jobs", "1")
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [event["event"] for event in events] == [
        *("begun", "skipped", "skipped", "started", "failed", "ended", "manifest")
    ]
    assert json.loads(Path(events[-1]["path"]).read_bytes())["counts"] == {"ok": 2, "failed": 1}
    code, out, err = run(text.partition("[[include]]")[0])
    assert (code, out) == (0, "reports/runs/index.html\n")
    assert err.splitlines() == [
        "runs: 2 runs, 0 to do, 2 unchanged",
        "left alone, not in the gallery: a run of an earlier matrix: ETHV/broken",
    ]


def test_a_batch_whose_findings_nobody_has_acknowledged_ends_with_3(run: Run, folder: Path) -> None:
    text = '[matrix]\nfund = ["ETHV"]\nnotebook = ["found"]\nwindow = [60, 90]'
    code, _, err = run(text, "--jobs", "1")
    assert code == 3
    last = err.splitlines()[-1]
    assert last.startswith("research: 1 of 2 runs have findings that nobody has acknowledged: ETHV/found")
    assert run(text.replace("60, 90", "90"), "--jobs", "1")[0] == 0


def test_a_dry_run_says_what_would_run_and_writes_nothing(run: Run, folder: Path) -> None:
    text = '[matrix]\nfund = ["ETHV", "ETHA"]\nnotebook = ["sample"]'
    code, out, _ = run(text, "--dry-run")
    assert (code, list(folder.iterdir())) == (0, [])
    assert out.splitlines() == [
        "run   ETHA/sample",
        "run   ETHV/sample",
        "2 to run, 0 to skip; nothing was started",
    ]
    code, out, _ = run(text, "--dry-run", "--json")
    assert [json.loads(line)["action"] for line in out.splitlines()] == ["run", "run"]
    assert list(folder.iterdir()) == []


class Quick(LocalExecutor):
    """Runs in this process."""

    def __init__(self, timeout: int) -> None:
        super().__init__(1, timeout=timeout)

    def __enter__(self) -> Self:
        self.queue: list[PlannedRun] = []
        return self

    def submit(self, run: PlannedRun) -> None:
        self.queue.append(run)

    def collect(self, seconds: float) -> list[Finished]:
        run = self.queue.pop()
        settings = Settings(self._timeout, str(Path.cwd()), str(Path.cwd()), dict(os.environ))
        return [Finished(run.id, run_planned(run, settings))]


@pytest.mark.parametrize(
    ("notebook", "arguments", "code", "steps"),
    [
        ("sample", [], 0, ["code", "warm", "planned", "here", "closed"]),
        ("sampel", [], 2, ["code", "warm", "closed"]),
        ("sample", ["--dry-run"], 0, ["code", "planned"]),
        ("sample", ["--cluster", "tcp://there:8786"], 0, ["code", "planned", "cluster of ffff"]),
    ],
)
def test_processes_get_warm_while_the_matrix_is_read_and_after_the_code_was_looked_at(
    run: Run, monkeypatch: pytest.MonkeyPatch, notebook: str, arguments: list[str], code: int, steps: list[str]
) -> None:
    told: list[str] = []

    @contextlib.contextmanager
    def server(preload: Sequence[str]) -> Iterator[None]:
        told.append("warm")
        try:
            yield
        finally:
            told.append("closed")

    def plan(*given: Any, **options: Any) -> Plan:
        made = plan_batch(*given, **options)
        told.append("planned")
        return made

    def look() -> dict[str, Any]:
        told.append("code")
        return code_fingerprint()

    def executor(_: object, *, timeout: int, package: str = "", **__: object) -> LocalExecutor:
        told.append(f"cluster of {package[:4]}" if package else "here")
        return Quick(timeout)

    monkeypatch.setattr(versions, "code_fingerprint", look)
    monkeypatch.setattr(local, "warm_parent", server)
    monkeypatch.setattr(reporting_batch, "plan_batch", plan)
    monkeypatch.setattr(reporting_batch, "LocalExecutor", executor)
    monkeypatch.setattr(cluster, "ClusterExecutor", executor)
    assert run(f'[matrix]\nfund = ["ETHV"]\nnotebook = ["{notebook}"]', *arguments)[0] == code
    assert told == steps


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        ("[matrix]", [], ["describes no run"]),
        ('[matrix]\nnotebook = ["sample"]\nwindow = [1, 2]', [], ["got 1", "got 2"]),
        ('[matrix]\nnotebook = ["sampel", "brokn"]', [], ["did you mean 'sample'", "did you mean 'broken'"]),
        ('[matrix]\nnotebook = ["sample"]', ["--jobs", "0"], ["--jobs"]),
        ('[matrix]\nnotebook = ["sample"]', ["--data", "/nowhere"], ["nowhere: no such folder"]),
        ('[matrix]\nnotebook = ["sample"]', ["--out", "../runs.toml/x"], ["cannot write reports to"]),
    ],
)
def test_a_wrong_request_is_refused_in_one_line_for_each_fault(
    run: Run, folder: Path, text: str, arguments: list[str], words: list[str]
) -> None:
    code, out, err = run(text, *arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == len(words)
    for line, word in zip(err.splitlines(), words, strict=True):
        assert line.startswith("research: ")
        assert word in line
    assert list(folder.iterdir()) == []


def start(folder: Path, text: str) -> subprocess.Popen[str]:
    (folder.parent / "runs.toml").write_text(text)
    script = folder.parent / "script.py"
    script.write_text(SCRIPT)
    temporary = folder.parent / "t"
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, str(script), str(folder.parent / "notebooks"), "batch", "../runs.toml", "--jobs", "2"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert path.exists()


@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow), (signal.SIGTERM, 143)]
)
def test_an_interrupted_batch_keeps_what_is_finished(run: Run, folder: Path, number: signal.Signals, code: int) -> None:
    text = '[matrix]\nnotebook = ["sample", "endless"]'
    process = start(folder, text)
    try:
        wait_for(folder / "begun")
        wait_for(folder / "reports" / "runs" / ".runs" / "ETHV" / "sample.json")
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does: to all of them
        else:
            process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    manifest = json.loads((folder / "reports/runs/manifest.json").read_bytes())
    assert [run["id"] for run in manifest["runs"]] == ["ETHV/sample"]
    assert list((folder.parent / "t").glob("research-*")) == []
    assert sorted(path.name for path in (folder / "reports/runs/ETHV").iterdir()) == [
        *("sample.html", "sample.ipynb", "sample.json")
    ]


def test_a_second_batch_ends_at_once_and_a_killed_one_is_taken_over(run: Run, folder: Path) -> None:
    import psutil

    process = start(folder, '[matrix]\nnotebook = ["endless"]')
    try:
        wait_for(folder / "begun")
        workers = psutil.Process(process.pid).children(recursive=True)
        code, out, err = run('[matrix]\nnotebook = ["sample"]')
        assert (code, out) == (1, "")
        assert re.search(rf"a batch is running here, process {process.pid} on ", err)
        assert err.count("\n") == 1
        process.kill()
        process.wait()
        code, _, err = run('[matrix]\nnotebook = ["sample"]')
        assert code == 0, err
        _, alive = psutil.wait_procs(workers, timeout=30)
        assert alive == []
    finally:
        process.kill()
        process.communicate()
    content = json.loads((folder / "reports/runs/manifest.json").read_bytes())
    assert [entry["id"] for entry in content["runs"]] == ["ETHV/sample"]


BEGUN = {"event": "begun", "batch": "nightly", "runs": 4, "to_run": 4}
FAILED = {
    "event": "failed",
    "run": "a",
    "seconds": 1.0,
    "cell": 3,
    "heading": None,
    "error": "E",
    "message": "x\r\x1by",
}


def test_a_bar_shows_what_runs_how_many_are_done_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    bar.event(BEGUN)
    bar.event({"event": "started", "run": "a"})
    bar.event({"event": "started", "run": "b" * 300})
    bar.tick()
    drawn = capsys.readouterr().err.splitlines()
    assert drawn[0] == "  a  0 s"
    assert all(len(line) < 80 for line in drawn)
    assert re.fullmatch(r"\[\.+\] 0/4  time left unknown", drawn[-1])
    bar.event(FAILED)
    bar.tick()
    shown = capsys.readouterr().err
    assert shown.startswith("\x1b[3A\x1b[J")
    assert "a  FAILED  cell 3 failed: E: x" in shown
    assert "\x1by" not in shown
    assert re.search(r"\[#+\.+\] 1/4  0 s left", shown)
    assert bar.running.keys() == {"b" * 300}
    bar.clear()
    assert capsys.readouterr().err == "\x1b[2A\x1b[J"


def test_time_left_is_the_mean_of_what_is_done_times_what_is_not() -> None:
    bar = Bar(total=4, done=1, begun=100.0)
    assert bar.bar(110.0, 80).endswith("1/4  30 s left")
    assert bar.bar(1000.0, 80).endswith("1/4  45 min 00 s left")
    assert bar.bar(10000.0, 80).endswith("1/4  8 h 15 min left")


def test_lines_or_json_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with watcher(as_json=True) as watch:
        assert isinstance(watch, JsonLines)
        watch.event(FAILED)
        watch.tick()
    assert json.loads(capsys.readouterr().out) == FAILED
    with watcher(as_json=False) as watch:
        assert isinstance(watch, Lines)
        watch.event(BEGUN)
        watch.event({"event": "retried", "run": "a", "reason": "the worker was lost"})
        watch.tick()
    assert capsys.readouterr().err.splitlines() == ["nightly: 4 runs, 4 to do", "[0/4] a  again: the worker was lost"]


def test_a_terminal_gets_a_bar() -> None:
    import pty

    code = (
        "from research.cli.progress import watcher\n"
        "with watcher(as_json=False) as watch:\n"
        "    watch.event({'event': 'begun', 'batch': 'n', 'runs': 1, 'to_run': 1})\n"
        "    watch.tick()\n"
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "LINES": "24", "COLUMNS": "80"}
    subprocess.run([sys.executable, "-c", code], stderr=theirs, check=True, env=environment)
    os.close(theirs)
    shown = os.read(ours, 10000).decode()
    os.close(ours)
    assert "0/1" in shown
    assert shown.endswith("\x1b[1A\x1b[J")

"""The process of the cells, forked from a warm one or fresh: the same for a notebook, and no run is another's."""

from __future__ import annotations

import inspect
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from interpreters import interpreted
from processes import gone
from small_notebooks import WRITE

from research.reporting import run_report
from research.reporting.batch import LocalExecutor, Outcome, PlannedRun
from research.reporting.batch.local import warm_parent
from research.reporting.catalogue import notebook
from research.reporting.execute import Execution, execute
from research.reporting.process import can_fork

Make = Callable[..., Path]
Run = Callable[..., str]
forks = pytest.mark.skipif(not can_fork(), reason="processes are forked on Linux only")


@pytest.fixture(scope="module", autouse=True)
def _warm() -> Iterator[None]:
    with warm_parent():
        yield


def forked(source: Path, *, timeout: int = 60, **given: Any) -> Outcome:
    """Return what a notebook leaves whose process was forked."""
    run = PlannedRun("sample", "ETHV", source.stem, source.read_bytes(), given, given)
    with LocalExecutor(1, timeout=timeout) as executor:
        executor.submit(run)
        found = executor.collect(120)
    assert len(found) == 1
    assert found[0].outcome is not None
    return found[0].outcome


def outputs(outcome: Outcome | Execution) -> list[list[Any]]:
    """Return the outputs of each code cell but the parameters'."""
    if isinstance(outcome, Outcome):
        node = nbformat.reads(outcome.files["ipynb"].decode(), as_version=4)
    else:
        node = outcome.notebook
    cells = [cell for cell in node.cells if cell.cell_type == "code" and not cell.metadata.get("tags")]
    return [cell.outputs for cell in cells]


def text(outcome: Outcome | Execution) -> str:
    return "".join(out.get("text", "") for cell in outputs(outcome) for out in cell)


def fresh(source: Path, *, timeout: int = 60) -> Execution:
    return execute(source, {}, timeout=timeout)


PROBE = """
import re
import decimal, gc, hashlib, json, locale, multiprocessing, os, pathlib, random, signal, sys, threading, time, warnings
import matplotlib.pyplot, numpy as np, pandas as pd, scipy.optimize, scipy.stats, statsmodels.api
import bleach.css_sanitizer, papermill, research.analyses.decomposition  # libraries add warning filters of their own
random.seed(3); np.random.seed(3)
about = {
    "stdin": os.read(0, 1).decode(),
    "signals": {str(number): str(signal.getsignal(number)) for number in sorted(signal.valid_signals())},
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "leads": [os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid()],
    "threads": sorted(re.sub("[0-9]+", "", thread.name) for thread in threading.enumerate()),
    "arguments": sys.argv,
    "path": sys.path,
    "names": sorted(vars(sys.modules["__main__"])),
    "environment": sorted(os.environ.items() - {("IPYTHONDIR", os.environ["IPYTHONDIR"])}),
    "private": pathlib.Path(os.environ["IPYTHONDIR"]).name.startswith("research-"),
    "folder": os.getcwd(),
    "hash": [hash("x"), hash(b"y")],
    "random": [random.random(), np.random.random(), float(np.random.default_rng(3).random())],
    "numpy": [str(np.geterr()), str(np.get_printoptions())],
    "pandas": pd.describe_option(_print_desc=False),
    "matplotlib": hashlib.sha256(repr(sorted(matplotlib.rcParams.items(), key=str)).encode()).hexdigest(),
    "backend": matplotlib.rcParams["backend"],
    "figures": matplotlib.pyplot.get_fignums(),
    "collects": [gc.isenabled(), gc.get_threshold()],
    "locale": [locale.setlocale(locale.LC_ALL), time.tzname],
    "decimal": str(decimal.getcontext()),
    "start": multiprocessing.get_start_method(allow_none=True),
    "mask": os.umask(0o22),
    "trace": [sys.gettrace() is None, sys.getrecursionlimit()],
    "warnings": sorted(map(str, warnings.filters)),
    "streams": [sys.stdout.encoding, sys.stdout.errors, sys.stdin.read(), type(sys.stderr).__name__],
}
print(json.dumps(about, default=str))
"""


@forks
def test_a_forked_process_is_like_a_fresh_one(
    make_notebook: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREETING", "grüezi\nmitenand")
    source = make_notebook(PROBE)
    one, other = json.loads(text(fresh(source))), json.loads(text(forked(source)))
    assert {name: (other[name], one[name]) for name in one if other[name] != one[name]} == {}
    assert other["folder"] == str(tmp_path)
    assert ["GREETING", "grüezi\nmitenand"] in other["environment"]
    assert other["stdin"] == ""


@forks
def test_a_run_leaves_no_trace_for_the_next(make_notebook: Make, tmp_path: Path) -> None:
    leave = f"""
import os, json, random, sys, warnings, numpy as np, matplotlib.pyplot as plt, pandas as pd
json.left = __builtins__.left = 1
os.chdir({str(tmp_path)!r}); os.environ["LEFT"] = "1"; sys.path.insert(0, "left"); sys.argv.append("left")
plt.figure(); plt.rcParams["lines.linewidth"] = 99; pd.options.display.max_rows = 3; np.seterr(all="raise")
kept = open("left", "w"); random.seed(1); np.random.seed(1); warnings.simplefilter("error")
"""
    look = """
import os, json, sys, warnings, numpy as np, matplotlib.pyplot as plt, pandas as pd
print([hasattr(json, "left"), hasattr(__builtins__, "left"), "LEFT" in os.environ, "left" in sys.path, "kept" in dir(),
       os.path.exists("left"), plt.get_fignums() != [], plt.rcParams["lines.linewidth"] == 99, "left" in sys.argv,
       pd.options.display.max_rows == 3, np.geterr()["divide"] == "raise", warnings.filters[0][0] == "error"])
"""
    runs = [
        PlannedRun(name, None, "sample", make_notebook(cell, name=name).read_bytes(), {}, {})
        for name, cell in (("leave", leave), ("look", look))
    ]
    with LocalExecutor(1, timeout=60) as executor:
        for run in runs:
            executor.submit(run)
            [finished] = executor.collect(60)
    assert finished.outcome is not None
    assert text(finished.outcome).strip() == str([False] * 12)


@forks
def test_a_process_inherits_no_open_file(make_notebook: Make) -> None:
    link = "import os\ndef links(pid):\n    for fd in os.listdir(f'/proc/{pid}/fd'):\n        try:\n"
    link += "            name = os.readlink(f'/proc/{pid}/fd/{fd}')\n        except OSError:\n            continue\n"
    link += "        if int(fd) > 2 and 'socket' in name:\n            yield name\n"
    own, workers = text(forked(make_notebook(link + "print(*links('self'))\nprint(*links(os.getppid()))"))).split("\n")[
        :2
    ]
    assert workers  # the channel to the owner
    assert not set(own.split()) & set(workers.split())


@forks
def test_random_numbers_without_a_seed_differ_between_runs(make_notebook: Make) -> None:
    cell = "import random, numpy as np, uuid\nprint(random.random(), np.random.random(), uuid.uuid4(), sep='\\n')"
    first, second = text(forked(make_notebook(cell))).split(), text(forked(make_notebook(cell))).split()
    assert len(first) == 3
    assert not set(first) & set(second)


@forks
def test_figures_of_pyplot_are_shown(make_notebook: Make) -> None:
    source = make_notebook("import matplotlib.pyplot as plt\nplt.plot([1, 2]);", "plt.plot([2, 1]);")
    one, other = outputs(forked(source)), outputs(fresh(source))
    pictures = [out.data["image/png"] for cell in one for out in cell if "image/png" in out.data]
    assert len(pictures) == 2
    assert pictures == [out.data["image/png"] for cell in other for out in cell if "image/png" in out.data]


@forks
def test_reports_have_the_same_bytes_forked_and_fresh(make_notebook: Make, tmp_path: Path) -> None:
    source = make_notebook(("markdown", "# A sample"), "{'b', 'a', 'c'}\nprint(hash('x'))\n1 / 7", WRITE)
    same_bytes(source, "sample", {"window": 90, "fund": "ETHV"}, tmp_path)


@forks
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "fund"), [("decomposition", "ETHV"), ("futures_roll", "SIM-FUTURES"), ("expense_ratio", "ETHA")]
)
def test_the_notebooks_leave_the_same_bytes_forked_and_fresh(tmp_path: Path, name: str, fund: str) -> None:
    same_bytes(notebook(name), name, {"fund": fund}, tmp_path)


def same_bytes(source: Path, name: str, given: dict[str, Any], folder: Path) -> None:
    alone = run_report(source, given, folder / "reports", stem="sample")
    assert alone.failure is None
    run = PlannedRun("sample", given["fund"], name, source.read_bytes(), given, given)
    with LocalExecutor(1, timeout=600) as executor:
        executor.submit(run)
        [finished] = executor.collect(600)
    assert finished.outcome is not None
    assert finished.outcome.failure is None
    for kind in ("html", "ipynb", "json"):
        assert finished.outcome.files[kind] == getattr(alone, kind).read_bytes()


START = [pytest.param(forked, id="forked", marks=forks), pytest.param(fresh, id="fresh")]


@pytest.mark.parametrize("start", START)
class TestWhatCellsShow:
    """Whatever shows something, it stands in its cell and in its order."""

    def test_what_goes_past_python_is_in_its_cell_in_order(
        self, make_notebook: Make, start: Callable[..., Outcome | Execution]
    ) -> None:
        cells = (
            "import os, subprocess, sys\nprint('a'); os.write(1, b'b\\n'); subprocess.run(['echo', 'c']); print('d')",
            "os.write(2, b'e\\n'); subprocess.run('echo f >&2', shell=True); display(1); os.write(1, b'g\\n'); None",
            "print('h', end=''); print('i', file=sys.stderr); print('j')",
        )
        first, second, third = outputs(start(make_notebook(*cells)))
        assert [(out.name, out.text) for out in first] == [("stdout", "a\nb\nc\nd\n")]
        assert [out.output_type for out in second] == ["stream", "display_data", "stream"]
        assert [out.get("text") for out in second] == ["e\nf\n", None, "g\n"]
        assert [(out.name, out.text) for out in third] == [("stdout", "h"), ("stderr", "i\n"), ("stdout", "j\n")]

    def test_more_than_a_pipe_holds(self, make_notebook: Make, start: Callable[..., Outcome | Execution]) -> None:
        cell = "import os, subprocess\nsubprocess.run(['head', '-c', '1000000', '/dev/zero']); print('x' * 1000000)"
        [[out]] = outputs(start(make_notebook(cell)))
        assert len(out.text) == 2000001

    def test_letters_come_whole(self, make_notebook: Make, start: Callable[..., Outcome | Execution]) -> None:
        cell = "import os\nos.write(1, 'ü'.encode()[:1]); display(1); os.write(1, 'ü'.encode()[1:]); print('\\ud800')"
        assert text(start(make_notebook(cell))) == "ü\\ud800\n"

    def test_displays_are_updated_and_cleared(
        self, make_notebook: Make, start: Callable[..., Outcome | Execution]
    ) -> None:
        cells = (
            "from IPython.display import clear_output\nshown = display('old', display_id=True)",
            "shown.update('new'); print('a')\nclear_output(wait=True)",
            "print('b'); clear_output(); print('c')",
            "print('d'); clear_output(wait=True); print('e')",
        )
        first, second, third, fourth = outputs(start(make_notebook(*cells)))
        assert [out.data["text/plain"] for out in first] == ["'new'"]
        assert [[out.text for out in cell] for cell in (second, third, fourth)] == [["a\n"], ["c\n"], ["e\n"]]

    def test_values_are_numbered_and_kept(self, make_notebook: Make, start: Callable[..., Outcome | Execution]) -> None:
        cells = (
            "6 * 7",
            "assert 42 in Out.values() and '6 * 7' in In and _ == 42",
            "assert not get_ipython().history_manager.enabled\nimport asyncio\nawait asyncio.sleep(0)\n_",
        )
        shown = outputs(start(make_notebook(*cells)))
        assert [[out.data["text/plain"] for out in cell] for cell in shown] == [["42"], [], ["42"]]
        assert shown[0][0].execution_count + 2 == shown[2][0].execution_count

    def test_a_table_is_printed_as_in_a_notebook(
        self, make_notebook: Make, start: Callable[..., Outcome | Execution]
    ) -> None:
        [[out]] = outputs(start(make_notebook("import pandas as pd\npd.DataFrame([range(30)])")))
        assert "..." in out.data["text/html"]
        assert out.data["text/html"].count("<th>") == 23  # twenty columns and dots, twice the index


@pytest.mark.parametrize("start", START)
class TestHowCellsEnd:
    """Each cell that may fail otherwise: what was shown is kept, the cell is named, the cause is true."""

    @pytest.mark.parametrize(
        ("cell", "error", "words"),
        [
            (
                "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
                "DeadKernel",
                "killed, or it ran out of memory",
            ),
            ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "DeadKernel", "SIGSEGV ended it"),
            ("import os\nos._exit(3)", "DeadKernel", "exit code 3"),
            ("import ctypes\nctypes.string_at(0)", "DeadKernel", "SIGSEGV"),
            ("import os\nos.killpg(0, 9)", "DeadKernel", "killed"),
            (
                "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))\nb'x' * 2**40",
                "MemoryError",
                "",
            ),
            ("1 +", "SyntaxError", "invalid syntax"),
            ("import time\ntime.sleep(60)", "Timeout", "longer than 5 seconds"),
            (
                "import signal, time\nfor number in (signal.SIGINT, signal.SIGTERM):\n"
                "    signal.signal(number, signal.SIG_IGN)\n"
                "while True:\n    try: time.sleep(60)\n    except BaseException: pass",
                "Timeout",
                "was stopped",
            ),
            ("raise KeyboardInterrupt('no')", "KeyboardInterrupt", "no"),
            ("class Odd(Exception):\n    def __str__(self): raise ValueError('odd')\nraise Odd", "ValueError", "odd"),
        ],
    )
    def test_in_the_middle(
        self, make_notebook: Make, start: Callable[..., Outcome | Execution], cell: str, error: str, words: str
    ) -> None:
        shown = "print('shown'); display(1); __import__('os').write(1, b'late')"
        run = start(make_notebook(("markdown", "## Middle"), f"{shown}\n{cell}", WRITE), timeout=5)
        assert run.failure is not None
        assert (run.failure.cell, run.failure.heading, run.failure.error) == (3, "Middle", error)
        assert words in run.failure.message
        if error != "SyntaxError":
            kinds = [out.get("text") for out in outputs(run)[0]][:3]
            assert kinds == ["shown\n", None, "late"]
        assert outputs(run)[1] == []

    @pytest.mark.parametrize("cell", ["exit()", "import sys; sys.exit()", "raise SystemExit(0)"])
    def test_politely(self, make_notebook: Make, start: Callable[..., Outcome | Execution], cell: str) -> None:
        run = start(make_notebook(cell, "print('never')"))
        assert outputs(run)[1] == []
        if isinstance(run, Execution):
            assert run.failure is None
        else:
            assert run.failure is not None
            assert run.failure.error == "MissingResult"

    def test_where_a_cell_has_forked_and_the_fork_lives_on(
        self, make_notebook: Make, start: Callable[..., Outcome | Execution]
    ) -> None:
        cell = (
            "import os, time\nchild = os.fork()\nif child == 0:\n    display('from the fork'); time.sleep(600)\n"
            "print(child, flush=True)\nos._exit(3)"
        )
        begun = time.monotonic()
        run = start(make_notebook(cell))
        assert run.failure is not None
        assert time.monotonic() - begun < 50  # not the time limit
        [out] = outputs(run)[0]
        assert gone(int(out.text))


@pytest.mark.parametrize("start", START)
def test_what_a_cell_has_started_ends_with_it(make_notebook: Make, start: Callable[..., Outcome | Execution]) -> None:
    run = start(make_notebook("import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid)"))
    assert gone(int(text(run)))


@pytest.mark.parametrize("start", START)
def test_a_cell_may_start_processes_of_its_own(make_notebook: Make, start: Callable[..., Outcome | Execution]) -> None:
    cell = (
        "import math\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(2) as pool:\n    print(*pool.map(math.factorial, range(5)))"
    )
    assert text(start(make_notebook(cell))) == "1 1 2 6 24\n"


def test_tags_that_papermill_and_nbclient_know(make_notebook: Make, tmp_path: Path) -> None:
    source = make_notebook("raise ValueError('expected')", "print('left out')", "  ", "print('reached')")
    node = nbformat.read(source, as_version=4)
    node.cells[1].metadata.tags, node.cells[2].metadata.tags = ["raises-exception"], ["skip-execution"]
    nbformat.write(node, source)
    run = fresh(source)
    assert run.failure is None
    kinds = [[out.output_type for out in cell.outputs] for cell in run.notebook.cells if cell.cell_type == "code"]
    assert kinds == [[], [], ["error"], [], [], ["stream"]]
    assert text(run) == "reached\n"


OWNER = """
import pathlib, sys
from research.reporting.batch import LocalExecutor, PlannedRun
from research.reporting.execute import execute
source = pathlib.Path(sys.argv[1])
if __name__ == "__main__":
    if sys.argv[2] == "fresh":
        execute(source, {}, timeout=600)
    else:
        with LocalExecutor(1, timeout=600) as executor:
            executor.submit(PlannedRun("sample", None, "sample", source.read_bytes(), {}, {}))
            executor.collect(600)
"""
LONG = """
import os, pathlib, subprocess, time
child = subprocess.Popen(["sleep", "600"])
pathlib.Path("pids.new").write_text(f"{os.getppid()} {os.getpid()} {child.pid}")
os.rename("pids.new", "pids")
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("kind", "victim"),
    [("fresh", "owner"), *[pytest.param("forked", victim, marks=forks) for victim in ("owner", "worker")]],
)
def test_nothing_outlives_a_killed_owner_or_worker(make_notebook: Make, tmp_path: Path, kind: str, victim: str) -> None:
    source = make_notebook(LONG)
    (tmp_path / "owner.py").write_text(OWNER)
    with tempfile.TemporaryDirectory(prefix="kill-", ignore_cleanup_errors=True) as scratch:
        owner = subprocess.Popen(
            [sys.executable, tmp_path / "owner.py", str(source), kind],
            cwd=tmp_path,
            env={**os.environ, "TMPDIR": scratch},
        )
        try:
            end = time.monotonic() + 60
            while not (tmp_path / "pids").exists():
                assert time.monotonic() < end
                assert owner.poll() is None
                time.sleep(0.05)
            parent, cells, child = map(int, (tmp_path / "pids").read_text().split())
            assert (parent == owner.pid) == (kind == "fresh")
            below = {process.pid for process in psutil.Process(owner.pid).children(recursive=True)}
            os.kill(owner.pid if victim == "owner" else parent, signal.SIGKILL)
            if victim == "owner":
                owner.wait()
            for pid in (parent, cells, child):
                assert gone(pid)
            owner.wait(timeout=60)
            assert all(gone(pid) for pid in below)
        finally:
            owner.kill()
            owner.wait()


def test_warming_stops_where_nobody_waits_any_longer(tmp_path: Path) -> None:
    code = (
        "import os, sys\nwanted = sys.argv[1]\nopen(wanted, 'w').close()\nos.environ['RESEARCH_WARM_FOR'] = wanted\n"
        "from research.reporting import warm\nasked = []\n"
        "def fails(): asked.append(1); raise ValueError\n"
        "def last(): asked.append(2); os.remove(wanted)\n"
        "warm.attempt([fails, 'no.such.module', last, lambda: asked.append(3)])\nprint(asked)"
    )
    assert interpreted(code, tmp_path / "wanted").stdout == "[1, 2]\n"


def test_what_nobody_needs_after_all_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import pathlib, time\nfrom research.reporting.warm import attempt\n"
        "steps = pathlib.Path('steps')\n"
        "def step(): steps.open('a').write('x'); time.sleep(0.2)\n"
        "attempt([step] * 500)\n"
    )
    code = (
        "import os, pathlib, sys, time\nfrom research.reporting.batch.local import warm_parent\n"
        "os.chdir(sys.argv[1]); \n"
        "os.environ['PYTHONPATH'] = os.pathsep.join(filter(None, [os.environ.get('PYTHONPATH'), sys.argv[1]]))\n"
        "if __name__ == '__main__':\n"
        "    with warm_parent(['slow']):\n"
        "        while not pathlib.Path('steps').exists(): time.sleep(0.05)\n"
        "    print(len(pathlib.Path('steps').read_text()) < 500)"
    )
    assert interpreted(code, tmp_path).stdout == "True\n"


@forks
def test_cells_are_forked_from_a_worker_and_from_nobody_else(make_notebook: Make) -> None:
    parent = "import os, pathlib\nprint('forkserver' in pathlib.Path(f'/proc/{os.getppid()}/cmdline').read_text())"
    source = make_notebook(parent)
    assert text(forked(source)) == "True\n"
    assert text(fresh(source)) == "False\n"


def test_the_one_private_name_that_is_overridden_is_there() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    assert inspect.signature(InteractiveShell._showtraceback).parameters.keys() == {"self", "etype", "evalue", "stb"}


def test_plain_papermill_runs_the_notebooks(make_notebook: Make, tmp_path: Path) -> None:
    source = make_notebook(WRITE)
    command = [
        sys.executable,
        "-m",
        "papermill",
        "--no-progress-bar",
        source,
        "out.ipynb",
        "-p",
        "result_path",
        "r.json",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert json.loads((tmp_path / "r.json").read_text())["answer"] == 60 / 7
    assert re.search(r"injected-parameters", (tmp_path / "out.ipynb").read_text())

"""Kernels forked from a warm process: each must look like a fresh interpreter, and none may outlive its owner."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from interpreters import interpreted
from processes import gone
from small_notebooks import WRITE

from research.errors import KernelServerWarning, NotebookError
from research.reporting import read_result, run_report
from research.reporting.execute import Execution, execute
from research.reporting.kernels import KernelServer, can_fork, client, kernel_server
from research.reporting.kernels.environment import KERNEL_ENVIRONMENT

pytestmark = pytest.mark.skipif(not can_fork(), reason="kernels are forked on Linux only")

Make = Callable[..., Path]
Run = Callable[..., str]
SERVED = "import os, pathlib\nprint('kernels.server' in pathlib.Path(f'/proc/{os.getppid()}/cmdline').read_text())"


@pytest.fixture(scope="module")
def server() -> Iterator[KernelServer]:
    started = KernelServer()
    yield started
    started.close()


def text(execution: Execution) -> str:
    assert execution.failure is None, execution.failure
    return "".join(
        output.get("text", "") for cell in execution.notebook.cells for output in cell.get("outputs", ()) or ()
    )


@pytest.fixture
def run(make_notebook: Make, server: KernelServer) -> Run:
    """A function that runs cells in a forked kernel and returns what they print."""

    def forked(*cells: str, timeout: int = 60) -> str:
        return text(execute(make_notebook(*cells), {}, timeout=timeout, kernel_server=server.address))

    return forked


PROBE = """
import decimal, gc, hashlib, json, locale, multiprocessing, os, pathlib, random, signal, sys, threading, time, warnings
import matplotlib.pyplot, numpy as np, pandas as pd, scipy.optimize, scipy.stats, statsmodels.api
import research.analyses.decomposition.facts
random.seed(3); np.random.seed(3)
about = {
    "stdin": os.read(0, 1).decode(),
    "signals": {str(number): str(signal.getsignal(number)) for number in sorted(signal.valid_signals())},
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "leads": [os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid()],
    "threads": sorted(re.sub("[0-9]+", "", thread.name) for thread in threading.enumerate()),
    "arguments": [pathlib.Path(sys.argv[0]).name, sys.argv[1], len(sys.argv)],
    "path": sys.path,
    "names": sorted(vars(sys.modules["__main__"])),
    "environment": sorted(os.environ.items() - {("JPY_PARENT_PID", os.environ["JPY_PARENT_PID"]),
                                                 ("IPYTHONDIR", os.environ["IPYTHONDIR"])}),
    "private": pathlib.Path(os.environ["IPYTHONDIR"]).name.startswith("research-"),
    "parent": os.environ["JPY_PARENT_PID"] == str(os.getppid()),
    "folder": os.getcwd(),
    "hash": [hash("x"), hash(b"y")],
    "random": [random.random(), np.random.random(), float(np.random.default_rng(3).random())],
    "numpy": [str(np.geterr()), str(np.get_printoptions())],
    "pandas": pd.describe_option(_print_desc=False),
    "matplotlib": hashlib.sha256(repr(sorted(matplotlib.rcParams.items(), key=str)).encode()).hexdigest(),
    "backend": matplotlib.rcParams["backend"],
    "figures": sys.modules["matplotlib.pyplot"].get_fignums() if "matplotlib.pyplot" in sys.modules else [],
    "collects": [gc.isenabled(), gc.get_threshold()],
    "locale": [locale.setlocale(locale.LC_ALL), time.tzname],
    "decimal": str(decimal.getcontext()),
    "start": multiprocessing.get_start_method(allow_none=True),
    "mask": os.umask(0o22),
    "trace": [sys.gettrace() is None, sys.getrecursionlimit()],
    "warnings": sorted(map(str, warnings.filters)),
}
print(json.dumps(about, default=str))
"""


def test_a_forked_kernel_is_like_a_fresh_one(
    make_notebook: Make, server: KernelServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREETING", "grüezi\nmitenand")
    cell = "import re\n" + PROBE
    fresh = json.loads(text(execute(make_notebook(cell), {}, timeout=60)))
    forked = json.loads(run(cell))
    assert {name: forked[name] for name in fresh if forked[name] != fresh[name]} == {}
    assert forked["folder"] == str(tmp_path)
    assert ["GREETING", "grüezi\nmitenand"] in forked["environment"]
    assert forked["stdin"] == ""


def test_a_run_leaves_no_trace_for_the_next(run: Run, tmp_path: Path) -> None:
    leave = f"""
import os, json, random, sys, numpy as np, matplotlib.pyplot as plt, pandas as pd
json.left = __builtins__.left = 1
os.chdir({str(tmp_path)!r}); os.environ["LEFT"] = "1"; sys.path.insert(0, "left")
plt.figure(); plt.rcParams["lines.linewidth"] = 99; pd.options.display.max_rows = 3; np.seterr(all="raise")
kept = open("left", "w"); random.seed(1); np.random.seed(1)
"""
    look = """
import os, json, sys, numpy as np, matplotlib.pyplot as plt, pandas as pd
print([hasattr(json, "left"), hasattr(__builtins__, "left"), "LEFT" in os.environ, "left" in sys.path, "kept" in dir(),
       os.path.exists("left"), plt.get_fignums() != [], plt.rcParams["lines.linewidth"] == 99,
       pd.options.display.max_rows == 3, np.geterr()["divide"] == "raise"])
"""
    run(leave)
    assert run(look).strip() == str([False] * 10)


def test_a_kernel_inherits_no_open_file(run: Run, server: KernelServer) -> None:
    link = "import os\ndef links(pid):\n    for fd in os.listdir(f'/proc/{pid}/fd'):\n        try:\n"
    link += "            name = os.readlink(f'/proc/{pid}/fd/{fd}')\n        except OSError:\n            continue\n"
    link += "        if int(fd) > 2 and '[' in name and 'anon_inode' not in name:\n            yield name\n"
    own, servers = run(link + "print(*links('self'))\nprint(*links(os.getppid()))").splitlines()
    assert len(servers.split()) >= 4  # the listening socket, the connection, the owner's pipe and the bell
    assert not set(own.split()) & set(servers.split())


def test_random_numbers_without_a_seed_differ_between_runs(run: Run) -> None:
    cell = "import random, numpy as np, uuid\nprint(random.random(), np.random.random(), uuid.uuid4(), sep='\\n')"
    first, second = run(cell).split(), run(cell).split()
    assert len(first) == 3
    assert not set(first) & set(second)


def test_figures_of_pyplot_are_shown(run: Run, make_notebook: Make, server: KernelServer) -> None:
    source = make_notebook("import matplotlib.pyplot as plt\nplt.plot([1, 2]);", "plt.plot([2, 1]);")

    def pictures(address: str | None) -> list[str]:
        cells = execute(source, {}, timeout=60, kernel_server=address).notebook.cells
        return [out.data["image/png"] for cell in cells for out in cell.get("outputs", ()) if "image/png" in out.data]

    forked = pictures(server.address)
    assert len(forked) == 2
    assert forked == pictures(None)


def test_results_have_the_same_bytes_forked_and_fresh(
    make_notebook: Make, server: KernelServer, tmp_path: Path
) -> None:
    source = make_notebook(("markdown", "# A sample"), "{'b', 'a', 'c'}\nprint(hash('x'))", WRITE)
    forked = run_report(source, {"window": 90}, tmp_path / "forked", kernel_server=server.address)
    fresh = run_report(source, {"window": 90}, tmp_path / "fresh")
    assert read_result(forked.json)["answer"] == 90 / 7
    for one, two in zip((forked.html, forked.ipynb, forked.json), (fresh.html, fresh.ipynb, fresh.json), strict=True):
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("notebook", "fund"), [("decomposition", "ETHV"), ("futures_roll", "SIM-FUTURES"), ("expense_ratio", "ETHA")]
)
def test_reports_have_the_same_bytes_forked_and_fresh(
    server: KernelServer, tmp_path: Path, notebook: str, fund: str
) -> None:
    forked = run_report(notebook, {"fund": fund}, tmp_path / "forked", kernel_server=server.address)
    fresh = run_report(notebook, {"fund": fund}, tmp_path / "fresh")
    assert forked.status == fresh.status == "ok"
    for one, two in zip((forked.html, forked.ipynb, forked.json), (fresh.html, fresh.ipynb, fresh.json), strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_a_forked_kernel_that_is_killed(make_notebook: Make, server: KernelServer, tmp_path: Path) -> None:
    source = make_notebook(("markdown", "## Memory"), "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", WRITE)
    failure = run_report(source, {}, tmp_path, kernel_server=server.address).failure
    assert failure is not None
    assert (failure.cell, failure.heading, failure.error) == (2 + 1, "Memory", "DeadKernel")
    assert server.alive


def test_a_forked_kernel_that_runs_out_of_memory(make_notebook: Make, server: KernelServer, tmp_path: Path) -> None:
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))\nb'x' * 2**33"
    failure = run_report(make_notebook(limit, WRITE), {}, tmp_path, kernel_server=server.address).failure
    assert failure is not None
    assert (failure.cell, failure.error) == (3, "MemoryError")


@pytest.mark.parametrize(
    "cell",
    [
        "import time, os\nprint(os.getpid(), flush=True)\ntime.sleep(60)",
        "import time, os, signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(os.getpid(), flush=True)\n"
        "while True:\n    try: time.sleep(60)\n    except BaseException: pass",
    ],
    ids=["polite", "stubborn"],
)
def test_a_forked_kernel_that_hangs(make_notebook: Make, server: KernelServer, tmp_path: Path, cell: str) -> None:
    run = run_report(make_notebook(cell, WRITE), {}, tmp_path, timeout=1, kernel_server=server.address)
    assert run.failure is not None
    assert (run.failure.cell, run.failure.error) == (3, "Timeout")
    pid = re.search(r'<pre class="stream"[^>]*>(\d+)', run.html.read_text())
    assert pid is not None
    assert gone(int(pid[1]))


def test_a_crash_between_fork_and_kernel(
    make_notebook: Make, server: KernelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = client.fork_kernel

    async def crashing(address: str, arguments: list[str], *rest: object) -> client.ForkedProcess:
        return await original(address, [*arguments, "--IPKernelApp.kernel_class=no.such.Kernel"], *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("research.reporting.kernels.provisioner.fork_kernel", crashing)
    with pytest.raises(NotebookError, match="the kernel did not start"):
        run_report(make_notebook(WRITE), {}, tmp_path / "reports", kernel_server=server.address)
    assert not (tmp_path / "reports").exists()
    assert server.alive


def test_what_a_kernel_has_started_ends_with_it(run: Run) -> None:
    pid = int(run("import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid)"))
    assert gone(pid)


@pytest.fixture
def scratch() -> Iterator[dict[str, str]]:
    """An environment whose temporary folder, with a path short enough for sockets, goes with the test."""
    with tempfile.TemporaryDirectory(prefix="kill-") as folder:
        yield {**os.environ, "TMPDIR": folder}


OWNER = """
import pathlib, sys
from research.reporting.execute import execute
from research.reporting.kernels import kernel_server
with kernel_server() as address:
    pathlib.Path("address").write_text(address)
    execute(pathlib.Path(sys.argv[1]), {}, timeout=600, kernel_server=address)
"""
LONG = """
import os, pathlib, subprocess, time
child = subprocess.Popen(["sleep", "600"])
pathlib.Path("pids.new").write_text(f"{os.getppid()} {os.getpid()} {child.pid}")
os.rename("pids.new", "pids")
time.sleep(600)
"""


@pytest.mark.parametrize("victim", ["owner", "server"])
def test_nothing_outlives_a_killed_owner_or_server(
    make_notebook: Make, tmp_path: Path, scratch: dict[str, str], victim: str
) -> None:
    source = make_notebook(LONG)
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(source)], cwd=tmp_path, env=scratch)
    try:
        end = time.monotonic() + 60
        while not (tmp_path / "pids").exists():
            assert time.monotonic() < end
            assert owner.poll() is None
            time.sleep(0.05)
        server, kernel, child = map(int, (tmp_path / "pids").read_text().split())
        assert psutil.Process(server).ppid() == owner.pid
        os.kill(owner.pid if victim == "owner" else server, signal.SIGKILL)
        assert gone(server)
        assert gone(kernel)
        assert gone(child)
        owner.wait(timeout=60)
        assert not Path((tmp_path / "address").read_text()).parent.exists()
    finally:
        owner.kill()
        owner.wait()


def test_a_kernel_whose_client_dies_is_killed_and_the_server_stays(
    make_notebook: Make, server: KernelServer, tmp_path: Path, scratch: dict[str, str]
) -> None:
    source = make_notebook(LONG)
    code = (
        "import pathlib, sys\nfrom research.reporting.execute import execute\n"
        "execute(pathlib.Path(sys.argv[1]), {}, timeout=600, kernel_server=sys.argv[2])"
    )
    worker = subprocess.Popen([sys.executable, "-c", code, str(source), server.address], cwd=tmp_path, env=scratch)
    end = time.monotonic() + 60
    while not (tmp_path / "pids").exists():
        assert time.monotonic() < end
        assert worker.poll() is None
        time.sleep(0.05)
    parent, kernel, child = map(int, (tmp_path / "pids").read_text().split())
    worker.kill()
    worker.wait()
    assert parent == server.pid
    assert gone(kernel)
    assert gone(child)
    assert server.alive


def test_a_server_that_is_not_there(make_notebook: Make, tmp_path: Path) -> None:
    with pytest.warns(KernelServerWarning, match="this kernel starts afresh"):
        run = run_report(make_notebook(SERVED, WRITE), {}, tmp_path, kernel_server=str(tmp_path / "nothing"))
    assert run.status == "ok"
    assert "False" in run.html.read_text()


def test_an_environment_that_a_running_process_cannot_take(
    make_notebook: Make, server: KernelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    with pytest.warns(KernelServerWarning, match="changed after the start in MPLCONFIGDIR"):
        run = run_report(make_notebook(SERVED, WRITE), {}, tmp_path, kernel_server=server.address)
    assert run.status == "ok"


def test_a_system_without_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "can_fork", lambda: False)
    with pytest.warns(KernelServerWarning, match="cannot fork"), kernel_server() as address:
        assert address is None


def test_a_server_that_nobody_needs_after_all_ends_by_itself() -> None:
    started = KernelServer()
    folder = Path(started.address).parent
    started.close()
    assert started._process.returncode == 0  # killed, it could leave behind what a library was writing
    assert not folder.exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_server_looks_for_its_owner_while_it_gets_warm(tmp_path: Path, is_there: bool) -> None:
    code = (
        "from research.reporting.kernels import server\n"
        "def warm(wanted):\n    print(wanted(), flush=True)\n    return False\n"
        "server.warm = warm\nserver.main()"
    )
    reading, writing = os.pipe()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        if not is_there:
            os.close(writing)
        command = [sys.executable, "-c", code, "--listener", str(listener.fileno()), "--owner", str(reading)]
        ended = subprocess.run(
            command, pass_fds=(listener.fileno(), reading), capture_output=True, text=True, timeout=60, check=True
        )
    os.close(reading)
    if is_there:
        os.close(writing)
    assert ended.stdout == f"{is_there}\n"
    assert not tmp_path.exists()


def test_warming_stops_where_nobody_waits_any_longer() -> None:
    code = (
        "import sys\nfrom research.reporting.kernels.warm import warm\nasked = []\n"
        "done = warm(lambda: asked.append(1) or len(asked) < 3)\n"
        "print(done, len(asked), 'exchange_calendars' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    ended = interpreted(code)
    assert ended.stdout == "False 3 True False\n"


def test_the_server_is_private_single_and_leaves_nothing(server: KernelServer) -> None:
    process = psutil.Process(server.pid)
    folder = Path(server.address).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert os.getsid(server.pid) == server.pid
    with kernel_server() as address:
        assert address is not None
        other = Path(address).parent
        assert other.exists()
    assert not other.exists()
    assert len(process.threads()) == 1
    assert process.children() == []
    assert {KERNEL_ENVIRONMENT[name] for name in KERNEL_ENVIRONMENT if name.endswith("_THREADS")} == {"1"}


def test_plain_papermill_uses_the_kernelspec_and_one_server(make_notebook: Make, tmp_path: Path) -> None:
    source = make_notebook(SERVED + "\nprint(os.getppid(), os.getcwd())")
    code = (
        "import sys, papermill\n"
        "for name in ('one', 'two'):\n"
        "    papermill.execute_notebook(sys.argv[1], f'{name}.ipynb', kernel_name='research-fork', progress_bar=False)"
    )
    subprocess.run([sys.executable, "-c", code, str(source)], cwd=tmp_path, check=True, capture_output=True)
    import nbformat

    told = []
    for name in ("one", "two"):
        cell = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4).cells[-1]
        told.append("".join(output.text for output in cell.outputs if output.name == "stdout").split())
    assert told[0] == told[1]
    assert told[0][0] == "True"
    assert told[0][2] == str(tmp_path)
    assert gone(int(told[0][1]))


@pytest.mark.slow
def test_the_papermill_command_line_forks(make_notebook: Make, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", "-k", "research-fork"]
    subprocess.run([*command, str(make_notebook(SERVED)), "out.ipynb"], cwd=tmp_path, check=True, capture_output=True)
    assert "True\\n" in (tmp_path / "out.ipynb").read_text()

"""The command line: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from interpreters import interpreted
from small_notebooks import FOUND, PARAMETERS, WRITE, build

from research import cli
from research.reporting import catalogue

WITH_DATES = PARAMETERS.replace(
    "window:", 'end: str = ""  # [date] last session\ndata: str = ""  # folder of your own data\nwindow:'
)
ENDLESS = "import time\nprint('started', flush=True)\ntime.sleep(300)"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a notebook that computes little, and one that fails."""
    notebooks = tmp_path / "notebooks"
    build(notebooks / "sample.ipynb", [WRITE], WITH_DATES)
    build(notebooks / "found.ipynb", [FOUND], WITH_DATES)
    build(notebooks / "broken.ipynb", [("markdown", "## Middle"), "raise ValueError('no\\nluck')", WRITE], WITH_DATES)
    build(notebooks / "endless.ipynb", [ENDLESS, WRITE], WITH_DATES)
    build(notebooks / "plain.ipynb", [WRITE], 'result_path: str = ""\nfund: str = "ETHV"  # ticker')
    monkeypatch.setattr(catalogue, "notebooks_folder", lambda: notebooks)
    monkeypatch.delenv("RESEARCH_DATA", raising=False)
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> tuple[int, str, str]:
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        grammar = sys.modules.get("rfc3987_syntax", ...)
        try:
            with pytest.raises(SystemExit) as end:
                cli.main(arguments)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if grammar is ...:
                sys.modules.pop("rfc3987_syntax", None)
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return command


def test_what_no_notebook_needs_is_not_imported_and_stays_for_others() -> None:
    code = (
        "import sys\nfrom research.reporting.execute import quick_imports\nquick_imports()\n"
        "print([name in sys.modules for name in ('papermill', 'pyarrow', 'lark')])\n"
        "import pyarrow.fs, papermill.iorw\nprint(pyarrow.fs.__name__)"
    )
    ended = interpreted(code)
    assert ended.stdout == "[True, False, False]\npyarrow.fs\n"


def test_a_papermill_that_cannot_be_imported_is_left_to_who_runs_it(tmp_path: Path) -> None:
    (tmp_path / "papermill.py").write_text("raise RuntimeError('broken')")
    code = "from research.reporting.execute import quick_imports\nquick_imports()\nimport papermill"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert ended.stderr.rstrip().endswith("RuntimeError: broken")
    assert "line 3" in ended.stderr.splitlines()[1]


def test_a_report_ends_with_the_path_of_its_page(run: Run, folder: Path) -> None:
    code, out, err = run("report", "ethv", "--notebook", "sample", "-p", "window=90", "--start", "2025-01-02")
    assert code == 0, err
    page = folder / out.splitlines()[-1]
    assert page == folder / "reports" / "ETHV" / "sample.html"
    assert "<html" in page.read_text()
    result = json.loads(page.with_suffix(".json").read_text())
    assert result["parameters"] == {"fund": "ETHV", "start": "2025-01-02", "window": 90}
    assert "research: " not in err


def test_json_is_the_file_and_nothing_else(run: Run, folder: Path) -> None:
    code, out, err = run("report", "ETHV", "--notebook", "sample", "--json", "--out", "deep/er")
    assert code == 0
    assert out == (folder / "deep/er/ETHV/sample.json").read_text()
    assert "sample.html" in err


def test_findings_that_nobody_has_acknowledged_end_with_3(run: Run, folder: Path) -> None:
    code, out, err = run("report", "ETHV", "--notebook", "found")
    assert (code, out.splitlines()[-1]) == (3, "reports/ETHV/found.html")
    assert "2024-08-02: close is 31" in out.splitlines()[0]
    assert "close is 31" not in err
    code, out, _ = run("report", "ETHV", "--notebook", "found", "--json")
    assert (code, json.loads(out)["schema"]) == (3, "research.result/1")
    assert run("report", "ETHV", "--notebook", "found", "-p", "window=90")[0] == 0


def test_a_notebook_that_fails(run: Run, folder: Path) -> None:
    code, out, err = run("report", "ETHV", "--notebook", "broken")
    assert code == 1
    assert out.splitlines() == ["reports/ETHV/broken.html"]
    assert err.splitlines()[-1] == "research: broken: cell 3 (Middle) failed: ValueError: no"
    assert json.loads((folder / "reports/ETHV/broken.json").read_text())["status"] == "failed"
    code, out, err = run("report", "ETHV", "--notebook", "broken", "--json")
    assert (code, json.loads(out)["schema"]) == (1, "research.failure/1")


def torn(folder: Path, content: str) -> str:
    """A data folder of the user's own whose only file holds `content`."""
    data = folder.parent / "data"
    data.mkdir()
    fact = '{ value = %s, source = "me", status = "MEM" }'
    entry = f"""
[fund.OWN]
name = "Own"
issuer = "me"
kind = "spot"
asset = "ether"
calendar = "XNYS"
listed = {fact % "2025-01-02"}
benchmark = {fact % '"Index"'}
custodian = {fact % '"nobody"'}
[fund.OWN.fee]
source = "me"
status = "MEM"
[[fund.OWN.fee.periods]]
start = 2025-01-02
tiers = [{{ rate = 0.0 }}]
"""
    for role in ("nav", "benchmark"):
        entry += f"""
[fund.OWN.series.{role}]
file = "own.csv"
column = "{role}"
clock = "16:00 America/New_York"
unit = "USD"
provider = "me"
measures = "Index"
description = "own"
"""
    (data / "funds.toml").write_text(entry)
    (data / "own.csv").write_text(content)
    return str(data)


WRONG = [
    (["report", "ETHX"], r"unknown fund 'ETHX': did you mean 'ETH"),
    (["report", "ETHV", "--notebook", "sampel"], r"unknown notebook 'sampel': did you mean 'sample'"),
    (["report", "ETHV", "-p", "windw=90"], r"unknown parameter 'windw': did you mean 'window'"),
    (["report", "ETHV", "-p", "window=ninety"], r"'window' takes a whole number.*'ninety'"),
    (["report", "ETHV", "-p", "window=1000"], r"20 <= x <= 250"),
    (["report", "ETHV", "-p", "window"], r"name=value"),
    (["report", "ETHV", "-p", "fund=ETHA"], r"given twice: by the argument FUND"),
    (["report", "ETHV", "--start", "2025-01-02", "-p", "start=2025-01-02"], r"given twice: by --start"),
    (["report", "ETHV", "-p", "result_path=x"], r"set by the runner"),
    (["report", "ETHV", "--start", "yesterday"], r"'start' takes .*ISO date"),
    (["report", "ETHV", "--start", "2025-06-02", "--end", "2025-01-02"], r"(?i)end .*before.*start"),
    (["report", "ETHV", "--start", "2025-01-02", "--end", "2025-01-31"], r"30"),
    (["report", "ETHV", "--notebook", "plain", "--start", "2025-01-02"], r"'plain' has no parameter 'start'"),
    (["report", "../ETHV"], r"unknown fund"),
    (["report", "<script>"], r"unknown fund"),
    (["report", ""], r"fund"),
    (["report", "ETHV", "--data", "/nowhere"], r"nowhere"),
    (["report", "ETHV", "--timeout", "0"], r"--timeout"),
    (["report", "ETHV", "--notebok", "sample"], r"--notebok.*--notebook"),
    (["report"], r"FUND"),
    (["reprot"], r"reprot"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_a_wrong_request_is_one_line_and_nothing_else(run: Run, folder: Path, arguments: list[str], words: str) -> None:
    if arguments[0] == "report" and "--notebook" not in arguments:
        arguments = [*arguments, "--notebook", "sample"]
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("research: ")
    assert err.count("\n") == 1
    assert re.search(words, err), err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "date,nav,benchmark\n",
        "date,nav,benchmark\n2025-01-02,10.0,1000\n2025-01-03,10",
        "\0\0\0",
        "date,nav\n2025-01-02,1\n",
    ],
    ids=["empty", "header only", "torn", "binary", "column missing"],
)
def test_a_bad_data_file_is_a_wrong_request(run: Run, folder: Path, content: str) -> None:
    code, out, err = run("report", "OWN", "--notebook", "sample", "--data", torn(folder, content))
    assert (code, out) == (2, "")
    assert err.startswith("research: ")
    assert err.count("\n") == 1
    assert "own.csv" in err
    assert list(folder.iterdir()) == []


def test_a_fund_without_benchmark(run: Run, folder: Path) -> None:
    code, _, err = run("report", "FETH", "--notebook", "sample")
    assert code == 2
    assert re.fullmatch(r"research: FETH has no benchmark series.*\n", err)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_hold_reports(run: Run, folder: Path) -> None:
    (folder / "file").touch()
    code, _, err = run("report", "ETHV", "--notebook", "sample", "--out", "file/inside")
    assert code == 2
    assert err.count("\n") == 1
    assert "cannot write reports to" in err


def test_funds_and_notebooks_are_listed(run: Run) -> None:
    code, out, _ = run("funds")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    code, out, _ = run("funds", "--json")
    listed = {fund["ticker"]: fund for fund in json.loads(out)}
    assert lines.keys() == listed.keys()
    assert lines["ETHV"].endswith(", ".join(listed["ETHV"]["series"]))
    assert {name for name, line in lines.items() if line.endswith("no data")} == {
        name for name, fund in listed.items() if not fund["has_data"]
    }
    assert listed["ETHV"]["has_data"]
    assert listed["SIM-SPOT"]["has_data"]
    assert not listed["TETH"]["has_data"]
    code, out, _ = run("notebooks")
    assert "sample" in out.splitlines()
    assert re.search(r"  window +a whole number, 20 <= x <= 250 +60 +sessions in a rolling window", out)
    assert "result_path" not in out
    code, out, _ = run("notebooks", "--json")
    assert json.loads(out)["sample"][-1]["default"] == 60


def test_notebooks_are_copied(run: Run, folder: Path) -> None:
    code, out, _ = run("notebooks", "--copy", "mine")
    assert code == 0
    assert out.splitlines()[0] == "mine/broken.ipynb"
    (folder / "mine" / "sample.ipynb").write_text("edited")
    code, _, err = run("notebooks", "--copy", "mine")
    assert code == 2
    assert re.fullmatch(r"research: .*sample\.ipynb has changes of its own.*\n", err)
    assert run("notebooks", "--copy", "mine", "--force", "--json")[0] == 0


def test_version_and_help(run: Run) -> None:
    assert re.fullmatch(r"research \d+\.\d+\.\S+\n", run("--version")[1])
    code, out, _ = run("--help")
    assert code == 0
    for command in ("report", "funds", "notebooks"):
        assert command in out
    code, _, err = run()
    assert code == 2
    assert "Usage: research" in err


@pytest.mark.parametrize("wait", [0.0, 2.0], ids=["while the kernel starts", "within a cell"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_nothing(
    folder: Path, tmp_path: Path, number: signal.Signals, code: int, wait: float
) -> None:
    script = (
        # A shell that runs the suite in the background has it ignore SIGINT, and children inherit that.
        "import pathlib, signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from research import cli\nfrom research.reporting import catalogue\n"
        f"catalogue.notebooks_folder = lambda: pathlib.Path({str(tmp_path / 'notebooks')!r})\n"
        "cli.main(['report', 'ETHV', '--notebook', 'endless'])"
    )
    temporary = tmp_path / "t"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = subprocess.Popen(
        [sys.executable, "-c", script], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        deadline = time.monotonic() + 60
        while not list(temporary.glob("research-*/profile_default")) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(wait)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert list(folder.iterdir()) == []
    assert list(temporary.iterdir()) == []


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom research import cli\n"
        "heavy = {'numpy', 'pandas', 'papermill', 'nbconvert', 'nbformat', 'matplotlib', 'pydantic', 'zmq'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    answer = interpreted(code)
    assert answer.stdout.strip() == "[]"

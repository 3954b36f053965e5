"""Whole runs of small notebooks, those that fail above all."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from interpreters import interpreted
from small_notebooks import WRITE

from research.errors import NotebookError, ParameterError, UnknownNameError
from research.reporting import read_result, run_report
from research.reporting.run import RunResult

WITHOUT_PROVENANCE = """
import json
result = json.load(open(result_path))
del result["provenance"]
json.dump(result, open(result_path, "w"))
"""
Make = Callable[..., Path]


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def no_success_is_claimed(run: RunResult) -> None:
    """Check what every failed run must leave."""
    record = json.loads(run.json.read_text())
    assert run.status == record["status"] == "failed"
    assert record["schema"] == "research.failure/1"
    assert run.failure is not None
    assert record["error"] == run.failure.error
    assert "This report failed" in run.html.read_text()
    assert run.ipynb.exists()
    assert files(run.json.parent) == ["sample.html", "sample.ipynb", "sample.json"]
    with pytest.raises(NotebookError):
        run.raise_for_failure()


def test_a_good_run_leaves_three_files(make_notebook: Make, tmp_path: Path) -> None:
    source = make_notebook(("markdown", "# A sample"), WRITE, "import sys; sys.executable")
    before = source.read_bytes()
    run = run_report(source, {"fund": "ETHA", "window": 90}, tmp_path / "reports")
    assert (run.status, run.failure, run.fund) == ("ok", None, "ETHA")
    assert files(tmp_path / "reports") == ["ETHA/sample.html", "ETHA/sample.ipynb", "ETHA/sample.json"]
    assert list((tmp_path / "reports").iterdir()) == [tmp_path / "reports" / "ETHA"]
    assert read_result(run.json) == run.result
    assert run.result["answer"] == 90 / 7
    assert run.parameters == {"fund": "ETHA", "start": "", "window": 90}
    assert "<title>ETHA · sample</title>" in run.html.read_text()
    assert repr(sys.executable) in run.ipynb.read_text().replace("\\\\", "\\")
    assert source.read_bytes() == before
    run.raise_for_failure()


def test_two_runs_leave_the_same_bytes(make_notebook: Make, tmp_path: Path) -> None:
    warn = "import warnings\nprint(result_path)\nwarnings.warn('odd')\n{'b', 'a', 'c', 'd'}"
    source = make_notebook(("markdown", "# A sample"), warn, WRITE)
    first = run_report(source, {"window": 90}, tmp_path / "one")
    second = run_report(source, {"window": 90}, tmp_path / "two")
    for one, two in zip((first.html, first.ipynb, first.json), (second.html, second.ipynb, second.json), strict=True):
        assert one.read_bytes() == two.read_bytes()
        assert str(tmp_path).encode() not in one.read_bytes()


def test_the_notebook_left_behind_runs_again(
    make_notebook: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import papermill

    run = run_report(make_notebook(WRITE), {"window": 90}, tmp_path / "reports")
    monkeypatch.chdir(tmp_path)
    papermill.execute_notebook(str(run.ipynb), str(tmp_path / "again.ipynb"), progress_bar=False)
    assert (tmp_path / "sample.json").read_bytes() == run.json.read_bytes()


def test_a_cell_that_raises(make_notebook: Make, tmp_path: Path) -> None:
    good = run_report(make_notebook(WRITE), {}, tmp_path)
    assert json.loads(good.json.read_text())["status"] == "ok"
    source = make_notebook(
        ("markdown", "# T\n\n## The <sample>"), "print('before')", WRITE, "raise ValueError(f'no {result_path}')", "1"
    )
    run = run_report(source, {}, tmp_path)
    no_success_is_claimed(run)  # although a result was written before, by this run and by the last
    assert run.failure is not None
    assert (run.failure.cell, run.failure.heading) == (5, "The <sample>")
    assert (run.failure.error, run.failure.message) == ("ValueError", "no sample.json")
    page = run.html.read_text()
    assert "under “The &lt;sample&gt;”" in page
    assert "before" in page
    assert "papermill" not in page
    assert str(tmp_path) not in page + run.ipynb.read_text() + run.json.read_text()


def test_a_kernel_that_dies(make_notebook: Make, tmp_path: Path) -> None:
    source = make_notebook(
        ("markdown", "## Memory"),
        "print('x', flush=True)\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        WRITE,
    )
    run = run_report(source, {}, tmp_path)
    no_success_is_claimed(run)
    assert run.failure is not None
    assert (run.failure.cell, run.failure.heading, run.failure.error) == (3, "Memory", "DeadKernel")


def test_a_cell_that_hangs(make_notebook: Make, tmp_path: Path) -> None:
    run = run_report(
        make_notebook("import time, os\nprint(os.getpid())\ntime.sleep(60)", WRITE), {}, tmp_path, timeout=1
    )
    no_success_is_claimed(run)
    assert run.failure is not None
    assert (run.failure.cell, run.failure.error) == (3, "Timeout")
    assert "longer than 1 second" in run.failure.message
    pid = int(re.search(r'<pre class="stream"[^>]*>(\d+)', run.html.read_text())[1])  # type: ignore[index]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("cell", "error", "words"),
    [
        ("1", "MissingResult", "none wrote the result"),
        ("import sys; sys.exit(0)", "MissingResult", "none wrote the result"),
        ("open(result_path, 'w').write('{\"schema\":')", "InvalidResult", "not a result"),
        (
            WRITE.replace('"notebook": "sample"', '"notebook": "other"'),
            "InvalidResult",
            "'other'",
        ),
        (WRITE.replace('"start": start', '"result_path": result_path'), "InvalidResult", "leave it out"),
        (
            WRITE + WITHOUT_PROVENANCE,
            "InvalidResult",
            "has no 'provenance'",
        ),
    ],
)
def test_a_result_that_is_not_what_it_must_be(
    make_notebook: Make, tmp_path: Path, cell: str, error: str, words: str
) -> None:
    run = run_report(make_notebook(cell), {}, tmp_path)
    no_success_is_claimed(run)
    assert run.failure is not None
    assert run.failure.error == error
    assert words in run.failure.message


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"windw": 60}, UnknownNameError),
        ({"window": "60"}, ParameterError),
        ({"window": 5}, ParameterError),
        ({"result_path": "/tmp/x"}, ParameterError),
        ({"fund": "../evil"}, ParameterError),
        ({"fund": "<script>"}, ParameterError),
        ({"fund": ".."}, ParameterError),
        ({"fund": ""}, ParameterError),
        ({"fund": "a/b"}, ParameterError),
    ],
)
def test_a_wrong_request_writes_nothing(
    make_notebook: Make, tmp_path: Path, values: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run_report(make_notebook(WRITE), values, tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


def test_a_notebook_that_cannot_take_the_result_path(make_notebook: Make, tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="result_path"):
        run_report(make_notebook("1", parameters="fund: str = 'ETHV'"), {}, tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


def test_neither_kernelspec_nor_profile_of_the_user_is_used(
    make_notebook: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": ["false"], "display_name": "x", "language": "python"}))
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("window = 'from the profile'")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MPLBACKEND", "TkAgg")
    source = make_notebook(
        "import matplotlib; matplotlib.get_backend()\nassert 'inline' in matplotlib.get_backend()", WRITE
    )
    assert run_report(source, {}, tmp_path / "reports").failure is None


def test_a_kernel_knows_what_was_run_without_a_database_of_it(make_notebook: Make, tmp_path: Path) -> None:
    source = make_notebook(
        "6 * 7",
        "assert 42 in Out.values() and '6 * 7' in In and _ == 42",
        "assert not get_ipython().history_manager.enabled",
        WRITE,
    )
    result = run_report(source, {}, tmp_path / "reports")
    assert result.failure is None, result.failure


def test_braces_and_spaces_in_paths(make_notebook: Make, tmp_path: Path) -> None:
    source = make_notebook(WRITE).rename(tmp_path / "sample.ipynb")
    assert run_report(source, {}, tmp_path / "re {ports} ü").status == "ok"


def test_a_process_that_does_not_start(make_notebook: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(NotebookError, match="the process of the cells did not start"):
        run_report(make_notebook(WRITE), {}, tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


def test_a_process_that_imported_nothing_before(make_notebook: Make, tmp_path: Path) -> None:
    source = make_notebook(WRITE)
    code = (
        "import pathlib\nfrom research.reporting import run_report\n"
        f"print(run_report(pathlib.Path({str(source)!r}), {{}}, {str(tmp_path)!r}).status)"
    )
    for _ in range(3):
        answer = interpreted(code)
        assert (answer.stdout, answer.stderr) == ("ok\n", "")

"""Run a notebook's cells in a process of their own, and say honestly how it ended.

What cells show is taken down as it comes: a run that is stopped, or whose process dies, leaves what it had shown until
then, and says at which cell it was.
"""

from __future__ import annotations

import contextlib
import json
import platform
import queue
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from research.errors import NotebookError
from research.reporting.parameters import Value
from research.reporting.printed import STREAMS, PrintedFile
from research.reporting.process import CellProcess
from research.reporting.result import Failure

__all__ = ["START_TIMEOUT", "Execution", "Node", "cell_process", "execute", "normalise", "quick_imports"]

Node = Any
"""A notebook, a cell or an output: an `nbformat.NotebookNode`, a dict with attributes that carries no types."""

START_TIMEOUT: Final = 60
"""Seconds that the process of the cells may take to start."""

_GLANCE: Final = 0.25
"""Seconds between two looks at whether somebody still waits."""

_SKIPPED: Final = "skip-execution"
_MAY_FAIL: Final = "raises-exception"
_CELL_NAME: Final = re.compile(r"<ipython-input-\d+-[0-9a-f]+>")


@dataclass
class Execution:
    """A notebook during and after its run.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With its outputs as far as it ran.
    running : int or None
        Index of the cell that was started last.
    failed : int or None
        Index of the cell that failed.
    failure : Failure or None
        Why, where a cell failed.
    """

    notebook: Node = None
    running: int | None = None
    failed: int | None = None
    failure: Failure | None = field(default=None)


def quick_imports() -> None:
    """Import papermill without what no notebook needs.

    Jsonschema would compile a grammar of international web addresses for 1.6 s, and papermill load Arrow for Hadoop's
    file system. Both try these imports and do without where they fail. For processes that run notebooks only.
    """
    if "jsonschema" not in sys.modules:
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    hidden = "pyarrow.fs" not in sys.modules
    if hidden:
        sys.modules["pyarrow.fs"] = None  # type: ignore[assignment]
    try:
        # Who runs a notebook imports it again, and says what is wrong with it.
        with contextlib.suppress(Exception):
            import papermill  # noqa: F401, PLC0415
    finally:
        if hidden:  # for now only: others read files with it
            del sys.modules["pyarrow.fs"]


@contextlib.contextmanager
def cell_process(preload: Sequence[str] = ()) -> Iterator[CellProcess]:
    """Have a process for the cells of one notebook as long as the block runs.

    Parameters
    ----------
    preload : sequence of str
        Names of modules that it imports while it waits, where it is not forked from a process that has them.

    Raises
    ------
    NotebookError
        If it cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="research-", ignore_cleanup_errors=True) as name:
        try:
            process = CellProcess(Path(name), preload)
        except OSError as error:
            raise NotebookError(f"the process of the cells did not start: {error}") from error
        try:
            yield process
        finally:
            process.end()


def execute(
    source: Path,
    values: Mapping[str, Value],
    *,
    timeout: int,
    wanted: Callable[[], bool] = lambda: True,
    process: CellProcess | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> Execution:
    """Run a notebook and return it with its outputs, also where it failed.

    Parameters
    ----------
    source : pathlib.Path
        The notebook to run; it is not changed.
    values : mapping of str to value
        Parameters to inject, where papermill would.
    timeout : int
        Seconds that one cell may take.
    wanted : callable
        Asked several times a second whether somebody still waits.
    process : CellProcess, optional
        One from `cell_process` that was started before; it serves once.
    meanwhile : callable
        Called while the first cells run: whoever waits for them has something to prepare.

    Raises
    ------
    NotebookError
        If the process of the cells did not start, or nobody waits any longer.
    """
    with cell_process() if process is None else contextlib.nullcontext(process) as running:
        # While the process starts: to read a notebook means to import what reads and checks it.
        execution = Execution(_injected(source, values))
        run = _Run(execution, running, timeout)
        run.ask()
        meanwhile()
        run.follow(wanted)
    return execution


def _injected(source: Path, values: Mapping[str, Value]) -> Node:
    """Return a notebook with a cell of parameters, and what its language is."""
    import nbformat  # noqa: PLC0415
    from papermill.parameterize import parameterize_notebook  # noqa: PLC0415

    node = nbformat.read(source, as_version=4)
    node.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    node.metadata.papermill = {}
    for cell in node.cells:
        cell.metadata.setdefault("tags", [])
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    node = parameterize_notebook(node, dict(values))
    node.metadata.language_info = nbformat.from_dict(_LANGUAGE)
    return node


_LANGUAGE: Final = {
    "name": "python",
    "version": platform.python_version(),
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": sys.version_info.major},
    "pygments_lexer": f"ipython{sys.version_info.major}",
    "nbconvert_exporter": "python",
    "file_extension": ".py",
}


class _Run:
    """One notebook while its cells run.

    Parameters
    ----------
    execution : Execution
        What is filled.
    process : CellProcess
        Runs the cells.
    timeout : int
        Seconds that one cell may take.
    """

    def __init__(self, execution: Execution, process: CellProcess, timeout: int) -> None:
        self._execution = execution
        self._process = process
        self._timeout = timeout
        self._outputs = _Outputs(execution.notebook.cells)
        self._printed = [PrintedFile(process.folder / name) for name in STREAMS]
        self._limit = time.monotonic() + START_TIMEOUT
        self._over = False
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=_read, args=(process.answers, self._lines), daemon=True)

    def ask(self) -> None:
        """Say which cells to run."""
        cells = [
            {"index": index, "source": cell.source, "may_fail": _MAY_FAIL in cell.metadata.tags}
            for index, cell in enumerate(self._execution.notebook.cells)
            if cell.cell_type == "code" and cell.source.strip() and _SKIPPED not in cell.metadata.tags
        ]
        with contextlib.suppress(OSError):  # it is dead already: what it answers, its end, is what counts
            self._process.requests.write(json.dumps(cells).encode() + b"\n")
            self._process.requests.flush()
        self._reader.start()

    def follow(self, wanted: Callable[[], bool]) -> None:
        """Take down what happens until the last cell is done or one has failed."""
        try:
            while not self._over:
                left = self._limit - time.monotonic()
                if left <= 0:
                    self._stopped()
                    break
                try:
                    line = self._lines.get(timeout=min(left, _GLANCE))
                except queue.Empty:
                    if not wanted():
                        raise NotebookError("nobody waits for this report any longer") from None
                    continue
                if not line:
                    self._died()
                    break
                self._take(json.loads(line))
        finally:
            self._process.end()
            self._reader.join()  # no thread is left: this process may be one that others are forked from

    def _take(self, message: dict[str, Any]) -> None:
        for name, printed, until in zip(STREAMS, self._printed, message.pop("printed"), strict=True):
            self._outputs.printed(name, printed.until(until))
        event = message.pop("event")
        if event == "began":
            self._execution.running = message["index"]
            self._limit = time.monotonic() + self._timeout
            self._outputs.begin(message["index"], message["count"])
        elif event == "done":
            self._limit = time.monotonic() + self._timeout
            if message["failure"] is not None:
                self._over = True
                if not _left_politely(*message["failure"]):
                    self._fail(*message["failure"])
        elif event == "ended":
            self._over = True
        elif event != "turned":
            self._outputs.take(event, message)

    def _stopped(self) -> None:
        self._process.end()
        if self._execution.running is None:
            raise NotebookError(f"the process of the cells did not start within {START_TIMEOUT} seconds")
        self._take_rest()
        self._fail("Timeout", f"the cell ran longer than {self._timeout} seconds and was stopped")

    def _died(self) -> None:
        status = self._process.end()
        if self._execution.running is None:
            told = self._printed[1].until(None).strip().splitlines()
            raise NotebookError(f"the process of the cells did not start: {told[-1] if told else _how(status)}")
        self._take_rest()
        self._fail("DeadKernel", f"the process died while the cell ran: {_how(status)}")

    def _take_rest(self) -> None:
        for name, printed in zip(STREAMS, self._printed, strict=True):
            self._outputs.printed(name, printed.until(None))

    def _fail(self, error: str, message: str) -> None:
        cells, failed = self._execution.notebook.cells, self._execution.running
        assert failed is not None
        number = sum(cell.cell_type == "code" for cell in cells[: failed + 1])
        self._execution.failed = failed
        self._execution.failure = Failure(number, _heading_above(cells, failed), error, message)


def _read(answers: IO[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    """Pass on whole lines, and nothing as the last thing: it says that there is no more."""
    with contextlib.suppress(OSError, ValueError):
        for line in answers:
            if line.endswith(b"\n"):
                lines.put(line)
    lines.put(b"")


def _how(status: int) -> str:
    """Return in words how a process ended."""
    if status < 0:
        name = signal.Signals(-status).name
        return "it was killed, or it ran out of memory" if name == "SIGKILL" else f"{name} ended it"
    return f"it ended with exit code {status}"


def _left_politely(error: str, message: str) -> bool:
    return error == "SystemExit" and message in {"", "0", "None"}


def _heading_above(cells: list[Node], index: int) -> str | None:
    for cell in reversed(cells[:index]):
        if cell.cell_type == "markdown":
            for line in reversed(cell.source.splitlines()):
                if line.startswith("#"):
                    return str(line.lstrip("#").strip())
    return None


class _Outputs:
    """Puts what comes into the cell that runs."""

    def __init__(self, cells: list[Node]) -> None:
        self._cells = cells
        self._outputs: list[Node] = []
        self._named: dict[str, list[Node]] = {}
        self._clear_first = False

    def begin(self, index: int, count: int) -> None:
        cell = self._cells[index]
        cell.execution_count = count
        self._outputs = cell.outputs
        self._clear_first = False

    def printed(self, stream: str, text: str) -> None:
        if not text:
            return
        last = self._outputs[-1] if self._outputs and not self._clear_first else None
        if last is not None and last.output_type == "stream" and last.name == stream:
            last.text += text
        else:
            self._add("stream", name=stream, text=text)

    def take(self, event: str, message: Mapping[str, Any]) -> None:
        if event == "cleared":
            self._clear_first = True
            if not message["wait"]:
                self._clear()
        elif event == "updated":
            for output in self._named.get(message["name"], ()):
                output.data, output.metadata = message["data"], message["metadata"]
        elif event == "displayed":
            output = self._add("display_data", data=message["data"], metadata=message["metadata"])
            if message["name"] is not None:
                self._named.setdefault(message["name"], []).append(output)
        elif event == "result":
            self._add(
                "execute_result", data=message["data"], metadata=message["metadata"], execution_count=message["count"]
            )
        elif event == "error":
            self._add("error", ename=message["ename"], evalue=message["evalue"], traceback=message["traceback"])

    def _add(self, kind: str, **facts: object) -> Node:
        from nbformat.v4 import new_output  # noqa: PLC0415 - loaded by who has read the notebook

        if self._clear_first:
            self._clear()
        output = new_output(kind, **facts)
        self._outputs.append(output)
        return output

    def _clear(self) -> None:
        self._clear_first = False
        self._outputs.clear()


def normalise(notebook: Node, place: Path) -> None:
    """Remove random ids and temporary paths from an executed notebook, in place.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed notebook.
    place : pathlib.Path
        The temporary folder of the run; paths inside it become bare file names.
    """

    def cleaned(text: str) -> str:
        text = text.replace(f"{place}/", "").replace(str(place), ".")
        return _CELL_NAME.sub("<cell>", text)

    for key in ("papermill", "widgets"):
        notebook.metadata.pop(key, None)
    for cell in notebook.cells:
        for key in ("papermill", "execution", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.id = "injected-parameters"
            cell.source = cleaned(cell.source)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]  # papermill looks for them in every cell
        for output in cell.get("outputs", ()):
            _clean_output(output, cleaned)


def _clean_output(output: Node, cleaned: Callable[[str], str]) -> None:
    if "text" in output:
        output.text = cleaned(output.text)
    for key in ("evalue", "ename"):
        if key in output:
            output[key] = cleaned(output[key])
    if "traceback" in output:
        output.traceback = [cleaned(line) for line in output.traceback]
    for kind, content in output.get("data", {}).items():
        if kind.startswith("text/") and isinstance(content, str):
            output.data[kind] = cleaned(content)

"""Run a notebook with papermill and say honestly how it ended.

Papermill's own metadata call the cell of a killed kernel completed, so the end is judged here: by exceptions, by error
outputs and by the cell that was running.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from research.errors import NotebookError
from research.reporting.nodes import Node
from research.reporting.parameters import Value
from research.reporting.result import Failure

__all__ = ["START_TIMEOUT", "Execution", "execute", "quick_imports"]

START_TIMEOUT: Final = 60
"""Seconds that a kernel may take to start."""

_ENGINE: Final = "research"


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


def execute(source: Path, values: Mapping[str, Value], *, timeout: int, kernel_server: str | None = None) -> Execution:
    """Run a notebook and return it with its outputs, also where it failed.

    Parameters
    ----------
    source : pathlib.Path
        The notebook to run; it is not changed.
    values : mapping of str to value
        Parameters to inject.
    timeout : int
        Seconds that one cell may take.
    kernel_server : str, optional
        Address of a warm kernel server, from `research.reporting.kernels.kernel_server`; without one the kernel is a
        fresh interpreter.

    Raises
    ------
    NotebookError
        If the kernel did not start.
    """
    import nbformat  # noqa: PLC0415
    import papermill  # noqa: PLC0415
    from nbclient.exceptions import CellTimeoutError, DeadKernelError  # noqa: PLC0415

    from research.reporting.kernel import end_kernels, kernel_options  # noqa: PLC0415

    _register_engine()
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    execution = Execution()
    # A node, not a path: papermill would format braces in a path, and save after every cell.
    node = nbformat.read(source, as_version=4)
    node.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    with tempfile.TemporaryDirectory(prefix="research-", ignore_cleanup_errors=True) as folder:
        try:
            papermill.execute_notebook(
                node,
                None,
                parameters=dict(values),
                engine_name=_ENGINE,
                progress_bar=False,
                log_output=False,
                request_save_on_cell_execute=False,
                autosave_cell_every=0,
                start_timeout=START_TIMEOUT,
                execution_timeout=timeout,
                record_timing=False,
                shutdown_kernel="immediate",
                execution=execution,
                **kernel_options(Path(folder), kernel_server),
            )
        except papermill.PapermillExecutionError as error:
            _note(execution, error.ename, error.evalue)
        except CellTimeoutError:
            _note(execution, "Timeout", f"the cell ran longer than {timeout} seconds and was stopped")
        except DeadKernelError:
            _note(execution, "DeadKernel", "the kernel died while the cell ran: it was killed or ran out of memory")
        except (RuntimeError, TimeoutError) as error:
            if execution.running is None:
                raise NotebookError(f"the kernel did not start: {error}") from error
            raise
        finally:
            end_kernels(Path(folder))
    return execution


def _note(execution: Execution, error: str, message: str) -> None:
    """Record how the run ended, at the cell with an error output or the one that was running."""
    # Papermill puts coloured cells of its own above a failure; the report has a banner instead.
    cells = [
        cell for cell in execution.notebook.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", ())
    ]
    execution.notebook.cells = cells
    failed = next((index for index, cell in enumerate(cells) if _raised(cell)), execution.running)
    execution.failed = failed
    heading: str | None = None
    number: int | None = None
    if failed is not None:
        number = sum(cell.cell_type == "code" for cell in cells[: failed + 1])
        heading = _heading_above(cells, failed)
    execution.failure = Failure(number, heading, error, message)


def _raised(cell: Node) -> bool:
    outputs = cell.get("outputs", ())
    return any(out.output_type == "error" and not _left_politely(out) for out in outputs)


def _left_politely(output: Node) -> bool:
    return bool(output.ename == "SystemExit" and output.evalue in {"", "0"})


def _heading_above(cells: list[Node], index: int) -> str | None:
    for cell in reversed(cells[:index]):
        if cell.cell_type == "markdown":
            for line in reversed(cell.source.splitlines()):
                if line.startswith("#"):
                    return str(line.lstrip("#").strip())
    return None


def _register_engine() -> None:
    """Teach papermill an engine that keeps hold of the notebook when it fails.

    Papermill hands the notebook back only after success; a run that timed out would lose its outputs.
    """
    from papermill.engines import NBClientEngine, papermill_engines  # noqa: PLC0415

    if _ENGINE in papermill_engines._engines:
        return

    class KeepingEngine(NBClientEngine):  # type: ignore[misc]
        @classmethod
        def execute_managed_notebook(cls, nb_man: Node, kernel_name: str, **kwargs: object) -> None:
            execution = kwargs.pop("execution")
            assert isinstance(execution, Execution)
            execution.notebook = nb_man.nb
            begin = nb_man.cell_start

            def cell_start(cell: Node, cell_index: int | None = None, **rest: object) -> None:
                execution.running = cell_index
                begin(cell, cell_index, **rest)

            nb_man.cell_start = cell_start
            super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    papermill_engines.register(_ENGINE, KeepingEngine)

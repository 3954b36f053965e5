"""One report: a notebook run, checked, rendered and put in place, or a record of why it was not."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from research.errors import DataError, NotebookError, ParameterError
from research.files import move_into_place, workspace
from research.reporting.catalogue import notebook as find_notebook
from research.reporting.execute import Execution, execute, normalise
from research.reporting.parameters import RESULT_PATH, Value, check, effective, read_schema
from research.reporting.process import CellProcess
from research.reporting.render import prepare, render
from research.reporting.result import Failure, failure_record, read_result
from research.reporting.schema import violation

__all__ = ["CELL_TIMEOUT", "RunResult", "run_report"]

CELL_TIMEOUT: Final = 600
"""Seconds that one cell may take when nothing else is said."""

_FOLDER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class RunResult:
    """How a run ended and where its files are.

    Parameters
    ----------
    status : {"ok", "failed"}
        ``"ok"`` only after the result was read back and checked.
    fund : str or None
        Ticker, where the notebook has a parameter ``fund``.
    notebook : str
        The notebook's name.
    parameters : mapping of str to value
        Every parameter, given or default.
    html, ipynb, json : pathlib.Path
        The three files; `json` holds the result, or a failure record.
    result : mapping or None
        The checked result.
    failure : Failure or None
        Why there is none.
    """

    status: Literal["ok", "failed"]
    fund: str | None
    notebook: str
    parameters: Mapping[str, Value]
    html: Path
    ipynb: Path
    json: Path
    result: Mapping[str, Any] | None = None
    failure: Failure | None = None

    def raise_for_failure(self) -> None:
        """Raise a `NotebookError` that names cell and reason where the run failed."""
        if self.failure is not None:
            raise NotebookError(f"{self.notebook}: {self.failure}")


def run_report(
    notebook: str | Path,
    parameters: Mapping[str, Any],
    folder: str | Path,
    *,
    timeout: int = CELL_TIMEOUT,
    wanted: Callable[[], bool] = lambda: True,
    process: CellProcess | None = None,
    name: str | None = None,
    stem: str | None = None,
) -> RunResult:
    """Run a notebook and leave ``<folder>/<FUND>/<notebook>.{ipynb,html,json}``.

    Parameters
    ----------
    notebook : str or pathlib.Path
        A name among the project's notebooks, or the path of an ``.ipynb`` file.
    parameters : mapping of str to JSON scalar or list
        Checked against what the notebook declares before anything is written. The notebook gets one more,
        ``result_path``: where it must write its result.
    folder : str or pathlib.Path
        The folder of all reports, made where it does not exist.
    timeout : int
        Seconds that one cell may take.
    wanted : callable
        Asked several times a second whether somebody still waits.
    process : CellProcess, optional
        One for the cells, from `research.reporting.execute.cell_process`; by default one is started.
    name : str, optional
        What the notebook is called in result and report; by default its name among the project's, or its file's.
    stem : str, optional
        Where the files go inside `folder`, without the ending; by default ``<FUND>/<notebook>``.

    Returns
    -------
    RunResult
        Its status is what the checked files say. A failed run has files as well: a report with a banner, and a failure
        record in the result's place.

    Raises
    ------
    UnknownNameError, ParameterError
        If the request is wrong; nothing is written then.
    NotebookError
        If the notebook cannot be read, declares no ``result_path``, its cells' process did not start, or nobody waits.
    """
    source = notebook if isinstance(notebook, Path) else find_notebook(notebook)
    name = name or (notebook.stem if isinstance(notebook, Path) else notebook)
    schema = read_schema(source)
    if RESULT_PATH not in schema:
        raise NotebookError(f"{name} does not declare `{RESULT_PATH}: str`, where it must write its result")
    given = check(parameters, schema)
    every = effective(given, schema)
    fund = str(every["fund"]) if "fund" in every else None
    parts = stem.split("/") if stem else [*([fund] if fund is not None else []), *name.split("/")]
    target = _target(Path(folder), parts)
    with workspace(Path(folder)) as place:
        base = place / target.name
        result_path = base.with_name(base.name + ".json")
        values = {**given, RESULT_PATH: str(result_path.absolute())}
        execution = execute(source, values, timeout=timeout, wanted=wanted, process=process, meanwhile=_prepare)
        normalise(execution.notebook, place.absolute())
        failure, result = _judge(execution, result_path, fund, name, place.absolute())
        _write(base, execution, failure, name=name, fund=fund, parameters=every)
        _move(base, target, failed=failure is not None)
    files = {kind: _file(target, kind) for kind in ("html", "ipynb", "json")}
    status: Literal["ok", "failed"] = "ok" if failure is None else "failed"
    return RunResult(status, fund, name, every, **files, result=result, failure=failure)


def _prepare() -> None:
    with contextlib.suppress(Exception):  # whoever needs what failed here meets the error itself
        prepare()
        violation({}, "result")


def _target(folder: Path, parts: Sequence[str]) -> Path:
    """Return the common path of a report's files, without the ending."""
    for part in parts:
        # Names come from registries that users write: none may lead out of the folder.
        if not _FOLDER_NAME.fullmatch(part):
            raise ParameterError(f"{part!r} cannot name a report's file: use letters, digits, '.', '_' and '-'")
    return folder.joinpath(*parts)


def _file(base: Path, kind: str) -> Path:
    return base.with_name(f"{base.name}.{kind}")


def _judge(
    execution: Execution, path: Path, fund: str | None, name: str, place: Path
) -> tuple[Failure | None, dict[str, Any] | None]:
    """Return why the run has no result, or its result."""
    if execution.failure is not None:
        told = execution.failure
        message = told.message.replace(f"{place}/", "").replace(str(place), ".")
        return Failure(told.cell, told.heading, told.error, message), None
    if not path.exists():
        return Failure(None, None, "MissingResult", "every cell ran, but none wrote the result to result_path"), None
    try:
        result = read_result(path)
        _check_subject(result, fund, name)
    except DataError as error:
        return Failure(None, None, "InvalidResult", str(error)), None
    return None, result


def _check_subject(result: Mapping[str, Any], fund: str | None, name: str) -> None:
    for key, wanted in (("fund", fund), ("notebook", name)):
        if result[key] != wanted:
            raise DataError(f"the result is about {key} {result[key]!r}, the request was {wanted!r}")
    if RESULT_PATH in result["parameters"]:
        raise DataError(f"the result's parameters hold {RESULT_PATH!r}, a path of this machine: leave it out")


def _write(
    base: Path,
    execution: Execution,
    failure: Failure | None,
    *,
    name: str,
    fund: str | None,
    parameters: Mapping[str, Value],
) -> None:
    """Write the files of a run beside its result; a failure record replaces whatever the notebook wrote."""
    import nbformat  # noqa: PLC0415

    page = render(
        execution.notebook,
        name=name,
        fund=fund,
        parameters=parameters,
        failure=failure,
        failed_cell=execution.failed,
    )
    _file(base, "html").write_text(page, encoding="utf-8")
    nbformat.write(execution.notebook, _file(base, "ipynb"))
    if failure is not None:
        _file(base, "json").write_bytes(failure_record(fund, name, parameters, failure))


def _move(base: Path, target: Path, *, failed: bool) -> None:
    """Put the files in place so that at no moment a result stands beside another run's report.

    A success puts its result last, after the old one is gone; a failure puts its record first.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    order = ("json", "ipynb", "html") if failed else ("ipynb", "html", "json")
    if not failed:
        _file(target, "json").unlink(missing_ok=True)
    for kind in order:
        move_into_place(_file(base, kind), _file(target, kind))

"""``research report``: one notebook run for one fund."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from research.cli.shared import FAILED, FOUND, as_json, check_folder, data_folder, stop
from research.errors import NotebookError

if TYPE_CHECKING:
    from research.reporting import RunResult
    from research.reporting.parameters import Schema, Value

__all__ = ["report"]

_FIRST = ("research.opening", "research.decomposition", "research.plots.figure", "matplotlib.backends.backend_agg")
"""What every notebook imports."""


@click.command()
@click.argument("fund")
@click.option("--notebook", default="decomposition", show_default=True, metavar="NAME", help="Notebook to run.")
@click.option("-p", "assignments", multiple=True, metavar="NAME=VALUE", help="A parameter; may be repeated.")
@click.option("--start", metavar="DATE", help="First session [default: the fund's listing].")
@click.option("--end", metavar="DATE", help="Last session [default: the last in the data].")
@data_folder
@click.option("--out", default="reports", show_default=True, metavar="DIR", help="Folder of the reports.")
@click.option("--timeout", type=click.IntRange(min=1), default=600, show_default=True, help="Seconds for one cell.")
@as_json
def report(
    fund: str,
    notebook: str,
    assignments: tuple[str, ...],
    start: str | None,
    end: str | None,
    data: str | None,
    out: str,
    timeout: int,
    as_json: bool,
) -> None:
    """Run one notebook for FUND and write its report: html, notebook and json.

    Exit code 0: done; 3: done, with findings of the screens that nobody has acknowledged; 1: failed; 2: the request was
    wrong.

    Parameters end up as plain text in all three files: never put a secret into one.
    """
    from research.analyses.preflight import preflight
    from research.reporting import effective, read_schema, run_report
    from research.reporting import notebook as find_notebook
    from research.reporting.execute import cell_process, quick_imports

    schema = read_schema(find_notebook(notebook))
    options = {"fund": fund, "start": start, "end": end, "data": data}
    values = _values(notebook, options, assignments, schema)
    try:
        # It imports while what it is asked for is checked.
        with cell_process((*_FIRST, f"research.analyses.{notebook}")) as process:
            ticker = preflight(effective(values, schema), notebook)
            if ticker is not None:
                values["fund"] = ticker
            check_folder(Path(out))
            click.echo(f"running {notebook} for {values['fund']} ...", err=True)
            quick_imports()
            result = run_report(notebook, values, out, timeout=timeout, process=process)
    except (OSError, NotebookError) as error:
        stop(str(error), FAILED)
    _show(result, as_json=as_json)


def _values(
    notebook: str, options: dict[str, str | None], assignments: Sequence[str], schema: Schema
) -> dict[str, Value]:
    """Return the parameters of a command line, from its options and its assignments."""
    from research.errors import ParameterError
    from research.reporting import check, parse_assignments

    given = {name: value for name, value in options.items() if value is not None}
    assigned = parse_assignments(assignments, schema)
    for name in given:
        if name in assigned:
            written = "the argument FUND" if name == "fund" else f"--{name}"
            raise ParameterError(f"parameter {name!r} is given twice: by {written} and by -p")
        if name not in schema:
            raise ParameterError(f"notebook {notebook!r} has no parameter {name!r}")
    return check({**given, **assigned}, schema)


def _show(result: RunResult, *, as_json: bool) -> None:
    from research.reporting import open_findings, summarise

    if as_json:
        click.echo(result.json.read_text(encoding="utf-8"), nl=False)
        click.echo(f"report: {result.html}", err=True)
    elif result.result is not None:
        text = summarise(result.result)
        click.echo(f"{text}\n\n{result.html}" if text else result.html)
    else:
        click.echo(result.html)
    if result.failure is not None:
        stop(f"{result.notebook}: {result.failure}", FAILED)
    if open_findings(result.result or {}):
        sys.exit(FOUND)

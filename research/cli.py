"""The command ``research``: reports, funds and notebooks from a terminal.

Exit codes: 0 done, 1 something failed, 2 the request was wrong, 130 interrupted. Answers go to stdout, messages to
stderr. Heavy imports happen inside the commands, so that ``--help`` stays quick.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from research.errors import NotebookError, ResearchError

if TYPE_CHECKING:
    from research.reporting import RunResult
    from research.reporting.parameters import Schema, Value

__all__ = ["cli", "main"]

FAILED = 1
WRONG_REQUEST = 2
INTERRUPTED = 130
TERMINATED = 143

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout and nothing else there.")
data_folder = click.option(
    "--data",
    metavar="DIR",
    help="Folder with a funds.toml and data files of your own [default: the environment variable RESEARCH_DATA].",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tracking-research", prog_name="research", message="%(prog)s %(version)s")
def cli() -> None:
    """Explain why an exchange-traded product did not earn what its benchmark earned."""


@cli.command()
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

    Parameters end up as plain text in all three files: never put a secret into one.
    """
    from research.reporting import notebook as find_notebook
    from research.reporting import read_schema, run_report
    from research.reporting.preflight import preflight

    schema = read_schema(find_notebook(notebook))
    options = {"fund": fund, "start": start, "end": end, "data": data}
    values = preflight(_values(notebook, options, assignments, schema), schema, notebook)
    _check_folder(Path(out))
    _quick_imports()
    click.echo(f"running {notebook} for {values['fund']} ...", err=True)
    try:
        result = run_report(notebook, values, out, timeout=timeout)
    except (OSError, NotebookError) as error:
        _stop(str(error), FAILED)
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


def _check_folder(folder: Path) -> None:
    """Refuse a folder for reports that cannot be one."""
    import os

    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        _stop(f"cannot write reports to {folder}: {existing} is not a folder that you can write to", WRONG_REQUEST)


def _quick_imports() -> None:
    """Keep jsonschema from compiling a grammar of international web addresses: 1.6 s that no notebook needs.

    It tries that import and does without where it fails; this process validates notebooks only.
    """
    if "jsonschema" not in sys.modules:
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]


def _show(result: RunResult, *, as_json: bool) -> None:
    from research.reporting import summarise

    if as_json:
        click.echo(result.json.read_text(encoding="utf-8"), nl=False)
        click.echo(f"report: {result.html}", err=True)
    elif result.result is not None:
        text = summarise(result.result)
        click.echo(f"{text}\n\n{result.html}" if text else result.html)
    else:
        click.echo(result.html)
    if result.failure is not None:
        _stop(f"{result.notebook}: {result.failure}", FAILED)


@cli.command()
@data_folder
@as_json
def funds(data: str | None, as_json: bool) -> None:
    """List the funds that are known."""
    from research.funds import funds as known_funds
    from research.simulation import simulated_funds

    found = (*known_funds(Path(data) if data else None), *simulated_funds())
    if as_json:
        _print_json([json.loads(fund.model_dump_json()) for fund in found])
        return
    rows = [(fund.ticker, fund.name, f"{fund.kind}{', simulated' if fund.simulated else ''}") for fund in found]
    click.echo(_columns(rows))


@cli.command()
@click.option("--copy", "folder", metavar="DIR", help="Copy the notebooks into DIR.")
@click.option("--force", is_flag=True, help="With --copy: overwrite files that were changed.")
@as_json
def notebooks(folder: str | None, force: bool, as_json: bool) -> None:
    """List the notebooks and their parameters, or copy them."""
    from research.reporting import copy_notebooks, read_schema
    from research.reporting import notebooks as known_notebooks
    from research.reporting.parameters import RESULT_PATH

    if folder is not None:
        copied = copy_notebooks(Path(folder), force=force)
        _print_json([str(path) for path in copied]) if as_json else click.echo("\n".join(map(str, copied)))
        return
    listed: dict[str, list[dict[str, Any]]] = {}
    for name, path in known_notebooks().items():
        parameters = [item for item in read_schema(path).values() if item.name != RESULT_PATH]
        listed[name] = [
            {"name": item.name, "type": item.type, "default": item.default, "takes": item.takes, "help": item.help}
            for item in parameters
        ]
    if as_json:
        _print_json(listed)
        return
    for name, parameters_ in listed.items():
        click.echo(name)
        rows = [(f"  {item['name']}", item["takes"], json.dumps(item["default"]), item["help"]) for item in parameters_]
        click.echo(_columns(rows))


@cli.group()
def simulate() -> None:
    """Make funds whose truth is known, and measure what the estimates make of them."""


@simulate.command()
@click.option("--noise", "noises", multiple=True, metavar="KIND", help="A kind of noise; may be repeated.")
@click.option("--kind", default="spot", show_default=True, help="Kind of fund: spot, futures, staking or leveraged.")
@click.option(
    "--draws", type=click.IntRange(min=2), default=1000, show_default=True, help="Funds of each kind of noise."
)
@click.option("--sessions", type=click.IntRange(min=60), default=504, show_default=True, help="Sessions of each fund.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seeds everything.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option("--breaks", is_flag=True, help="Study the interval of the fee's first day instead.")
@as_json
def coverage(
    noises: tuple[str, ...],
    kind: str,
    draws: int,
    sessions: int,
    seed: int,
    jobs: int,
    breaks: bool,
    as_json: bool,
) -> None:
    """Measure bias, efficiency and coverage of the intervals on simulated funds."""
    from research.simulation import break_coverage, coverage_study

    chosen = noises or ("stationary", "random_walk", "mixed")
    try:
        if breaks:
            study: Any = break_coverage(chosen, draws, sessions, seed=seed, jobs=jobs)
        else:
            study = coverage_study(chosen, draws, sessions, seed=seed, jobs=jobs, kind=_kind(kind))
    except ResearchError as error:
        _stop(str(error), WRONG_REQUEST)
    _print_json(study.to_dict()) if as_json else click.echo(str(study))


def _kind(name: str) -> Any:  # noqa: ANN401 - a literal type that lives behind a heavy import
    from research.errors import UnknownNameError

    kinds = ("spot", "futures", "staking", "leveraged")
    if name not in kinds:
        raise UnknownNameError("kind of fund", name, kinds)
    return name


def _columns(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of texts in columns."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _stop(message: str, code: int) -> NoReturn:
    """Say what is wrong in one line on stderr and end."""
    click.echo("research: " + " ".join(message.split()), err=True)
    sys.exit(code)


def _terminated(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    sys.exit(TERMINATED)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    # Ended from outside, a run stops its kernel and removes its temporary folder as it does after Ctrl-C.
    signal.signal(signal.SIGTERM, _terminated)
    try:
        cli.main(args=None if arguments is None else list(arguments), prog_name="research", standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _stop("interrupted", INTERRUPTED)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(WRONG_REQUEST)
    except click.ClickException as error:
        _stop(error.format_message(), WRONG_REQUEST)
    except ResearchError as error:
        _stop(str(error), WRONG_REQUEST)
    sys.exit(0)


if __name__ == "__main__":
    main()

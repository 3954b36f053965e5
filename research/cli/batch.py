"""``research batch``: many reports in one call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from research.cli.shared import FAILED, FOUND, WRONG_REQUEST, as_json, check_folder, data_folder, stop

if TYPE_CHECKING:
    from research.reporting.batch import BatchResult, Plan
    from research.reporting.batch.executor import Executor

__all__ = ["batch"]

_PRELOAD = "research.cli.warm"


@click.command()
@click.argument("runs", metavar="RUNS.TOML")
@click.option("--out", default="reports", show_default=True, metavar="DIR", help="Folder of the reports.")
@click.option("--jobs", type=click.IntRange(min=1), help="Runs at the same time [default: one for each processor].")
@click.option("--cluster", metavar="ADDRESS", help="Run on the Dask cluster whose scheduler is there: tcp://host:8786.")
@click.option("--timeout", type=click.IntRange(min=1), default=600, show_default=True, help="Seconds for one cell.")
@click.option("--force", is_flag=True, help="Run also what nothing has changed for.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and write nothing.")
@data_folder
@as_json
def batch(
    runs: str,
    out: str,
    jobs: int | None,
    cluster: str | None,
    timeout: int,
    force: bool,
    dry_run: bool,
    data: str | None,
    as_json: bool,
) -> None:
    """Run the matrix of reports in RUNS.TOML; a run that nothing has changed for is skipped.

    Parameters end up as plain text in every file: never put a secret into one. With --json stdout is one event a line,
    the manifest's path last.
    """
    if cluster is not None and jobs is not None:
        stop(
            "--jobs is for this machine: a cluster has as many runs at a time as its workers have threads",
            WRONG_REQUEST,
        )
    # Read before the processes that run reports import the code: it must not claim to be newer than what they have.
    from research.versions import code_fingerprint

    code = code_fingerprint()
    with _warm(wanted=cluster is None and not dry_run):
        plan = _plan(runs, data, code)
        if dry_run:
            _show_plan(plan, out, force=force, as_json=as_json)
            return
        check_folder(Path(out))
        result = _run(plan, out, _executor(cluster, jobs, timeout, code["package"]), force=force, as_json=as_json)
    _show(result, as_json=as_json)


@contextmanager
def _warm(*, wanted: bool) -> Iterator[None]:
    """Have the process that reports are forked from get warm: it takes longer than to find out what is to be run."""
    if not wanted:
        yield
        return
    from research.reporting.batch.local import warm_parent

    with warm_parent([_PRELOAD]):
        yield


def _plan(runs: str, data: str | None, code: Mapping[str, Any]) -> Plan:
    from research.errors import BatchRequestError
    from research.funds import funds
    from research.opening import subject
    from research.reporting.batch import plan_batch, read_spec

    try:
        spec = read_spec(runs)
        if data is not None:
            funds(data)  # a folder that nobody can read is said once, not by every run
        return plan_batch(spec, subject, data=data, code=code)
    except BatchRequestError as error:
        *others, last = error.problems
        for problem in others:
            click.echo(f"research: {' '.join(problem.split())}", err=True)
        stop(last, WRONG_REQUEST)


def _run(plan: Plan, out: str, executor: Executor, *, force: bool, as_json: bool) -> BatchResult:
    from research.cli.progress import watcher
    from research.errors import BusyError
    from research.reporting.batch import run_batch

    try:
        with watcher(as_json=as_json) as watch:
            return run_batch(plan, out, executor, force=force, watch=watch)
    except (BusyError, OSError) as error:
        stop(str(error), FAILED)


def _executor(cluster: str | None, jobs: int | None, timeout: int, package: str) -> Executor:
    from research.reporting.batch import LocalExecutor
    from research.reporting.batch.local import cores

    if cluster is None:
        return LocalExecutor(jobs or cores(), timeout=timeout, preload=[_PRELOAD])
    from functools import partial

    from research.reporting.batch.cluster import ClusterExecutor, run_remote

    work = partial(run_remote, preload=(_PRELOAD,))
    return ClusterExecutor(cluster, timeout=timeout, work=work, package=package)


def _show_plan(plan: Plan, out: str, *, force: bool, as_json: bool) -> None:
    from research.reporting.batch import pending

    todo = {run.id for run in pending(plan, out, force=force)}
    for run in plan.runs:
        action = "run" if run.id in todo else "skip"
        if as_json:
            planned = {"event": "planned", "run": run.id, "action": action, "parameters": run.parameters}
            click.echo(json.dumps(planned, ensure_ascii=False))
        else:
            click.echo(f"{action:<5} {run.id}")
    if not as_json:
        click.echo(f"{len(todo)} to run, {len(plan.runs) - len(todo)} to skip; nothing was started")


def _show(result: BatchResult, *, as_json: bool) -> None:
    """Say what is not in the files, then where they are."""
    if result.others:
        shown = ", ".join(result.others[:3]) + (", ..." if len(result.others) > 3 else "")
        what = "a run" if len(result.others) == 1 else f"{len(result.others)} runs"
        click.echo(f"left alone, not in the gallery: {what} of an earlier matrix: {shown}", err=True)
    for problem in result.problems:
        click.echo(f"research: {problem}", err=True)
    counts = result.manifest["counts"]
    manifest = result.folder / "manifest.json"
    if as_json:
        click.echo(json.dumps({"event": "manifest", "path": str(manifest), **counts}))
    else:
        click.echo(result.folder / "index.html")
    if counts["failed"]:
        stop(f"{counts['failed']} of {counts['ok'] + counts['failed']} runs failed", FAILED)
    if result.problems:
        stop("every run is done, but not every file of the batch is written", FAILED)
    if found := [run["id"] for run in result.manifest["runs"] if _open(result, run)]:
        named = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
        stop(f"{len(found)} of {counts['ok']} runs have findings that nobody has acknowledged: {named}", FOUND)


def _open(result: BatchResult, run: Mapping[str, Any]) -> bool:
    from research.reporting import open_findings

    return bool(open_findings(json.loads((result.folder / run["files"]["json"]["path"]).read_bytes())))

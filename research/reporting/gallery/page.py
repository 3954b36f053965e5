"""The gallery's page: what stands where, in what order, in which words. The template only lays it out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from research.files import write_atomically
from research.reporting.gallery.read import Batch, Label, Run, read_batch
from research.reporting.gallery.shown import message, number_text, short, value_text
from research.reporting.gallery.sparkline import Sparkline

__all__ = ["GALLERY", "page", "write_gallery"]

GALLERY: Final = "index.html"


def write_gallery(folder: str | Path) -> Path:
    """Write a page over all reports of a batch: search, filters, order, failures first.

    Parameters
    ----------
    folder : str or pathlib.Path
        Of the batch; holds ``manifest.json`` and the files that it lists.

    Returns
    -------
    pathlib.Path
        ``index.html`` in it: one file with everything inline, which asks nobody for anything, works from the file
        system, and without JavaScript lists everything. The same batch gives the same bytes.

    Raises
    ------
    DataFileError, DataError
        If the manifest cannot be read or is none. A result that cannot be read is told on the page.
    OSError
        If the page cannot be written; an older one stays as it is then.

    Examples
    --------
    >>> import json, tempfile
    >>> manifest = {"schema": "research.batch/1", "batch": "nightly", "counts": {"ok": 0, "failed": 0}, "versions": {}}
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = (Path(name) / "manifest.json").write_text(json.dumps({**manifest, "runs": []}))
    ...     page = write_gallery(name)
    ...     page.name, "nightly" in page.read_text(encoding="utf-8")
    ('index.html', True)
    """
    folder = Path(folder)
    target = folder / GALLERY
    write_atomically(target, page(read_batch(folder)).encode("utf-8"))
    return target


_MOST_COLUMNS: Final = 8
_MANY: Final = 200
"""Runs from which a browser lays out only those on the screen."""
_KINDS: Final = {"html": "Report", "ipynb": "Notebook", "json": "JSON"}


@dataclass(frozen=True)
class _Cell:
    """One headline figure of one run; `value` orders it."""

    text: str
    value: str


@dataclass(frozen=True)
class _Row:
    """One run, ready to be laid out; all text is fit to be seen, and escaped by the template."""

    fund: str
    notebook: str
    about: str
    status: str
    parameters: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    cells: tuple[_Cell, ...]
    spark: Sparkline | None
    until: str
    simulated: bool
    search: str
    failure: Mapping[str, Any] | None
    anchor: str


@dataclass(frozen=True)
class _Column:
    key: str
    label: str
    unit: str


@dataclass(frozen=True)
class _Group:
    """The runs of one notebook."""

    notebook: str
    anchor: str
    columns: tuple[_Column, ...]
    has_parameters: bool
    has_until: bool
    series: tuple[str, str] | None
    rows: tuple[_Row, ...]


def page(batch: Batch) -> str:
    """Return the whole page; the same batch gives the same text.

    Parameters
    ----------
    batch : Batch
        From `read_batch`.
    """
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only who writes a gallery waits for it
    from markupsafe import Markup  # noqa: PLC0415

    groups = _groups(batch.runs)
    failures = [row for group in groups for row in group.rows if row.failure is not None]
    style, script = _part("gallery.css"), _part("gallery.js")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_part("gallery.html.j2")).render(
        name=short(batch.name),
        runs=len(batch.runs),
        many=len(batch.runs) > _MANY,
        failures=failures,
        groups=groups,
        funds=sorted({row.fund for group in groups for row in group.rows}, key=str.casefold),
        columns=list({column.key: column for group in groups for column in group.columns}.values()),
        has_parameters=any(group.has_parameters for group in groups),
        has_until=any(group.has_until for group in groups),
        simulated=any(run.simulated for run in batch.runs),
        versions=[(short(name), short(version)) for name, version in sorted(batch.versions.items())],
        kinds=_KINDS,
        policy=_policy(style, script),
        # The package's own files: nothing from data is in them.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
    )


def _part(name: str) -> str:
    text = files("research.reporting.gallery").joinpath(name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


def _policy(style: str, script: str) -> str:
    """Return a policy under which nothing but this very style and this very script counts, and nothing is fetched."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _groups(runs: Iterable[Run]) -> list[_Group]:
    by_notebook: dict[str, list[Run]] = {}
    for run in runs:
        by_notebook.setdefault(run.notebook, []).append(run)
    ordered = sorted(by_notebook.items())
    failed = [run.id for _, group in ordered for run in group if run.failure is not None]
    anchors = {name: f"failure-{number}" for number, name in enumerate(failed, start=1)}
    return [_group(name, group, f"notebook-{number}", anchors) for number, (name, group) in enumerate(ordered, start=1)]


def _group(notebook: str, runs: Sequence[Run], anchor: str, anchors: Mapping[str, str]) -> _Group:
    # Notebooks of one's own may name other figures in every run: a table has room for some.
    labels = list(dict.fromkeys(label for run in runs for label in run.figures))[:_MOST_COLUMNS]
    return _Group(
        notebook=_title(notebook),
        anchor=anchor,
        columns=tuple(
            _Column(f"figure:{short(label)}|{short(unit)}", short(label), short(unit)) for label, unit in labels
        ),
        has_parameters=any(run.parameters for run in runs),
        has_until=any(run.until for run in runs),
        series=_series(runs),
        rows=tuple(_row(run, labels, anchors.get(run.id, "")) for run in runs),
    )


def _series(runs: Sequence[Run]) -> tuple[str, str] | None:
    """Return what the drawings show, and the unit; None where there is no drawing."""
    series = {run.series for run in runs if run.spark is not None}
    if len(series) > 1:
        return "Series", ""
    return next(iter(series), None)


def _row(run: Run, labels: Sequence[Label], anchor: str) -> _Row:
    fund, notebook = short(run.fund) or "no fund", _title(run.notebook)
    parameters = tuple((short(name), value_text(value)) for name, value in run.parameters.items())
    failure = None
    if run.failure is not None:
        told = run.failure
        heading = short(told["heading"], 120) if told["heading"] else ""
        failure = {**told, "heading": heading, "error": short(told["error"]), "message": message(told["message"])}
    in_cell = failure is not None and failure["cell"] is not None
    # The report of a failed run has its failed cell marked.
    links = tuple(
        (kind, run.links[kind] + ("#failed-cell" if in_cell and kind == "html" else ""))
        for kind in _KINDS
        if kind in run.links
    )
    said = [f"{name}={value}" for name, value in parameters]
    about = " ".join([f"{fund}, {notebook}", *said])
    words = [fund, notebook, *said, run.status, "simulated" if run.simulated else "", short(run.id, 160)]
    if failure is not None:
        words += [failure["heading"], failure["error"], failure["message"][:400]]
    return _Row(
        fund=fund,
        notebook=notebook,
        about=about,
        status=run.status,
        parameters=parameters,
        notes=tuple(short(note, 200) for note in run.notes),
        links=links,
        cells=tuple(_cell(run, label) for label in labels),
        spark=run.spark,
        until=short(run.until),
        simulated=run.simulated,
        search=" ".join(" ".join(filter(None, words)).casefold().split()),
        failure=failure,
        anchor=anchor,
    )


def _cell(run: Run, label: Label) -> _Cell:
    value, error, interval = run.figures.get(label, (None, None, None))
    return _Cell(number_text(value, error, interval), "" if value is None else repr(value))


def _title(notebook: str) -> str:
    """Return a notebook's name as reports print it."""
    return short(notebook.replace("_", " ")) or "notebook"

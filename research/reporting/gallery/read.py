"""A batch as its gallery shows it: the manifest and the results, with nothing taken for granted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from research.errors import DataError, DataFileError
from research.reporting.gallery.shown import as_number, href, short
from research.reporting.gallery.sparkline import Sparkline, sparkline
from research.reporting.result import open_findings
from research.reporting.schema import violation

__all__ = ["MANIFEST", "Batch", "Run", "read_batch"]

MANIFEST: Final = "manifest.json"
_KINDS: Final = ("html", "ipynb", "json")
_MOST_FIGURES: Final = 4
_WORDS: Final = 120

Shown = tuple[float | None, float | None, tuple[float | None, float | None] | None]
Label = tuple[str, str]
"""What a figure is, and its unit."""


@dataclass(frozen=True)
class Run:
    """One run as the gallery shows it; text but that of `spark` and `series` has yet to be made fit to be seen.

    Parameters
    ----------
    id, fund, notebook, status : str
        As in the manifest; the fund is empty for a notebook that is not about one.
    parameters : mapping of str to JSON value
        Those that differ between the runs of this notebook.
    failure : mapping or None
        ``cell``, ``heading``, ``error``, ``message``.
    notes : tuple of str
        What else is to be said.
    links : mapping of str to str
        Relative addresses by ``html``, ``ipynb`` and ``json``.
    figures : mapping of (label, unit) to (value, standard error)
        Headline.
    spark : Sparkline or None
        The series.
    series : (label, unit)
        What the series is.
    until : str
        Last session of the sample; empty where it is not known.
    simulated : bool
        Whether no such fund exists.
    """

    id: str
    fund: str
    notebook: str
    status: str
    parameters: Mapping[str, Any]
    failure: Mapping[str, Any] | None
    notes: tuple[str, ...]
    links: Mapping[str, str]
    figures: Mapping[Label, Shown] = field(default_factory=dict)
    spark: Sparkline | None = None
    series: Label = ("", "")
    until: str = ""
    simulated: bool = False


@dataclass(frozen=True)
class Batch:
    """A batch; `runs` are in the manifest's order."""

    name: str
    versions: Mapping[str, str]
    runs: tuple[Run, ...]


def read_batch(folder: Path) -> Batch:
    """Read ``manifest.json`` and the results that it lists.

    Parameters
    ----------
    folder : pathlib.Path
        Of the batch.

    Returns
    -------
    Batch
        A result that is absent, unreadable or another one than the manifest lists is a note of its run, no error.

    Raises
    ------
    DataFileError
        If there is no manifest, or it is no JSON.
    DataError
        If the manifest does not fit ``research/data/batch.schema.json``.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataFileError(f"{MANIFEST} of {folder.name} cannot be read: {error}; run the batch first") from error
    problem = violation(manifest, "batch")
    if problem is not None:
        raise DataError(f"{MANIFEST} of {folder.name} is not one of a batch: {problem}")
    differing = _differing(manifest["runs"])
    runs = tuple(_run(folder, entry, differing[entry["notebook"]]) for entry in manifest["runs"])
    return Batch(manifest["batch"], manifest["versions"], runs)


def _differing(entries: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return, by notebook, the parameters but the fund whose values are not the same in all its runs."""
    seen: dict[str, dict[str, set[str]]] = {}
    for entry in entries:
        values = seen.setdefault(entry["notebook"], {})
        for name, value in entry["parameters"].items():
            values.setdefault(name, set()).add(json.dumps(value))
    return {
        notebook: [name for name, different in values.items() if name != "fund" and len(different) > 1]
        for notebook, values in seen.items()
    }


def _run(folder: Path, entry: Mapping[str, Any], differing: Sequence[str]) -> Run:
    result, problem = _result(folder, entry)
    notes = [note for note in (entry["note"], problem, _found(result)) if note]
    links = {kind: href(entry["files"][kind]["path"]) for kind in _KINDS if kind in entry["files"]}
    series = _mapping(result.get("spark"))
    label, unit = short(_text(series.get("label")), _WORDS) or "Series", short(_text(series.get("unit")))
    return Run(
        id=entry["id"],
        fund=entry["fund"] or "",
        notebook=entry["notebook"],
        status=entry["status"],
        parameters={name: entry["parameters"][name] for name in differing if name in entry["parameters"]},
        failure=entry["failure"] if entry["status"] == "failed" else None,
        notes=tuple(notes),
        links={kind: link for kind, link in links.items() if link is not None},
        figures=_figures(result.get("headline")),
        spark=sparkline(label, unit, [as_number(value) for value in _list(series.get("values"))]),
        series=(label, unit),
        until=_text(_mapping(result.get("sample")).get("end")),
        simulated=result.get("simulated") is True,
    )


def _result(folder: Path, entry: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """Return what a run found, and what is wrong with its file."""
    if entry["status"] != "ok":
        return {}, None
    listed = entry["files"].get("json")
    if listed is None or href(listed["path"]) is None:
        return {}, "the manifest lists no result inside the batch"
    try:
        content = (folder / listed["path"]).read_bytes()
        if hashlib.sha256(content).hexdigest() != listed["sha256"]:
            return {}, "its result is not the one that the manifest lists: run the batch again"
        result = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        told = error.strerror if isinstance(error, OSError) else "no JSON"
        return {}, f"its result cannot be read ({told}): run the batch again"
    return (result, None) if isinstance(result, dict) else ({}, "its result holds no object")


def _found(result: Mapping[str, Any]) -> str:
    """Return what screens found and nobody has acknowledged, in a few words; empty where there is nothing."""
    found = open_findings(result)
    if not found:
        return ""
    named = dict.fromkeys(
        f"{_text(item.get('rule')).replace('_', ' ')} ({_text(item.get('series'))})" for item in found
    )
    what = "1 finding" if len(found) == 1 else f"{len(found)} findings"
    return f"{what} that nobody has acknowledged: {', '.join(named)}"


def _figures(value: object) -> dict[Label, Shown]:
    found: dict[Label, Shown] = {}
    for item in map(_mapping, _list(value)[:_MOST_FIGURES]):
        label = _text(item.get("label"))
        if label:
            ends = [as_number(end) for end in _list(item.get("interval"))]
            found[label, _text(item.get("unit"))] = (
                as_number(item.get("value")),
                as_number(item.get("std_error")),
                (ends[0], ends[1]) if len(ends) == 2 else None,
            )
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

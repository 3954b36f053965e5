"""Folders of batches made by hand: manifest, results and pages as a batch leaves them, for tests of the gallery."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["failed", "result", "succeeded", "write_batch"]

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body><main>
<h1>{title}</h1><details class="code"><summary>Code 1</summary><pre>load("{title}")</pre></details>
</main></body></html>
"""


def result(fund: str | None, notebook: str, figures: Mapping[str, float | None], **more: Any) -> dict[str, Any]:
    """The result of a run, with figures in basis points a year by label."""
    return {
        "schema": "research.result/1",
        "status": "ok",
        "fund": fund,
        "notebook": notebook,
        "parameters": {},
        "headline": [{"label": name, "value": value, "unit": "bp a year"} for name, value in figures.items()],
        "spark": {"label": "Divergence", "unit": "bp", "values": [0.0, -1.0, None, -2.5]},
        "sample": {"start": "2024-07-23", "end": "2026-09-25", "sessions": 540, "dropped": [], "screens": []},
        **more,
    }


def _entry(id_: str, fund: str | None, notebook: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": id_,
        "fund": fund,
        "notebook": notebook,
        "parameters": dict(parameters),
        "status": "ok",
        "key": hashlib.sha256(id_.encode()).hexdigest(),
        "files": {},
        "failure": None,
        "note": None,
    }


def succeeded(
    folder: Path, id_: str, document: dict[str, Any], parameters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write the files of a run that succeeded and return its entry in the manifest."""
    fund = document["fund"]
    entry = _entry(id_, fund, document["notebook"], parameters or ({} if fund is None else {"fund": fund}))
    content = (json.dumps(document, ensure_ascii=True) + "\n").encode()
    files = {"html": PAGE.format(title=id_).encode(), "ipynb": b"{\n}", "json": content}
    for kind, raw in files.items():
        path = folder / f"{id_}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        entry["files"][kind] = {"path": f"{id_}.{kind}"}
    entry["files"]["json"]["sha256"] = hashlib.sha256(content).hexdigest()
    return entry


def failed(
    id_: str,
    fund: str | None,
    notebook: str,
    message: str = "no such thing",
    *,
    cell: int | None = 3,
    heading: str | None = "The sample",
    error: str = "DataError",
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the entry of a run that failed and left no file."""
    failure = {"cell": cell, "heading": heading, "error": error, "message": message}
    entry = _entry(id_, fund, notebook, parameters or ({} if fund is None else {"fund": fund}))
    return {**entry, "status": "failed", "failure": failure}


def write_batch(folder: Path, runs: Iterable[dict[str, Any]], name: str = "nightly") -> Path:
    """Write the manifest and return the folder."""
    entries = sorted(runs, key=lambda entry: str(entry["id"]))
    ok = sum(entry["status"] == "ok" for entry in entries)
    manifest = {
        "schema": "research.batch/1",
        "batch": name,
        "counts": {"ok": ok, "failed": len(entries) - ok},
        "versions": {"numpy": "2.4.0", "python": "3.11.7"},
        "runs": entries,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=True) + "\n", encoding="utf-8")
    return folder

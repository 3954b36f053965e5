"""``manifest.json``: what the batch made, verified; no wall clock in it, so two runs give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from research.reporting.batch.store import Entry, encode, write_durably
from research.versions import versions

__all__ = ["MANIFEST", "MANIFEST_SCHEMA", "build_manifest", "write_manifest"]

MANIFEST: Final = "manifest.json"
MANIFEST_SCHEMA: Final = "research.batch/1"


def build_manifest(batch: str, entries: Iterable[Entry]) -> dict[str, Any]:
    """Return a manifest in the layout of ``research/data/batch.schema.json``.

    Parameters
    ----------
    batch : str
        Name of the batch.
    entries : iterable of dict
        One for each run that has ended, in any order.

    Examples
    --------
    >>> build_manifest("nightly", [])["counts"]
    {'ok': 0, 'failed': 0}
    """
    runs = sorted(entries, key=lambda entry: str(entry["id"]))
    ok = sum(entry["status"] == "ok" for entry in runs)
    return {
        "schema": MANIFEST_SCHEMA,
        "batch": batch,
        "counts": {"ok": ok, "failed": len(runs) - ok},
        "versions": versions(),
        "runs": runs,
    }


def write_manifest(folder: Path, manifest: dict[str, Any]) -> Path:
    """Write ``manifest.json`` whole or not at all, and return its path."""
    path = folder / MANIFEST
    write_durably(path, encode(manifest))
    return path

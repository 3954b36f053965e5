"""``index.html`` of a batch: written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from research.files import write_atomically
from research.reporting.gallery.page import page
from research.reporting.gallery.read import read_batch

__all__ = ["GALLERY", "write_gallery"]

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

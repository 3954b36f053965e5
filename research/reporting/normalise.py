"""Take out of an executed notebook what differs between two runs of the same thing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from research.reporting.nodes import Node

__all__ = ["normalise"]

_CELL_FILE: Final = re.compile(r"(?:[A-Za-z]:)?[^\s\"'(]*[/\\]ipykernel_\d+[/\\]\d+\.py")


def normalise(notebook: Node, place: Path) -> None:
    """Remove timings, random ids and temporary paths from a notebook, in place.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed notebook.
    place : pathlib.Path
        The temporary folder of the run; paths inside it become bare file names.
    """

    def cleaned(text: str) -> str:
        text = text.replace(f"{place}/", "").replace(str(place), ".")
        return _CELL_FILE.sub("<cell>", text)

    notebook.metadata.pop("papermill", None)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for key in ("papermill", "execution", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.id = "injected-parameters"
            cell.source = cleaned(cell.source)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]  # papermill adds an empty list to every cell
        for output in cell.get("outputs", ()):
            _clean_output(output, cleaned)


def _clean_output(output: Node, cleaned: Callable[[str], str]) -> None:
    if "text" in output:
        output.text = cleaned(output.text)
    for key in ("evalue", "ename"):
        if key in output:
            output[key] = cleaned(output[key])
    if "traceback" in output:
        output.traceback = [cleaned(line) for line in output.traceback]
    for kind, content in output.get("data", {}).items():
        if kind.startswith("text/") and isinstance(content, str):
            output.data[kind] = cleaned(content)

"""An executed notebook as one HTML file that opens offline, reads well and prints well."""

from __future__ import annotations

import html
import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from research.reporting.html import Outline, sanitiser, scrollable_tables, shaped_cells
from research.reporting.nodes import Node
from research.reporting.parameters import Value
from research.reporting.result import Failure

__all__ = ["render"]

_TEMPLATES: Final = Path(__file__).parent / "templates"
_IMAGES: Final = ("image/png", "image/jpeg", "image/svg+xml")
_SHOWN_FIRST: Final = ["text/html", "text/markdown", *_IMAGES, "text/plain"]


def render(
    notebook: Node,
    *,
    name: str,
    fund: str | None = None,
    parameters: Mapping[str, Value] | None = None,
    failure: Failure | None = None,
    failed_cell: int | None = None,
) -> str:
    """Return an executed notebook as a complete HTML page.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With its outputs.
    name : str
        The notebook's name.
    fund : str, optional
        The fund that the report is about.
    parameters : mapping of str to value, optional
        What the notebook ran with; shown folded at the top.
    failure : Failure, optional
        Why the run failed; shown in a banner at the top.
    failed_cell : int, optional
        Index of the cell that the banner links to.

    Returns
    -------
    str
        Everything inline: no request to anywhere, no script. Outputs pass an allow-list or are escaped.
    """
    from nbconvert.exporters.html import HTMLExporter  # noqa: PLC0415
    from nbconvert.filters.ansi import strip_ansi  # noqa: PLC0415
    from traitlets.config import Config  # noqa: PLC0415

    outline = Outline()
    clean = sanitiser()
    exporter = HTMLExporter(
        template_name="report",
        extra_template_basedirs=[str(_TEMPLATES)],
        exclude_anchor_links=True,
        config=Config({"NbConvertBase": {"display_data_priority": _SHOWN_FIRST}}),
    )
    exporter.register_filter("safe_html", lambda markup: outline.headings(shaped_cells(clean(markup))))
    exporter.register_filter(
        "safe_markdown", lambda markup: outline.headings(scrollable_tables(shaped_cells(clean(markup))))
    )
    exporter.register_filter("plain", lambda text: html.escape(strip_ansi(text), quote=False))
    exporter.register_filter("attribute", lambda text: html.escape(str(text)))
    label = name.rpartition("/")[2].replace("_", " ")
    page = {
        "title": " · ".join(part for part in (fund, label) if part),
        "parameters": [(key, json.dumps(value, ensure_ascii=False)) for key, value in (parameters or {}).items()],
        "failure": failure,
        "failed_cell": failed_cell,
        "outline": outline,
        "numbers": _code_numbers(notebook),
        "alternative": _alternative(),
    }
    # Not among the exporter's resources: it copies those, and the outline grows while the page is written.
    exporter.environment.globals["page"] = page
    body, _ = exporter.from_notebook_node(notebook)
    return str(body)


def _code_numbers(notebook: Node) -> dict[int, int]:
    """Return the number that a reader sees for each code cell, by the cell's index."""
    positions = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    return {index: number for number, index in enumerate(positions, start=1)}


def _alternative() -> Callable[[Node, str], str]:
    """Return a function that finds a figure's alternative text: the output's own, else a number to tell them apart."""
    numbers = itertools.count(1)

    def alternative(output: Node, kind: str) -> str:
        number = next(numbers)
        metadata = output.get("metadata", {})
        text = metadata.get(kind, {}).get("alt") or metadata.get("alt")
        return str(text or f"Figure {number} (no description given)")

    return alternative

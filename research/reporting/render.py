"""An executed notebook as one HTML file that opens offline, reads well and prints well."""

from __future__ import annotations

import html
import itertools
import json
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from research.reporting.execute import Node
from research.reporting.html import Outline, sanitiser, scrollable_tables, shaped_cells
from research.reporting.parameters import Value
from research.reporting.result import Failure

__all__ = ["prepare", "render"]

_MARKDOWN: Final = "# A title\n\nSome *words*, `code` and [a link](https://example.org).\n\n- a list\n\n|a|\n|-|\n|1|\n"
_CODE: Final = 'import research as rs  # a comment\nif rs.load(f"{1.5:g}"):\n    print([None, "text"])\n'
_TABLE: Final = '<table class="t"><tbody><tr><th>a</th><td style="text-align: right">1</td></tr></tbody></table>'
_TEMPLATES: Final = Path(__file__).parent / "templates"
_IMAGES: Final = ("image/png", "image/jpeg", "image/svg+xml")
_ONE_AT_A_TIME: Final = threading.Lock()
"""Threads of one process share its exporter."""
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
    from research.reporting.mathematics import typeset  # noqa: PLC0415 - imports the exporter's own Markdown

    outline = Outline()
    exporter = _exporter()
    clean = _cleaner()
    # The templates come to these through the page, because the exporter stays from one report to the next.
    filters = {
        "safe_html": lambda markup: outline.headings(shaped_cells(clean(markup))),
        "safe_markdown": lambda markup: typeset(outline.headings(scrollable_tables(shaped_cells(clean(markup))))),
    }
    label = name.rpartition("/")[2].replace("_", " ")
    page = {
        "title": " · ".join(part for part in (fund, label) if part),
        "parameters": [(key, json.dumps(value, ensure_ascii=False)) for key, value in (parameters or {}).items()],
        "failure": failure,
        "failed_cell": failed_cell,
        "outline": outline,
        "numbers": _code_numbers(notebook),
        "alternative": _alternative(),
        "css": _css(),
        **filters,
    }
    # Not among the exporter's resources: it copies those, and the outline grows while the page is written.
    with _ONE_AT_A_TIME:
        exporter.environment.globals["page"] = page
        body, _ = exporter.from_notebook_node(notebook)
    return str(body)


@cache
def prepare() -> None:
    """Do what the first page of a process needs: exporter, sanitiser and lexer are made when they are first used."""
    import nbformat  # noqa: PLC0415

    node = nbformat.v4
    output = node.new_output("display_data", {"text/html": _TABLE, "text/plain": "a"})
    cells = [node.new_markdown_cell(_MARKDOWN), node.new_code_cell(_CODE, outputs=[output])]
    language = {"name": "python", "pygments_lexer": "ipython3"}
    notebook = node.new_notebook(cells=cells, metadata={"language_info": language})
    render(notebook, name="none")
    nbformat.writes(notebook)


@cache
def _exporter() -> Any:  # noqa: ANN401 - nbconvert is untyped
    """Return the process's exporter: to compile its templates takes longer than to fill them."""
    from nbconvert.exporters.html import HTMLExporter  # noqa: PLC0415
    from nbconvert.filters.ansi import strip_ansi  # noqa: PLC0415
    from nbconvert.filters.highlight import Highlight2HTML  # noqa: PLC0415
    from nbconvert.filters.markdown_mistune import MarkdownWithMath  # noqa: PLC0415
    from traitlets.config import Config  # noqa: PLC0415

    from research.reporting.mathematics import MathRenderer  # noqa: PLC0415

    def markdown_to_html(source: str) -> str:
        return str(MarkdownWithMath(renderer=MathRenderer(escape=False, exclude_anchor_links=True)).render(source))

    class PageExporter(HTMLExporter):  # type: ignore[misc]
        """Leaves out how the usual exporter ends: it parses the page again, to add what ours has from the start."""

        def from_notebook_node(self, nb: Node, resources: Any = None, **kw: Any) -> tuple[str, Any]:  # noqa: ANN401
            language = nb.metadata.get("language_info", {})
            lexer = language.get("pygments_lexer", language.get("name"))
            self.register_filter("highlight_code", Highlight2HTML(pygments_lexer=lexer, parent=self))
            page: tuple[str, Any] = super(HTMLExporter, self).from_notebook_node(nb, resources, **kw)
            return page

    exporter = PageExporter(
        template_name="report",
        extra_template_basedirs=[str(_TEMPLATES)],
        exclude_anchor_links=True,
        config=Config({"NbConvertBase": {"display_data_priority": _SHOWN_FIRST}}),
    )
    for name in ("safe_html", "safe_markdown"):
        exporter.register_filter(name, _of_page(exporter.environment.globals, name))
    exporter.register_filter("markdown_to_html", markdown_to_html)
    exporter.register_filter("plain", lambda text: html.escape(strip_ansi(text), quote=False))
    exporter.register_filter("attribute", lambda text: html.escape(str(text)))
    return exporter


def _of_page(known: Mapping[str, Any], name: str) -> Callable[[str], str]:
    """Return a filter that does what the page at hand says."""

    def safe(markup: str) -> str:
        return str(known["page"][name](markup))

    return safe


_cleaner = cache(sanitiser)


@cache
def _css() -> str:
    return (_TEMPLATES / "report" / "report.css").read_text(encoding="utf-8")


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

"""Small notebooks made for one purpose each; shared by the tests of reports and of the command line."""

from __future__ import annotations

from pathlib import Path

PARAMETERS = """\
fund: str = "ETHV"  # ticker of the fund
start: str = ""  # [date] first session
window: int = 60  # [20 <= x <= 250] sessions in a rolling window
result_path: str = ""  # where the result goes
"""

WRITE = """\
from research.reporting import write_result
write_result(result_path, {
    "fund": fund,
    "notebook": "sample",
    "parameters": {"fund": fund, "start": start, "window": window},
    "provenance": {"versions": {}, "data": {}, "seed": 7},
    "answer": window / 7,
})
"""

Cells = list[str | tuple[str, str]]


def build(path: Path, cells: Cells, parameters: str = PARAMETERS) -> Path:
    """Write a notebook: a plain text is a code cell, a pair is (kind, source)."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    made = [new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]})]
    for number, cell in enumerate(cells):
        kind, source = ("code", cell) if isinstance(cell, str) else cell
        make = new_markdown_cell if kind == "markdown" else new_code_cell
        made.append(make(source, id=f"cell-{number}"))
    notebook = new_notebook(cells=made)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path

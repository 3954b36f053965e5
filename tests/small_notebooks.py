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

FOUND = WRITE.replace('"notebook": "sample"', '"notebook": "found"').replace(
    '"answer": window / 7,',
    """"sample": {"start": "2024-07-23", "end": "2024-09-25", "sessions": 46, "dropped": [], "screens": [
        {"rule": "spike", "series": "close", "session": "2024-08-02", "value": 31.0, "severity": "warning",
         "message": "2024-08-02: close is 31", "acknowledged": "as the exchange printed it" if window > 60 else None}]},
""",
)
"""As `WRITE`, with one finding, which is acknowledged where the window is longer than 60."""

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

"""Mathematics on a page: MathML alone, whatever a notebook's text holds; every formula of the package's own is set."""

from __future__ import annotations

import html
import re
from pathlib import Path

import nbformat
import pytest

from research.reporting.catalogue import notebooks
from research.reporting.mathematics import typeset
from research.reporting.render import render


def marked(formula: str, kind: str = "inline") -> str:
    return f'<span class="mathematics {kind}">{html.escape(formula)}</span>'


def page(text: str) -> str:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    return render(notebook, name="sample")


@pytest.mark.parametrize(
    "formula",
    [r"\frac", "{", r"\left(", "a_", "x_1_2", "&", "^", "", r"\begin{matrix}", r"\text{<script>alert(1)</script>}"],
)
def test_what_is_no_formula_stays_as_it_was_written(formula: str) -> None:
    assert typeset(marked(formula)) == f"${html.escape(formula)}$"


def test_a_formula_is_set_and_its_text_escaped() -> None:
    assert typeset(marked("a<b")).startswith("<math")
    assert "&#x0003C;" in typeset(marked("a<b"))
    assert 'display="block"' in typeset(marked("x", "block"))


def test_a_page_has_mathml_and_no_script() -> None:
    made = page("With $x_t$ and\n\n$$y = \\sum_k \\beta_k X_k$$\n\nand `$not$` this.")
    assert made.count("<math") == 2
    assert "<code>$not$</code>" in made
    assert "<script" not in made


def test_a_price_is_no_formula() -> None:
    assert "<math" not in page("The fund has $1.5 bn, its fee is charged on $2 bn.")


@pytest.mark.parametrize("path", notebooks().values(), ids=lambda path: path.stem)
def test_every_formula_of_the_notebooks_is_set(path: Path) -> None:
    text = "\n\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
    written = re.findall(r"\$\$.+?\$\$|\$[^$\n]+?\$", text, re.S)
    made = page(text)
    assert made.count("<math") == len(written)
    assert "$" not in re.sub(r"<style.*?</style>", "", made, flags=re.S)

"""The notebook as a person uses it: opened in JupyterLab, run from the menu, read on the screen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lab_server import Server, jupyterlab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

NOTEBOOK = "decomposition.ipynb"
WIDTH = 1280
READY, DONE = 60_000, 180_000
KERNEL_IS_THERE = """
() => document.querySelector('.jp-KernelName')?.innerText.startsWith('Python')
  && document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'
"""
RAN = """
cells => document.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status === 'idle'
  && [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].filter(e => /\\d/.test(e.innerText)).length >= cells
"""
ROOM = "e => e.closest('.jp-OutputArea-output').clientWidth"


@dataclass
class Session:
    """A notebook that was run, saved and left open, and what the browser heard meanwhile."""

    page: Page
    saved: dict[str, Any]
    told: list[str]
    elsewhere: list[str]

    @property
    def code_cells(self) -> list[dict[str, Any]]:
        return [cell for cell in self.saved["cells"] if cell["cell_type"] == "code"]

    @property
    def pictures(self) -> list[dict[str, Any]]:
        outputs = [output for cell in self.code_cells for output in cell["outputs"]]
        return [output for output in outputs if "image/png" in output.get("data", {})]


@pytest.fixture(scope="module")
def folder(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private folder with a copy of the notebooks."""
    made = tmp_path_factory.mktemp("jupyterlab")
    shutil.copytree(project / "notebooks", made / "notebooks", ignore=shutil.ignore_patterns(".*"))
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with jupyterlab(folder / "notebooks", folder) as running:
        yield running


@pytest.fixture(scope="module")
def session(server: Server, folder: Path, browser: Browser) -> Session:
    page = browser.new_page(viewport={"width": WIDTH, "height": 900})
    told: list[str] = []
    elsewhere: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: elsewhere.append(request.url) if not _is_local(request.url, server) else None)
    page.goto(server.page(NOTEBOOK))
    page.wait_for_function(KERNEL_IS_THERE, timeout=READY)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    file = folder / "notebooks" / NOTEBOOK
    code = sum(cell["cell_type"] == "code" for cell in json.loads(file.read_text(encoding="utf-8"))["cells"])
    page.wait_for_function(RAN, arg=code, timeout=DONE)
    before = file.stat().st_mtime_ns
    page.keyboard.press("Control+s")
    page.wait_for_function("() => !document.querySelector('.lm-TabBar-tab.jp-mod-dirty, .jp-mod-dirty')", timeout=READY)
    assert file.stat().st_mtime_ns > before
    _photograph(page, folder)
    return Session(page, json.loads(file.read_text(encoding="utf-8")), told, elsewhere)


def _is_local(url: str, server: Server) -> bool:
    return url.startswith((server.url, "data:", "blob:"))


def _photograph(page: Page, folder: Path) -> None:
    """Leave one picture of the whole notebook for whoever wants to look."""
    panel = page.locator(".jp-WindowedPanel-outer").first
    height = int(panel.evaluate("e => e.scrollHeight"))
    page.set_viewport_size({"width": WIDTH, "height": min(height + 200, 16_000)})
    panel.evaluate("e => { e.scrollTop = 0; }")
    page.wait_for_timeout(500)  # until the picture is painted
    page.screenshot(path=folder / "notebook.png")
    page.set_viewport_size({"width": WIDTH, "height": 900})


def test_every_cell_ran_without_an_error(session: Session) -> None:
    counts = [cell["execution_count"] for cell in session.code_cells]
    assert counts == list(range(1, len(counts) + 1))
    kinds = {output["output_type"] for cell in session.code_cells for output in cell["outputs"]}
    assert kinds == {"display_data"}, "an error, a warning or a stray result among the outputs"
    assert session.page.locator("[data-mime-type$='.error'], [data-mime-type$='.stderr']").count() == 0


def test_the_conclusions_are_a_list_of_sentences(session: Session) -> None:
    lists = session.page.locator(".jp-OutputArea-output ul.research-sentences")
    assert lists.count() == 3  # the points, those under "More", what cannot be concluded
    sentences = lists.first.locator("li").all_inner_texts()
    assert len(sentences) >= 5
    assert all(sentence.endswith((".", ")")) and "nan" not in sentence.split() for sentence in sentences)
    assert "Expense ratio" in sentences[0]


def test_tables_show_with_captions_and_scroll_rather_than_spill(session: Session) -> None:
    tables = session.page.locator(".jp-OutputArea-output table")
    assert tables.count() >= 10
    for table in tables.all():
        assert table.locator("caption").inner_text().strip()
        assert table.locator("tbody tr").count() >= 1
        assert table.evaluate("e => e.parentElement.clientWidth") <= table.evaluate(ROOM)
    assert session.page.evaluate("document.documentElement.scrollWidth") == WIDTH


def test_a_dollar_is_a_dollar_and_no_formula(session: Session) -> None:
    # JupyterLab typesets whatever stands between two dollar signs, in tables and lists too.
    assert session.page.locator(".jp-OutputArea-output mjx-container").all_inner_texts() == []


def test_figures_show_at_the_width_of_the_notebook(session: Session) -> None:
    figures = session.page.locator(".jp-OutputArea-output img")
    assert figures.count() == len(session.pictures) >= 6
    for figure in figures.all():
        room = figure.evaluate(ROOM)
        assert 0.5 * room <= figure.evaluate("e => e.clientWidth") <= room
        assert figure.evaluate("e => e.naturalWidth >= 1.5 * e.clientWidth"), "blurred on a dense screen"


def test_figures_carry_their_description(session: Session) -> None:
    # JupyterLab 4.6 gives its img elements no alt of their own: the description travels beside the picture, where the
    # report's page finds it.
    for picture in session.pictures:
        alt = picture["metadata"]["image/png"]["alt"]
        assert len(alt) > 40
        assert "".join(picture["data"]["text/plain"]) == alt


def test_outputs_log_no_error_and_ask_nobody(session: Session) -> None:
    assert session.told == []
    assert session.elsewhere == []

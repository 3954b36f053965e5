"""A report opened in headless Chromium from the file system, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium as running_chromium
from small_notebooks import WRITE, build

from research.reporting import run_report

pytestmark = pytest.mark.browser

TABLE = """
import pandas as pd
from research.tables import Table
frame = pd.DataFrame({f"column number {i}": [i / 7, 12345.678] for i in range(12)}, index=["a", "b"])
Table(frame, "A wide table, " * 9)
"""
FIGURE = """
import matplotlib.pyplot as plt
from IPython.display import display
fig, ax = plt.subplots(figsize=(12, 4)); ax.plot([1, 3, 2]); plt.close(fig)
display(fig, metadata={"image/png": {"alt": "A line"}})
"""
NOTEBOOK = [
    ("markdown", "# What explains the tracking difference of a fund\n\n" + "Words of a paragraph. " * 40),
    "print('a long line of output ' * 20)",
    ("markdown", "## Table\n\n| a | b |\n|---|---|\n| " + "wide " * 80 + "| 1 |\n\n`" + "x" * 200 + "`"),
    TABLE,
    "pd.DataFrame({f'c{i}': [i] for i in range(40)})",
    ("markdown", "## Figure"),
    FIGURE,
    WRITE,
]
CONTRAST = """
() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => [r, g, b].map(v => linear(v / 255))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(element.outerHTML.slice(0, 90));
  }
  return poor;
}
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("browser")
    good = run_report(build(folder / "sample.ipynb", NOTEBOOK), {}, folder)
    broken = [*NOTEBOOK[:5], "def f(x):\n    return 1 / x\nf(0)", *NOTEBOOK[5:]]
    bad = run_report(build(folder / "broken.ipynb", broken), {}, folder)
    assert (good.status, bad.status) == ("ok", "failed")
    return {"good": good.html, "bad": bad.html}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with running_chromium() as browser:
        yield browser


@pytest.mark.parametrize("name", ["good", "bad"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), (390, 844), (320, 640)])
def test_it_opens_offline_fits_and_can_be_read(
    chromium: Any, reports: dict[str, Path], name: str, scheme: str, size: tuple[int, int]
) -> None:
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, offline=True)
    page = context.new_page()
    told: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(reports[name].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert page.locator("details.code[open]").count() == 0
    for summary in page.locator("details > summary").all():
        if summary.evaluate("e => !e.parentElement.open"):
            summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert page.evaluate("[...document.images].every(i => i.alt && i.naturalWidth && i.clientWidth <= innerWidth)")
    assert page.evaluate(CONTRAST) == []
    assert told == []
    assert [url for url in asked if not url.startswith("data:")] == [reports[name].as_uri()]
    context.close()


def test_keyboard_reaches_the_report(chromium: Any, reports: dict[str, Path]) -> None:
    page = chromium.new_page()
    page.goto(reports["good"].as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    page.close()


def test_it_prints_without_code(chromium: Any, reports: dict[str, Path], tmp_path: Path) -> None:
    page = chromium.new_page()
    page.goto(reports["good"].as_uri())
    page.emulate_media(media="print")
    hidden = page.evaluate(
        "[...document.querySelectorAll('details.code, .contents, .skip')].every(e => !e.offsetParent)"
    )
    assert hidden
    assert page.locator("text=Parameters of this run").is_visible()
    pdf = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    page.close()

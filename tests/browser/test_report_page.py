"""The real report, as whoever gets the file sees it: without a network, on a desk, on a phone, on paper, by ear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_core import grave

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

DESK, PHONE = (1280, 900), (390, 844)
A4_BETWEEN_MARGINS = (673, 987)
"""CSS pixels of a printed page: 210 × 297 mm less margins of 16 and 18 mm, at 96 pixels an inch."""

SPILLS = """
() => [...document.querySelectorAll('main *')].filter(e => {
  if (e.closest('.output, .scroll, .research-table, .source, .stream, .text pre, .failure pre')) return false;
  return e.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
}).map(e => e.outerHTML.slice(0, 90))
"""
TALLER_THAN = "height => [...document.querySelectorAll('figure, tr')].filter(e => e.offsetHeight > height).length"
WIDER_THAN = """
width => [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > width + 1)
  .map(e => e.outerHTML.slice(0, 90))
"""


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    width, height = request.param
    # axe is injected into a page whose policy forbids scripts: only the browser may lift that.
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True, bypass_csp=True)
    page = context.new_page()
    page.goto(report.as_uri())
    yield page
    context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_it_asks_nobody_and_complains_of_nothing(browser: Browser, report: Path, size: tuple[int, int]) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(report.as_uri())
    page.mouse.wheel(0, 100_000)
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    assert told == []
    context.close()


def test_nothing_spills_folded_or_unfolded(page: Page) -> None:
    for _ in ("folded", "unfolded"):
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        assert page.evaluate(SPILLS) == []
        page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")


def test_the_key_figures_are_seen_without_scrolling_sideways(page: Page) -> None:
    headline = page.locator(".research-table").first
    assert "Tracking difference" in headline.inner_text()
    assert headline.evaluate("e => e.scrollWidth - e.clientWidth") == 0


def test_every_figure_is_drawn_and_described(page: Page) -> None:
    figures = page.locator("figure img").all()
    assert len(figures) >= 6
    texts = [figure.get_attribute("alt") or "" for figure in figures]
    assert all(len(text) > 40 and "no description" not in text for text in texts)
    assert len(set(texts)) == len(texts)
    assert page.evaluate("[...document.images].every(e => e.complete && e.naturalWidth >= 1.5 * e.clientWidth)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, rules: Path, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    assert grave(page, rules) == []


def test_on_paper_nothing_is_wider_or_taller_than_a_page(browser: Browser, report: Path, tmp_path: Path) -> None:
    width, height = A4_BETWEEN_MARGINS
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(report.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate(WIDER_THAN, width) == []
    assert page.evaluate(TALLER_THAN, height) == 0
    assert page.locator("details.code:visible, .source:visible, nav:visible").count() == 0
    pdf = page.pdf(path=tmp_path / "report.pdf", format="A4", prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert 5 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") <= 20
    page.close()

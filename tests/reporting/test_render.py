"""The page: one file, no request, ordered, described, escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from research.reporting.render import render
from research.reporting.result import Failure

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
EVIL = "<script>alert(1)</script>"


class Page(HTMLParser):
    """A page's elements in order, and the problems of its nesting."""

    VOID = frozenset({"meta", "img", "br", "hr", "input", "col", "link"})

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.problems: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and (not self.open or self.open.pop() != tag):
            self.problems.append(tag)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def html(kind: str, content: str, **metadata: Any) -> Any:
    return new_output("display_data", data={kind: content, "text/plain": "<Figure>"}, metadata=metadata)


@pytest.fixture(scope="module")
def notebook() -> Any:
    cells = [
        new_markdown_cell("# Title\n\nSee [below](#Part-one) and [a source](https://example.org/x)."),
        new_code_cell(
            "x = '<b>'  # " + EVIL, outputs=[new_output("stream", name="stdout", text=f"\x1b[31m{EVIL}\x1b[0m")]
        ),
        new_markdown_cell("## Part one\n\n| a | b |\n|---|---:|\n| 1 | 2 |\n\n![remote](https://example.org/a.png)"),
        new_code_cell("1", outputs=[new_output("stream", name="stderr", text=f"warning {EVIL}")]),
        new_code_cell(
            "2", outputs=[html("image/png", PIXEL, **{"image/png": {"alt": f'A "line" {EVIL}', "width": 300}})]
        ),
        new_code_cell("3", outputs=[html("image/png", PIXEL), html("image/svg+xml", f"<svg>{EVIL}</svg>")]),
        new_code_cell("4", outputs=[html("text/html", f"<div><h1>Late</h1>{EVIL}<img src='//x.test/a.png'></div>")]),
        new_code_cell("5", outputs=[html("text/markdown", f"#### Deep\n\n{EVIL} <img src=x onerror=alert(1)>")]),
        new_code_cell("6", outputs=[html("application/javascript", "alert(1)")]),
        new_code_cell("7", outputs=[new_output("execute_result", data={"text/plain": EVIL})]),
        new_code_cell("8", outputs=[new_output("error", ename=EVIL, evalue=EVIL, traceback=[f"\x1b[0;31m{EVIL}"])]),
        new_code_cell(""),
    ]
    return new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


@pytest.fixture(scope="module")
def markup(notebook: Any) -> str:
    return render(notebook, name="premium_discount", fund=f"ETH{EVIL}", parameters={"fund": EVIL, "horizons": [1, 5]})


@pytest.fixture(scope="module")
def page(markup: str) -> Page:
    return Page(markup)


def test_the_page_is_well_formed_and_complete(page: Page, markup: str) -> None:
    assert (page.problems, page.open) == ([], [])
    assert page.all("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    assert len(page.all("main")) == len(page.all("title")) == 1
    assert "@media print" in markup
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
    assert set(targets) <= set(ids)
    assert {"content", "Part-one"} <= set(targets)


def test_nothing_is_fetched(page: Page, markup: str) -> None:
    sources = [
        value for _, attributes in page.elements for key, value in attributes.items() if key in {"src", "srcset"}
    ]
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert not [
        tag for tag, _ in page.elements if tag in {"link", "script", "iframe", "object", "embed", "base", "svg"}
    ]
    assert not re.search(r"@import|url\s*\(", markup)
    outside = [a for _, a in page.elements if any(re.match(r"(https?:)?//", v) for k, v in a.items() if k != "href")]
    assert outside == []
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")


def test_one_title_and_no_level_skipped(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels == [1, 2, 2, 3, 2]  # the last is that of the code


def test_every_image_is_described(page: Page) -> None:
    alternatives = [image["alt"] for image in page.all("img") if "src" in image]
    assert alternatives == [f'A "line" {EVIL}', "Figure 2 (no description given)", "Figure 3 (no description given)"]
    assert page.all("img")[1 if "src" not in page.all("img")[0] else 0]["width"] == "300"
    assert all("alt" in image for image in page.all("img"))


def test_no_data_becomes_markup(page: Page, markup: str) -> None:
    assert "<script" not in markup.lower()
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert markup.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 9
    assert "\x1b" not in markup


def test_code_is_folded_cell_by_cell(page: Page) -> None:
    folded = [details for details in page.all("details") if details.get("class") == "code"]
    assert len(folded) == 9  # the empty cell has none
    assert all("open" not in details for details in folded)


def test_a_notebook_without_title_gets_one() -> None:
    page = render(new_notebook(cells=[new_markdown_cell("## Part")]), name="premium_discount", fund="ETHV")
    assert re.findall(r"<h1>(.*?)</h1>", page) == ["ETHV · premium discount"]
    assert "<title>ETHV · premium discount</title>" in page


def test_rendering_twice_gives_the_same_page(notebook: Any) -> None:
    assert render(notebook, name="a", fund="ETHV") == render(notebook, name="a", fund="ETHV")


def test_a_failure_stands_at_the_top(notebook: Any) -> None:
    failure = Failure(2, f"Part {EVIL}", "ValueError", f"bad {EVIL}\nsecond line")
    markup = render(notebook, name="sample", fund="ETHV", failure=failure, failed_cell=3)
    page = Page(markup)
    assert page.problems == []
    assert "<script" not in markup
    assert markup.index('class="failure"') < markup.index("<h1")
    assert "Part &lt;script&gt;" in markup
    assert "second line" in markup
    assert '<a href="#failed-cell">Cell 2</a>' in markup
    assert len([a for _, a in page.elements if a.get("id") == "failed-cell"]) == 1
    assert "(failed)</title>" in markup


def test_a_failure_without_a_cell(notebook: Any) -> None:
    markup = render(notebook, name="sample", failure=Failure(None, None, "MissingResult", "no result"))
    assert "Every cell ran" in markup
    assert 'id="failed-cell"' not in markup

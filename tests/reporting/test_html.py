"""Markup passes an allow-list; headings form one outline."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from research.reporting.html import Entry, Outline, sanitiser, scrollable_tables, shaped_cells

CLEAN = sanitiser()


class Elements(HTMLParser):
    """Collects every element with its attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<SCRIPT src=//x.test/a.js></SCRIPT>",
        "<img src=x onerror=alert(1)>",
        "<img src='https://x.test/a.png' alt=''>",
        "<img src='data:text/html,<script>alert(1)</script>' alt=''>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<iframe src='https://x.test'></iframe>",
        "<form action='https://x.test'><button>x</button></form>",
        "<link rel=stylesheet href='https://x.test/a.css'>",
        "<meta http-equiv=refresh content='0;url=https://x.test'>",
        "<div style='background:url(https://x.test/a.png)'>x</div>",
        "<svg><script>alert(1)</script></svg>",
        "<style>@import url(https://x.test/a.css)</style>",
        "<p onclick='alert(1)'>x</p>",
        "<base href='https://x.test/'>",
        "<details ontoggle=alert(1) open>x</details>",
        "<input type=image src='https://x.test/a.png'>",
        "<table background='https://x.test/a.png'><tr><td>x</td></tr></table>",
    ],
)
def test_nothing_that_runs_or_fetches_passes(markup: str) -> None:
    for tag, attributes in Elements(CLEAN(markup)).found:
        assert tag not in {"script", "iframe", "form", "button", "link", "meta", "svg", "style", "base", "object"}
        assert not [name for name in attributes if name.startswith("on") or name in {"background", "action"}]
        assert (attributes.get("src") or "data:image/").startswith("data:image/")
        assert not re.match(r"(javascript|data):", attributes.get("href") or "")
        assert "url" not in (attributes.get("style") or "")


@settings(max_examples=200)
@given(st.text(alphabet="<>/='\" abscriptonrl:&;#x!-", max_size=60))
def test_no_script_element_from_any_text(text: str) -> None:
    assert not [tag for tag, _ in Elements(CLEAN(text)).found if tag in {"script", "style", "iframe"}]


def test_a_picture_without_a_description_says_so() -> None:
    bare, described = (
        dict(Elements(CLEAN(f"<img src='data:image/png;base64,AA' {alt}>")).found) for alt in ("", "alt='>'")
    )
    assert bare["img"]["alt"] == "Picture (no description given)"
    assert described["img"]["alt"] == ">"


VALUES = st.text(alphabet="<>/='\" idclas&;h2to\n", max_size=20)


@settings(max_examples=300)
@example("h2", {"title": 'x id="', "lang": '" style=position:fixed onclick=alert(1) y'})
@example("td", {"title": " class=", "lang": "a> onclick=alert(1)"})
@given(
    st.sampled_from(["h2", "td"]), st.dictionaries(st.sampled_from(["title", "lang", "role", "id", "class"]), VALUES)
)
def test_what_shapes_the_page_leaves_every_other_attribute_alone(tag: str, attributes: dict[str, str]) -> None:
    given_ = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
    markup = f"<h2 {given_}>a</h2>" if tag == "h2" else f"<table><tr><td {given_}>a</td></tr></table>"
    cleaned = CLEAN(markup)
    page = Outline().headings(scrollable_tables(shaped_cells(cleaned)))
    (before,) = [found for name, found in Elements(cleaned).found if name == tag]
    (after,) = [found for name, found in Elements(page).found if name == tag]
    if tag == "h2":
        assert after == {**before, "id": "a"}
    else:
        assert after == {
            **before,
            "class": " ".join(["short", *([before["class"] or ""] if "class" in before else [])]),
        }


def test_tables_of_this_package_and_of_pandas_pass() -> None:
    import pandas as pd

    from research.tables import Table

    frame = pd.DataFrame({"<b>x</b>": [1.5], "text": ["<script>"]}, index=["a & b"])
    ours = Table(frame, "Caption")._repr_html_()
    assert CLEAN(ours).replace(';">', '">') == ours
    theirs = CLEAN(frame._repr_html_())
    assert "<table" in theirs
    assert "<style" not in theirs
    assert "dataframe tbody" not in theirs
    assert "&lt;script&gt;" in theirs


def test_alignment_is_the_only_style() -> None:
    cleaned = CLEAN('<p style="text-align:right;position:fixed">1</p>')
    assert cleaned.replace(": ", ":") == '<p style="text-align:right;">1</p>'


def test_outline_has_one_first_level_and_skips_none() -> None:
    outline = Outline()
    page = outline.headings("<h1>Title &amp; more</h1>") + outline.headings(
        '<h4>Deep</h4><h2>Two</h2><h3>Three</h3><h1>Again</h1><h2>Two</h2><h5 class="x">A <em>b</em></h5>'
    )
    assert re.findall(r"<h(\d)", page) == ["1", "2", "2", "3", "2", "2", "3"]
    assert outline.opens_with_title
    assert outline.entries[:2] == [Entry(2, "Deep", "Deep"), Entry(2, "Two", "Two")]
    anchors = re.findall(r'id="([^"]*)"', page)
    assert anchors == ["Title-&amp;-more", "Deep", "Two", "Three", "Again", "Two-2", "A-b"]
    assert [entry.anchor for entry in outline.entries] == anchors[1:]
    assert outline.entries[-1].text == "A b"


def test_a_title_that_does_not_come_first_is_a_section() -> None:
    outline = Outline()
    assert re.findall(r"<h(\d)", outline.headings("<h2>First</h2><h1>Late</h1>")) == ["2", "2"]
    assert not outline.opens_with_title


def test_text_of_headings_is_escaped_once() -> None:
    outline = Outline()
    outline.headings("<h2>a &lt;script&gt; &amp;amp;</h2>")
    assert outline.entries[0].text == "a &lt;script&gt; &amp;amp;"


def test_tables_scroll_on_their_own() -> None:
    markup = scrollable_tables("<p>a</p><table><tr><td>1</td></tr></table>")
    assert markup == '<p>a</p><div class="scroll" tabindex="0"><table><tr><td>1</td></tr></table></div>'


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("-20.1 ± 0.4 bp", "-20.1~±~0.4~bp"),
        ("-20.9 to -19.3", "-20.9~to~-19.3"),
        ("[-20.9, -19.3]", "[-20.9,~-19.3]"),
        ("95 % of all rows", "95~% of all rows"),
        ("Monday to Friday", "Monday to Friday"),
    ],
)
def test_numbers_stay_together_in_cells(cell: str, kept: str) -> None:
    markup = shaped_cells(f"<td>{cell}</td><p>1 ± 2</p>")
    assert markup.replace("\u00a0", "~") == f'<td class="short">{kept}</td><p>1 ± 2</p>'


def test_cells_are_marked_by_length() -> None:
    assert shaped_cells('<td class="text">2026-03-06</td>') == '<td class="short date text">2026-03-06</td>'
    assert shaped_cells(f"<td>{'word ' * 12}</td>") == f'<td class="long">{"word " * 12}</td>'
    assert shaped_cells(f"<td>{'word ' * 7}</td>") == f'<td class="medium">{"word " * 7}</td>'
    assert shaped_cells("<tdx>a</tdx><th>b</th>") == "<tdx>a</tdx><th>b</th>"

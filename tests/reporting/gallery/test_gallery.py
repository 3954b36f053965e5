"""The gallery's page: everything there, failures first, nothing from data ever markup, the same bytes twice."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from galleries import failed, result, succeeded, write_batch
from hypothesis import given, settings
from hypothesis import strategies as st

from research.errors import DataError, DataFileError
from research.reporting.gallery import write_gallery
from research.reporting.gallery.shown import as_number, href, message, number_text, short, visible
from research.reporting.gallery.sparkline import HEIGHT, WIDTH, sparkline
from research.reporting.schema import load_schema

VOID = {"meta", "input", "link", "img", "br", "hr"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img onerror=alert(1) src=x>',
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea></select></svg><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% for x in y %}",
    "../x",
    "&lt;b&gt;&amp;",
    "javascript:alert(1)",
    "\u202egnirts\u2066\u200f",
    "half \ud800 a character",
    "nul \x00 and bell \x07",
    "a\nb\r\nc\u2028d",
    "x" * 10_000,
    "<" * 10_000,
    "",
    " ",
]


class Page(HTMLParser):
    """The elements of a page in order, each with its attributes, and the text inside them."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: dict[int, str] = {}
        self._open: list[tuple[str, int]] = []
        self.feed(markup)
        self.close()
        assert self._open == [], "elements left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice: {tag} {attrs}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append((tag, len(self.elements) - 1))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, place in self._open:
            self.text[place] = self.text.get(place, "") + data

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str], str]]:
        """Attributes and text of every such element."""
        fits = {name.rstrip("_").replace("_", "-"): value for name, value in wanted.items()}
        return [
            (attributes, " ".join(self.text.get(place, "").split()))
            for place, (name, attributes) in enumerate(self.elements)
            if name == tag and all(attributes.get(key) == value for key, value in fits.items())
        ]


def gallery(folder: Path) -> tuple[str, Page]:
    markup = write_gallery(folder).read_text(encoding="utf-8")
    return markup, Page(markup)


@pytest.fixture
def nightly(tmp_path: Path) -> Path:
    """Four good runs of two notebooks, three failures."""
    difference = "Tracking difference"
    runs = [
        succeeded(tmp_path, "ETHA/decomposition", result("ETHA", "decomposition", {difference: -21.5, "Error": 26.9})),
        succeeded(tmp_path, "ETHV/decomposition", result("ETHV", "decomposition", {difference: -11.2, "Error": None})),
        succeeded(
            tmp_path,
            "SIM-SPOT/decomposition",
            result("SIM-SPOT", "decomposition", {difference: -1086.4}, simulated=True),
        ),
        succeeded(tmp_path, "market", result(None, "my_market", {"Level": 3.0})),
        failed("ETHW/decomposition", "ETHW", "decomposition", "6 sessions\nof 30"),
        failed("FETH/decomposition", "FETH", "decomposition", "", cell=None, heading=None, error="DeadKernel"),
        failed("ZZZ/aaa", "ZZZ", "aaa"),
    ]
    return write_batch(tmp_path, runs)


def test_the_example_manifests_fit_the_schema_of_batches(nightly: Path) -> None:
    manifest = json.loads((nightly / "manifest.json").read_text())
    jsonschema.Draft202012Validator(load_schema("batch")).validate(manifest)


def test_failures_come_first_with_cell_heading_error_and_message(nightly: Path) -> None:
    markup, page = gallery(nightly)
    headings = [text for _, text in page.all("h2")]
    assert headings == ["Failed 3", "aaa 1", "decomposition 5", "my market 1"]
    items = page.all("li", data_status="failed")
    assert len(items) == 3
    assert items[0][1] == "ZZZ, aaa Cell 3, under “The sample”: DataError no such thing"
    assert items[1][1] == "ETHW, decomposition Cell 3, under “The sample”: DataError 6 sessions of 30"
    assert items[2][1] == "FETH, decomposition Not in a cell: DeadKernel"
    assert markup.index("6 sessions\nof 30") < markup.index("<table")
    # Each failed row says where its reason stands.
    anchors = [attributes["id"] for attributes, _ in items]
    links = [attributes["href"] for attributes, _ in page.all("a") if attributes["href"].startswith("#failure")]
    assert sorted(links) == sorted(f"#{anchor}" for anchor in anchors)


def test_every_run_is_a_row_with_figures_series_and_links(nightly: Path) -> None:
    _, page = gallery(nightly)
    rows = page.all("tr", role="row")
    found = {attributes["data-fund"]: (attributes, text) for attributes, text in rows if "data-fund" in attributes}
    assert sorted(found) == ["ETHA", "ETHV", "ETHW", "FETH", "SIM-SPOT", "ZZZ", "no fund"]
    assert "-21.5 bp a year" in found["ETHA"][1]
    assert "2026-09-25" in found["ETHA"][1]
    assert "Error –" in found["ETHV"][1]
    assert "simulated" in found["SIM-SPOT"][1]
    assert "simulated" not in found["ETHA"][1]
    assert [attributes["data-value"] for attributes, _ in page.all("td", class_="number")][:2] == ["-21.5", "26.9"]
    drawings = page.all("svg")
    assert len(drawings) == 4
    titles = page.all("title")
    assert titles[0][1] == "nightly: 7 reports, 3 failed"
    assert titles[1][1] == "Divergence: from 0.00 to -2.50 bp, lowest -2.50, highest 0.00"
    files = [unquote(attributes["href"]) for attributes, _ in page.all("a") if not attributes["href"].startswith("#")]
    assert len(files) == 12
    assert all((nightly / file).is_file() for file in files)
    labels = [text for attributes, text in page.all("a") if attributes["href"].endswith(".html")]
    assert labels[0] == "Report of ETHA, decomposition"
    assert len(set(labels)) == len(labels), "links that a screen reader cannot tell apart"


def test_only_parameters_that_differ_within_a_notebook_are_shown(tmp_path: Path) -> None:
    runs = []
    for fund, confidence in (("A", 0.95), ("B", 0.99)):
        given_ = {"fund": fund, "confidence": confidence, "seed": 1, "horizons": [1, 5]}
        runs.append(succeeded(tmp_path, f"{fund}/x", result(fund, "x", {"d": 1.0}), given_))
    runs.append(succeeded(tmp_path, "A/y", result("A", "y", {"d": 1.0}), {"fund": "A", "seed": 2}))
    runs.append(succeeded(tmp_path, "B/z", result("B", "z", {"d": 1.0}), {"fund": "B", "start": ""}))
    runs.append(succeeded(tmp_path, "C/z", result("C", "z", {"d": 1.0}), {"fund": "C", "start": "2025-01-02"}))
    _, page = gallery(write_batch(tmp_path, runs))
    shown = [text for _, text in page.all("span", class_="parameter")]
    assert shown == ["confidence=0.95", "confidence=0.99", 'start=""', "start=2025-01-02"]


def test_nothing_is_fetched_and_nothing_else_may_run(nightly: Path) -> None:
    markup, page = gallery(nightly)
    assert not re.search(r"(?:https?:)?//[a-z]|url\(|@import", re.sub(r"(?m)^\s*// .*$", "", markup))
    for tag, attributes in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form", "audio", "video", "use"}
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "style", "srcset"}]
    policy = page.all("meta", http_equiv="Content-Security-Policy")[0][0]["content"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag in ("style", "script"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", markup, re.S)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    assert "unsafe" not in policy


def test_without_javascript_everything_is_listed(nightly: Path) -> None:
    _, page = gallery(nightly)
    hidden = [attributes.get("id") for _, attributes in page.elements if "hidden" in attributes]
    assert hidden == ["controls", "nothing"]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_is_text_wherever_it_stands(tmp_path: Path, text: str) -> None:
    plain = batch_full_of(tmp_path / "plain", "harmless")
    nasty = batch_full_of(tmp_path / "nasty", text)
    harmless, shape = gallery(plain)
    markup, page = gallery(nasty)

    def skeleton(page: Page) -> set[tuple[str, tuple[str, ...]]]:
        return {(tag, tuple(sorted(attributes))) for tag, attributes in page.elements}

    # No kind of element and no attribute that harmless text would not have made.
    assert skeleton(page) <= skeleton(shape)
    assert markup.count("<script") == harmless.count("<script") == 1
    for tag in ("style", "script"):
        assert re.findall(rf"<{tag}>(.*?)</{tag}>", markup, re.S) == re.findall(
            rf"<{tag}>(.*?)</{tag}>", harmless, re.S
        )
    for attributes, _ in page.all("a"):
        assert re.match(r"#|[A-Za-z0-9._%-]+(/|$|#)", attributes["href"])
        assert ".." not in unquote(attributes["href"]).split("/")
        assert ":" not in attributes["href"]
    assert len(markup) < len(harmless) + 120_000
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00\x07\ud800]", markup)


def batch_full_of(folder: Path, text: str) -> Path:
    """A batch with a text in every place that data can reach."""
    document = result(text, text, {text: 1.0, "y": 2.0}, simulated=True)
    document["headline"][1]["unit"] = text
    document["spark"] |= {"label": text, "unit": text}
    document["sample"]["end"] = text
    folder.mkdir()
    good = succeeded(folder, "good/x", document, {"fund": text, text: text, "differs": text})
    good["note"] = text
    bad = failed("bad/x", text, text, text, heading=text, error=text, parameters={text: [text], "differs": 1})
    bad["note"] = text
    bad["files"] = {"html": {"path": text}, "ipynb": {"path": f"a/{text}"}, "json": {"path": text, "sha256": "0" * 64}}
    other = {**good, "id": "other/x", "files": {"json": {"path": text, "sha256": "0" * 64}}}
    write_batch(folder, [good, bad, other, failed("worse/x", None, "w")], name=text)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["versions"] = {text: text}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@settings(max_examples=60)
@given(text=st.text(max_size=40))
def test_any_name_reads_as_itself(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = write_batch(tmp_path_factory.mktemp("names"), [failed("x/y", text, "decomposition", text)])
    _, page = gallery(folder)
    (item,) = page.all("li", data_status="failed")
    assert item[0]["data-fund"] == (short(text) or "no fund")


def test_the_same_batch_gives_the_same_bytes_wherever_it_lies(nightly: Path, tmp_path_factory: Any) -> None:
    first = write_gallery(nightly).read_bytes()
    copy = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(nightly, copy)
    assert write_gallery(copy).read_bytes() == first
    assert str(nightly).encode() not in first


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "cannot be read (No such file"),
        (lambda path: path.write_text("{}"), "not the one that the manifest lists"),
    ],
)
def test_a_result_that_is_not_the_listed_one_is_told_and_not_shown(nightly: Path, spoil: Any, told: str) -> None:
    spoil(nightly / "ETHA" / "decomposition.json")
    _, page = gallery(nightly)
    (row,) = page.all("tr", data_fund="ETHA")
    assert told in row[1]
    assert "-21.5" not in row[1]


@pytest.mark.parametrize(
    "content",
    ["[1]", "{}", '{"headline": 3, "spark": [], "sample": 1}', '{"headline": [1, {"label": 2}, {"label": "a"}]}',
     '{"headline": [{"label": "a", "unit": [], "value": "7"}], "spark": {"values": [1e999, NaN, true, "1", null]}}',
     '{"spark": {"label": "s", "unit": "u", "values": [-1e308, 1e308]}}', '{"spark": {"values": [' + "1" * 400 + "]}}",
     "[" * 100_000, "not json"],
    ids=lambda content: content[:24],
)  # fmt: skip
def test_a_result_of_any_shape_leaves_a_page(tmp_path: Path, content: str) -> None:
    entry = succeeded(tmp_path, "A/x", result("A", "x", {}))
    (tmp_path / "A" / "x.json").write_text(content)
    entry["files"]["json"]["sha256"] = hashlib.sha256(content.encode()).hexdigest()
    markup, page = gallery(write_batch(tmp_path, [entry]))
    assert len(page.all("tr", data_fund="A")) == 1
    assert not re.search(r"\b(nan|inf|None|True)\b", re.sub(r"<(style|script)>.*?</\1>", "", markup, flags=re.S))


def test_an_empty_batch_says_so(tmp_path: Path) -> None:
    _, page = gallery(write_batch(tmp_path, []))
    assert [text for _, text in page.all("p", id="nothing")] == ["This batch has no reports yet."]


@pytest.mark.parametrize(
    ("content", "error"), [(None, DataFileError), ("{", DataFileError), ("{}", DataError), ("[]", DataError)]
)
def test_without_a_manifest_nothing_is_written(tmp_path: Path, content: str | None, error: type[Exception]) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(error, match=r"manifest\.json"):
        write_gallery(tmp_path)
    assert not (tmp_path / "index.html").exists()


@given(st.text(max_size=80))
def test_an_address_stays_inside_the_batch_and_leads_to_the_file(path: str) -> None:
    address = href(path)
    if address is None:
        assert not path.isascii() or not path or re.search(r"\\|\0|(^|/)\.{0,2}(/|$)", path)
    else:
        assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", address)
        assert unquote(address) == path


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), max_size=200))
def test_a_drawing_stays_inside_its_frame(values: list[float | None]) -> None:
    drawn = sparkline("x", "bp", values)
    assert (drawn is None) is all(value is None for value in values[:60]) or len(values) > 60
    if drawn is None:
        return
    points = [*(p.split(",") for line in drawn.lines for p in line.split()), *drawn.dots, drawn.end]
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in points)


@given(st.text())
def test_what_is_shown_is_seen(text: str) -> None:
    assert visible(text, lines=True).replace("\n", "").replace("\t", "").isprintable()
    assert len(short(text)) <= 60


@given(st.floats(-1e300, 1e300), st.none() | st.floats(0, 1e12))
def test_a_number_reads_as_what_it_is(value: float, error: float | None) -> None:
    shown = number_text(value, error).split(" ± ")
    assert len(shown) == (1 if error is None else 2)
    read = float(shown[0].replace(",", ""))
    assert read == pytest.approx(value, rel=0.06, abs=0.051 if error is None else 0.6 * max(error, 0.0001) + 0.5)
    assert not re.fullmatch(r"-0(\.0*)?", shown[0])


def test_a_message_that_says_too_much_ends_and_says_how_much_is_left_out() -> None:
    assert message("a\nb\n") == "a\nb"
    long, tall = message("x" * 5_000).split("…\n"), message("y\n" * 100).split("…\n")
    assert (len(long[0]), long[1]) == (2_000, "(3,000 more characters)")
    assert (tall[0].count("y"), tall[1]) == (20, "(160 more characters)")


@pytest.mark.parametrize("value", [None, True, "1", float("nan"), float("inf"), 10**400, [], {}])
def test_what_is_no_finite_number_is_none(value: object) -> None:
    assert as_number(value) is None


def test_a_row_says_how_many_findings_nobody_has_acknowledged(tmp_path: Path) -> None:
    row = {"rule": "stale_value", "series": "close", "session": "2026-03-06", "value": 30.61, "severity": "warning"}
    rows = [row, {**row, "session": "2026-03-09"}, {**row, "rule": "early_close", "severity": "note"}]
    known = [{**row, "acknowledged": "seen"}]
    runs = []
    for name, screens in (("A", rows), ("B", known)):
        document = result(name, "n", {"x": 1.0})
        document["sample"]["screens"] = screens
        runs.append(succeeded(tmp_path, f"{name}/n", document))
    write_batch(tmp_path, runs)
    _, page = gallery(tmp_path)
    text = page.all("body")[0][1]
    assert text.count("nobody has acknowledged") == 1
    assert "2 findings that nobody has acknowledged: stale value (close)" in text

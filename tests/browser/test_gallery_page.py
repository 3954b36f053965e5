"""The gallery as whoever opens it sees it: from the file system, without a network, by keyboard, by ear."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_core import grave
from galleries import failed, result, succeeded, write_batch

from research.reporting.gallery import write_gallery

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

DESK, PHONE, SMALLEST = (1280, 900), (390, 844), (320, 640)
SPILLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CLIPPED = """
nodes => nodes.filter(node => node.offsetParent && node.scrollWidth > node.clientWidth + 1)
  .map(node => node.outerHTML.slice(0, 90))
"""
HOSTILE = "<script>document.title='run'</script>\"><img src=x onerror=\"document.title='run'\">"
MANY = 2_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, report: Path) -> Path:
    """A batch with the real report on ETHV among runs made by hand, failures and names that nobody would give."""
    place = tmp_path_factory.mktemp("batch")
    difference = {"ETHA": -21.6, "ETHB": None, "ETHE": -250.0, "SIM-SPOT": 4.4}
    runs = [
        succeeded(
            place,
            f"{fund}/decomposition",
            result(
                fund, "decomposition", {"Tracking difference": value, "Tracking error": 3.0}, simulated=fund[0] == "S"
            ),
            {"fund": fund, "confidence": 0.95},
        )
        for fund, value in difference.items()
    ]
    document = result("ETHV", "decomposition", {"Tracking difference": -11.2, "Tracking error": 1.0})
    real = succeeded(place, "ETHV/decomposition", document, {"fund": "ETHV", "confidence": 0.99})
    (place / "ETHV" / "decomposition.html").write_bytes(report.read_bytes())
    runs += [
        real,
        succeeded(place, "ETHV/premium_discount", result("ETHV", "premium_discount", {"Mean premium": 1.6})),
        failed("ETHW/decomposition", "ETHW", "decomposition", "6 sessions and 30 are needed\n" + "long " * 200),
        failed("x/decomposition", HOSTILE, "decomposition", HOSTILE, heading=HOSTILE, error=HOSTILE),
        failed("y/decomposition", "W" * 10_000, "decomposition", "M" * 10_000, cell=None, heading=None),
    ]
    write_gallery(write_batch(place, runs))
    return place


class Visit:
    """An open gallery, and everything that the browser asked for or complained of."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.asked: list[str] = []
        self.told: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self.told.append(message.text))
        page.on("pageerror", lambda error: self.told.append(str(error)))
        self.address = (folder / "index.html").as_uri()
        page.goto(self.address)

    def funds(self, notebook: str = "decomposition") -> list[str]:
        """Funds of the rows that are seen, in order."""
        rows = self.page.locator(f"tbody tr[data-notebook='{notebook}']:visible")
        return [name[:6] for name in rows.evaluate_all("rows => rows.map(row => row.dataset.fund)")]

    def found(self) -> str:
        return self.page.locator("#found").inner_text()

    def head(self, name: str) -> Locator:
        return self.page.get_by_role("columnheader", name=name).first

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


@pytest.fixture
def open_at(browser: Browser, folder: Path) -> Iterator[Callable[..., Visit]]:
    """A function that opens the gallery in a window of a size; at the end nobody was asked and nothing complained."""
    visits: list[Visit] = []

    def opened(size: tuple[int, int] = DESK, place: Path = folder, **options: Any) -> Visit:
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **options)
        visits.append(Visit(context.new_page(), place))
        return visits[-1]

    yield opened
    for visit in visits:
        assert visit.told == []
        assert [url for url in visit.asked if not url.startswith(("file://", "data:"))] == []
        visit.page.context.close()


def test_search_leaves_what_fits_and_says_how_many(open_at: Callable[..., Visit]) -> None:
    visit = open_at()
    assert visit.found() == "All 9 reports"
    visit.page.get_by_role("searchbox", name="Search").fill("SESSIONS etHw")
    assert visit.found() == "1 of 9 reports"
    assert visit.funds() == ["ETHW"]
    assert visit.page.locator(".failures li:visible").count() == 1
    assert visit.page.locator("h2:visible").all_inner_texts() == ["Failed 1 of 3", "Decomposition 1 of 8"]
    visit.page.get_by_role("searchbox").fill("no such fund")
    assert visit.found() == "0 of 9 reports"
    assert visit.page.get_by_text("No report matches.").is_visible()
    assert visit.page.locator("main section:visible").count() == 0
    visit.page.get_by_role("button", name="Clear").click()
    assert visit.found() == "All 9 reports"
    assert visit.focused() == "search"


def test_filters_go_together(open_at: Callable[..., Visit]) -> None:
    visit = open_at()
    visit.page.get_by_label("Fund").select_option("ETHV")
    assert visit.found() == "2 of 9 reports"
    visit.page.get_by_label("Notebook").select_option("premium discount")
    assert visit.found() == "1 of 9 reports"
    visit.page.get_by_label("Status").select_option("failed")
    assert visit.found() == "0 of 9 reports"
    visit.page.get_by_label("Fund").select_option("")
    visit.page.get_by_label("Notebook").select_option("")
    assert visit.found() == "3 of 9 reports"


def test_a_header_orders_numbers_by_size_with_missing_ones_last(open_at: Callable[..., Visit]) -> None:
    visit = open_at()
    before = visit.funds()
    head = visit.head("Tracking difference")
    assert head.get_attribute("aria-sort") == "none"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert visit.funds()[:4] == ["ETHE", "ETHA", "ETHV", "SIM-SP"]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert visit.funds()[:5] == ["SIM-SP", "ETHV", "ETHA", "ETHE", "ETHB"]
    assert visit.page.locator("[aria-sort]:not([aria-sort=none])").count() == 1
    visit.page.get_by_label("Order by").select_option("fund")
    visit.page.get_by_role("button", name="Descending").click()
    assert visit.head("Fund").get_attribute("aria-sort") == "ascending"
    assert visit.funds()[-1] == "WWWWWW"
    visit.page.get_by_role("button", name="Clear").click()
    assert visit.funds() == before


def test_a_view_can_be_kept_and_come_back_to(open_at: Callable[..., Visit]) -> None:
    visit = open_at()
    visit.page.get_by_role("searchbox").fill("eth & more?")
    visit.page.get_by_role("searchbox").fill("eth")
    visit.page.get_by_label("Status").select_option("ok")
    for _ in range(2):
        visit.head("Tracking difference").get_by_role("button").click()
    kept = visit.page.url
    wanted = ["ETHV", "ETHA", "ETHE", "ETHB"]
    assert visit.funds() == wanted
    visit.page.goto("about:blank")
    visit.page.goto(kept)
    assert visit.funds() == wanted
    assert visit.page.get_by_role("searchbox").input_value() == "eth"
    visit.page.goto(visit.address + "#fund=nobody&status=%3Cb%3E&sort=__proto__&order=down")
    assert visit.found() == "All 9 reports"


def test_the_keyboard_alone_finds_orders_and_opens_a_report(open_at: Callable[..., Visit]) -> None:
    visit = open_at()
    keys = visit.page.keyboard
    keys.press("Tab")
    assert visit.focused() == "Skip to the reports"
    keys.press("Enter")
    assert visit.focused() == "reports"
    keys.press("/")
    assert visit.focused() == "search"
    assert visit.page.get_by_role("searchbox").input_value() == ""
    keys.type("ethv decomposition")
    assert visit.found() == "1 of 9 reports"
    for _ in range(40):
        keys.press("Tab")
        if visit.focused().startswith("Tracking difference"):
            break
    assert visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keys.press("Enter")
    assert visit.head("Tracking difference").get_attribute("aria-sort") == "ascending"
    for _ in range(40):
        keys.press("Tab")
        if visit.focused() == "Report of ETHV, decomposition confidence=0.99":
            break
    keys.press("Enter")
    visit.page.wait_for_url("**/ETHV/decomposition.html")
    assert "ETHV" in visit.page.title()
    visit.page.go_back()
    assert visit.found() == "1 of 9 reports"
    keys.press("/")
    keys.press("Escape")
    assert visit.found() == "All 9 reports"


def test_a_report_opens_and_its_code_unfolds(open_at: Callable[..., Visit]) -> None:
    visit = open_at()
    visit.page.get_by_role("link", name="Report of ETHV, decomposition").click()
    fold = visit.page.locator("details.code").first
    assert fold.locator(".source").is_hidden()
    fold.locator("summary").click()
    assert fold.locator(".source").is_visible()
    assert "result_path" in fold.inner_text()


def test_why_a_run_failed_is_one_step_away_and_costs_no_state(open_at: Callable[..., Visit]) -> None:
    visit = open_at()
    visit.page.get_by_label("Status").select_option("failed")
    kept = visit.page.url
    visit.page.get_by_role("link", name="failed run of ETHW").click()
    assert visit.focused().startswith("failure-")
    assert "30 are needed" in visit.page.locator(":focus").inner_text()
    assert visit.page.url == kept


def test_hostile_names_show_and_do_nothing(open_at: Callable[..., Visit]) -> None:
    visit = open_at()
    assert visit.page.title() == "nightly: 9 reports, 3 failed"
    assert visit.page.locator("script").count() == 1
    assert visit.page.locator("img").count() == 0
    assert "<script>document.title" in visit.page.locator(".failures").inner_text()


def test_the_policy_stops_whatever_else_would_run(open_at: Callable[..., Visit]) -> None:
    visit = open_at()
    visit.page.evaluate(
        """() => { const s = document.createElement('script'); s.textContent = "document.title='run'";
        document.body.append(s); const b = document.createElement('p');
        b.setAttribute('onclick', "document.title='run'"); document.body.append(b); b.click(); }"""
    )
    assert visit.page.title() == "nightly: 9 reports, 3 failed"
    assert len(visit.told) >= 2
    assert all("Content Security Policy" in told for told in visit.told)
    visit.told.clear()


@pytest.mark.parametrize("size", [DESK, (820, 1000), PHONE, SMALLEST], ids=["desk", "tablet", "phone", "smallest"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_spills_and_axe_finds_nothing_serious(
    open_at: Callable[..., Visit], rules: Path, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    visit = open_at(size, color_scheme=scheme, bypass_csp=True)
    assert visit.page.evaluate(SPILLS) == 0
    assert visit.page.locator(".scroll, td, th").evaluate_all(CLIPPED) == []
    visit.head("Tracking difference").get_by_role("button").click() if size[0] > 1000 else None
    assert grave(visit.page, rules) == []
    picture = visit.page.screenshot(path=tmp_path / "gallery.png", full_page=True)
    assert picture.startswith(b"\x89PNG")


def test_on_a_phone_every_figure_has_its_name_and_fingers_can_order(open_at: Callable[..., Visit]) -> None:
    visit = open_at(SMALLEST, has_touch=True)
    card = visit.page.locator("tr[data-fund=ETHA]:visible")
    assert "Tracking difference" in card.inner_text()
    assert "bp a year" in card.inner_text()
    assert card.bounding_box()["width"] <= SMALLEST[0]  # type: ignore[index]
    visit.page.get_by_label("Order by").select_option(label="Tracking difference, bp a year")
    assert visit.funds()[0] == "ETHE"
    assert visit.page.locator("thead:visible").count() == 0


def test_without_javascript_everything_is_there(open_at: Callable[..., Visit]) -> None:
    visit = open_at(java_script_enabled=False)
    assert visit.page.locator("tbody tr:visible").count() == 9
    assert visit.page.locator(".failures li:visible").count() == 3
    assert visit.page.locator("#controls:visible, main button").count() == 0


def test_it_prints(open_at: Callable[..., Visit], tmp_path: Path) -> None:
    visit = open_at((1032, 700))
    visit.page.emulate_media(media="print")
    assert visit.page.locator("#controls:visible").count() == 0
    assert visit.page.evaluate(SPILLS) == 0
    pdf = visit.page.pdf(path=tmp_path / "gallery.pdf", prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert 1 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") <= 6


def test_two_thousand_runs_are_found_and_ordered(open_at: Callable[..., Visit], tmp_path: Path) -> None:
    runs = [
        succeeded(
            tmp_path, f"F{n:04}/decomposition", result(f"F{n:04}", "decomposition", {"Level": float(n * 7919 % MANY)})
        )
        for n in range(MANY)
    ]
    write_gallery(write_batch(tmp_path, runs))
    visit = open_at(DESK, tmp_path)
    assert visit.found() == "All 2000 reports"
    visit.page.get_by_role("searchbox").fill("f00")
    assert visit.found() == "100 of 2000 reports"
    visit.page.get_by_role("searchbox").fill("")
    visit.head("Level").get_by_role("button").click()
    values = visit.page.locator("td.number").evaluate_all("cells => cells.map(cell => Number(cell.dataset.value))")
    assert values == sorted(values)
    assert len(values) == MANY

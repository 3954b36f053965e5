"""A whole pull: vintages, tidy files, changes, and everything that must not happen to a folder."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pandas as pd
import pytest
from pull_funds import BEGIN, entry, local, mine, series
from pull_server import QUICK, Clock, serving, text

from research.errors import DataFileError, ParameterError, UnknownNameError
from research.funds import read_funds
from research.loaders import load_file, load_series
from research.loaders.pull.run import pull
from research.loaders.pull.vintage import Vintages, slug

FRED = "/graph/fredgraph.csv"
OLD = "observation_date,DTB3\n2024-07-03,5.21\n2024-07-04,\n"
NEW = OLD + "2024-07-05,5.22\n"
PROSHARES = (
    "Date,ProShares Name,Ticker,NAV,Prior NAV,NAV Change (%),NAV Change ($),Shares Outstanding (000),"
    "Assets Under Management\n"
    "07/24/2024,ProShares Bitcoin ETF,BITO,20.5000,20.0000,2.50000,0.5000,100000,2050000000.0000\n"
    "07/23/2024,ProShares Bitcoin ETF,BITO,20.0000,20.1000,-0.49751,-0.1000,100000,2000000000.0000\n"
)
ISHARES = (
    '<?xml version="1.0"?>\n<ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
    '<ss:Worksheet ss:Name="Historical"><ss:Table>'
    "<ss:Row>{0}As Of{1}{0}NAV per Share{1}{0}Ex-Dividends{1}{0}Shares Outstanding{1}</ss:Row>"
    "<ss:Row>{0}Jul 24, 2024{1}{2}25.1{1}{0}--{1}{2}480000{1}</ss:Row>"
    "<ss:Row>{0}Jul 23, 2024{1}{2}26.2{1}{0}--{1}{2}400000{1}</ss:Row>"
    "</ss:Table></ss:Worksheet></ss:Workbook>"
).format('<ss:Cell><ss:Data ss:Type="String">', "</ss:Data></ss:Cell>", '<ss:Cell><ss:Data ss:Type="Number">')
ETHA = "/us/products/337614/ishares-ethereum-trust-etf/1521942788811.ajax"
BILL = entry("bill_rate", source="fred", symbol="DTB3", file="dtb3.csv")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site():
    with serving() as here:
        yield here


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def run(site, clock, tmp_path):
    def go(*parts, **options):
        clock.instant += dt.timedelta(seconds=1)
        return pull(mine(*parts), tmp_path, sources=local(site), limits=QUICK, timer=clock, **options)

    return go


def vintages(folder):
    return sorted(path.relative_to(folder).as_posix() for path in (folder / "vintages").glob("*/*/2*Z-*"))


def bodies(folder):
    return [name for name in vintages(folder) if not name.endswith(".json")]


def test_a_first_pull_keeps_the_bytes_as_they_came_and_writes_the_tidy_file(site, run, tmp_path):
    site.answer(FRED, text(OLD, etag='"one"'))
    (outcome,) = run(BILL)
    assert outcome.state == "new"
    assert (tmp_path / "dtb3.csv").read_text() == "date,dtb3\n2024-07-03,5.21\n2024-07-04,\n"
    (body,) = bodies(tmp_path)
    kept = (tmp_path / body).read_bytes()
    assert kept == OLD.encode()
    assert body.startswith("vintages/fred/DTB3/20260926T120001.000000Z-" + hashlib.sha256(kept).hexdigest()[:8])
    about = json.loads((tmp_path / body).with_suffix(".json").read_text())
    assert about["address"] == f"{site.root}{FRED}?id=DTB3"
    assert about["time"] == "2026-09-26T12:00:01+00:00"
    assert (about["status"], about["bytes"]) == (200, len(OLD))
    assert about["sha256"] == hashlib.sha256(kept).hexdigest()
    assert about["headers"]["etag"] == '"one"'


def test_the_tidy_file_is_read_by_the_strict_csv_reader(site, run, tmp_path):
    site.answer(FRED, text(NEW))
    run(BILL)
    table = load_file(tmp_path / "dtb3.csv", "csv")
    assert table.frame["dtb3"].dropna().tolist() == [5.21, 5.22]
    assert table.remarks == ()


def test_a_304_is_noted_and_stores_nothing(site, run, tmp_path):
    same = lambda r: r.reply(304 if r.headers.get("if-none-match") == '"one"' else 500)  # noqa: E731
    site.answer(FRED, text(OLD, etag='"one"'), same)
    run(BILL)
    before = vintages(tmp_path)
    (outcome,) = run(BILL)
    assert outcome.state == "unchanged"
    assert vintages(tmp_path) == before
    note = json.loads((tmp_path / "vintages/fred/DTB3/checked.json").read_text())
    assert (note["status"], note["time"]) == (304, "2026-09-26T12:00:02+00:00")


def test_the_same_bytes_without_a_condition_are_stored_once(site, run, tmp_path):
    site.answer(FRED, text(OLD))
    assert [run(BILL)[0].state for _ in range(3)] == ["new", "unchanged", "unchanged"]
    assert len(bodies(tmp_path)) == 1


def test_a_new_etag_for_the_same_bytes_is_asked_with_next_time(site, run, tmp_path):
    site.answer(FRED, text(OLD, etag='"one"'), text(OLD, etag='"two"'), lambda r: r.reply(304))
    assert [run(BILL)[0].state for _ in range(3)] == ["new", "unchanged", "unchanged"]
    assert [request.headers.get("if-none-match") for request in site.asked] == [None, '"one"', '"two"']
    assert len(bodies(tmp_path)) == 1


def test_a_changed_file_becomes_a_second_vintage_and_the_first_stays(site, run, tmp_path):
    site.answer(FRED, text(OLD, etag='"one"'), text(NEW, etag='"two"'))
    run(BILL)
    first = {name: (tmp_path / name).read_bytes() for name in vintages(tmp_path)}
    (outcome,) = run(BILL)
    assert outcome.state == "new"
    assert "1 new" in outcome.message
    assert {name: (tmp_path / name).read_bytes() for name in first} == first
    assert len(bodies(tmp_path)) == 2
    assert Vintages(tmp_path).latest("fred", "DTB3").path.read_bytes() == NEW.encode()
    assert (tmp_path / "dtb3.csv").read_text().endswith("2024-07-05,5.22\n")


def test_content_that_comes_back_is_a_vintage_again(site, run, tmp_path):
    site.answer(FRED, text(OLD), text(NEW.replace("5.21", "5.2")), text(NEW))
    assert [run(BILL)[0].state for _ in range(3)] == ["new"] * 3
    assert len(bodies(tmp_path)) == 3


def test_revised_values_are_counted_and_the_first_is_named(site, run):
    site.answer(FRED, text(OLD), text(NEW.replace("5.21", "5.3").replace("04,", "04,5.4")))
    run(BILL)
    (outcome,) = run(BILL)
    assert "2 values revised (dtb3 of 2024-07-03 was 5.21, is 5.3)" in outcome.message


def test_another_symbol_is_never_asked_for_with_the_etag_of_the_first(site, run):
    site.answer(FRED, text(OLD, etag='"one"'))
    run(BILL)
    run(BILL, since=dt.date(2024, 7, 3))
    assert "if-none-match" not in site.asked[1].headers
    assert site.asked[1].path.endswith("id=DTB3&cosd=2024-07-03")


def test_a_damaged_vintage_is_not_taken_for_what_is_there(site, run, tmp_path):
    site.answer(FRED, text(OLD, etag='"one"'))
    run(BILL)
    (tmp_path / bodies(tmp_path)[0]).write_bytes(b"damaged")
    assert run(BILL)[0].state == "new"
    assert "if-none-match" not in site.asked[1].headers


def test_rows_that_would_be_lost_are_not(site, run, tmp_path):
    site.answer(FRED, text(NEW), text("observation_date,DTB3\n2024-07-05,5.22\n"))
    run(BILL)
    before = (tmp_path / "dtb3.csv").read_bytes()
    (outcome,) = run(BILL)
    assert outcome.state == "failed"
    assert "2 rows would be lost, the first of 2024-07-03" in outcome.message
    assert (tmp_path / "dtb3.csv").read_bytes() == before
    assert len(bodies(tmp_path)) == 2


def test_a_file_that_no_pull_wrote_is_not_overwritten(site, run, tmp_path):
    (tmp_path / "dtb3.csv").write_text("mine\n")
    site.answer(FRED, text(OLD))
    (outcome,) = run(BILL)
    assert outcome.state == "failed"
    assert "was not written by a pull" in outcome.message
    assert (tmp_path / "dtb3.csv").read_text() == "mine\n"


def test_a_file_that_was_edited_since_is_not_overwritten(site, run, tmp_path):
    site.answer(FRED, text(OLD), text(NEW))
    run(BILL)
    edited = (tmp_path / "dtb3.csv").read_text().replace("5.21", "5.99")
    (tmp_path / "dtb3.csv").write_text(edited)
    assert run(BILL)[0].state == "failed"
    assert (tmp_path / "dtb3.csv").read_text() == edited


def test_what_cannot_be_read_is_kept_but_not_written(site, run, tmp_path):
    site.answer(FRED, text("observation_date,DTB3\n2024-07-03,five\n"))
    (outcome,) = run(BILL)
    assert outcome.state == "failed"
    assert "'five' is not a number" in outcome.message
    assert len(bodies(tmp_path)) == 1
    assert not (tmp_path / "dtb3.csv").exists()


def test_a_web_page_leaves_nothing_behind(site, run, tmp_path):
    site.answer(FRED, text("<html><title>Access denied</title></html>", content_type="text/html"))
    (outcome,) = run(BILL)
    assert "'Access denied'" in outcome.message
    assert vintages(tmp_path) == []
    assert not (tmp_path / "dtb3.csv").exists()


def test_one_failure_does_not_keep_the_others_from_being_fetched(site, run):
    site.answer(FRED, lambda r: r.reply(404) if "DTB9" in r.path else text(OLD)(r))
    outcomes = run(entry("wrong", source="fred", symbol="DTB9"), BILL)
    assert [item.state for item in outcomes] == ["failed", "new"]
    assert "HTTP 404" in outcomes[0].message


def test_proshares_is_read_by_its_own_loader(site, run, tmp_path):
    site.answer("/etfdata/ByFund/BITO-historical_nav.csv", text(PROSHARES))
    run(series("nav", "bito.csv", "nav"), entry("nav", source="proshares", symbol="BITO"))
    frame = pd.read_csv(tmp_path / "bito.csv", index_col="date")
    assert frame["nav"].to_dict() == {"2024-07-23": 20.0, "2024-07-24": 20.5}
    assert frame["shares_outstanding"].tolist() == [1e8, 1e8]


def test_two_series_of_one_download_are_fetched_once(site, run, tmp_path):
    site.answer(ETHA, text(ISHARES, content_type="application/vnd.ms-excel"))
    outcomes = run(
        series("nav", "etha.csv", "nav"),
        series("shares_outstanding", "etha.csv", "shares_outstanding"),
        entry("nav", source="ishares", symbol="ETHA"),
        entry("shares_outstanding", source="ishares", symbol="ETHA"),
    )
    assert [(item.series, item.state) for item in outcomes] == [("nav", "new"), ("shares_outstanding", "new")]
    assert len(site.asked) == 1
    assert pd.read_csv(tmp_path / "etha.csv")["shares_outstanding"].tolist() == [400000, 480000]
    assert bodies(tmp_path)[0].endswith(".xls")


def test_a_series_read_in_the_publishers_format_gets_the_bytes_as_they_came(site, run, tmp_path):
    site.answer("/etfdata/ByFund/BITO-historical_nav.csv", text(PROSHARES))
    part = series("nav", "bito_raw.csv", "nav").replace('column = "nav"', 'column = "nav"\nformat = "proshares"')
    run(part, entry("nav", source="proshares", symbol="BITO"))
    assert (tmp_path / "bito_raw.csv").read_text() == PROSHARES


@pytest.mark.parametrize("line", ['format = "ishares"', 'options = { delimiter = ";" }'])
def test_a_series_read_in_another_way_is_not_written_to(site, run, line):
    part = series("nav", "bito.csv", "nav").replace('column = "nav"', f'column = "nav"\n{line}')
    with pytest.raises(ParameterError, match="name another file"):
        run(part, entry("nav", source="proshares", symbol="BITO"))
    assert site.asked == []


def test_a_series_of_a_table_of_ones_own_writes_the_file_of_that_table(site, clock, tmp_path):
    site.answer("/etfdata/ByFund/BITO-historical_nav.csv", text(PROSHARES))
    table = '\n[table.bito]\nfile = "bito.csv"\nformat = "proshares"\n'
    part = series("nav", "x", "nav").replace('file = "x"', 'table = "bito"')
    (tmp_path / "funds.toml").write_text(BEGIN + part + entry("nav", source="proshares", symbol="BITO") + table)
    (mine_,) = read_funds(tmp_path)
    pull(mine_, tmp_path, sources=local(site), limits=QUICK, timer=clock)
    assert (tmp_path / "bito.csv").read_text() == PROSHARES
    assert list(load_series(mine_, "nav").values) == [20.0, 20.5]


def test_what_a_pull_wrote_is_what_the_fund_then_loads(site, clock, tmp_path):
    site.answer("/etfdata/ByFund/BITO-historical_nav.csv", text(PROSHARES))
    toml = BEGIN + series("nav", "bito.csv", "nav") + entry("nav", source="proshares", symbol="BITO")
    (tmp_path / "funds.toml").write_text(toml)
    (mine_,) = read_funds(tmp_path)
    pull(mine_, tmp_path, sources=local(site), limits=QUICK, timer=clock)
    loaded = load_series(mine_, "nav")
    assert list(loaded.values) == [20.0, 20.5]
    assert loaded.source.sha256 == hashlib.sha256((tmp_path / "bito.csv").read_bytes()).hexdigest()


def test_two_sources_for_one_file_are_refused(run):
    with pytest.raises(ParameterError, match=r"would both write a\.csv"):
        run(
            entry("nav", source="proshares", symbol="BITO", file="a.csv"),
            entry("bill_rate", source="fred", symbol="DTB3", file="a.csv"),
        )


def test_a_column_that_the_fund_reads_and_a_pull_does_not_write_is_named(site, run, tmp_path):
    site.answer("/etfdata/ByFund/BITO-historical_nav.csv", text(PROSHARES))
    (outcome,) = run(series("nav", "bito.csv", "NAV"), entry("nav", source="proshares", symbol="BITO"))
    assert outcome.state == "failed"
    assert "column 'NAV'" in outcome.message
    assert not (tmp_path / "bito.csv").exists()


@pytest.mark.parametrize("file", ["vintages/fred/x.csv", "funds.toml"])
def test_what_is_not_a_pulls_to_write_is_refused(site, run, tmp_path, file):
    site.answer(FRED, text(OLD))
    (outcome,) = run(entry("bill_rate", source="fred", symbol="DTB3", file=file))
    assert outcome.state == "failed"
    assert not (tmp_path / file).exists()


def test_a_link_out_of_the_folder_is_not_followed(site, run, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (tmp_path / "out").symlink_to(outside)
    site.answer(FRED, text(OLD))
    (outcome,) = run(entry("bill_rate", source="fred", symbol="DTB3", file="out/x.csv"))
    assert "leads out of" in outcome.message
    assert list(outside.iterdir()) == []


def test_an_address_of_ones_own_must_be_on_the_issuers_site(site, run):
    address = "https://example.org/etha.xls"
    (outcome,) = run(entry("nav", source="ishares", symbol="ETHA", address=address))
    assert "example.org is not a host of this source" in outcome.message


def test_a_product_without_a_known_address_says_how_to_give_one(run):
    (outcome,) = run(entry("nav", source="ishares", symbol="ETHQ"))
    assert "did you mean 'ETHA'?" in outcome.message
    assert "add address" in outcome.message


def test_a_dry_run_asks_nobody_and_writes_nothing(site, run, tmp_path):
    (outcome,) = run(BILL, dry_run=True)
    assert outcome.state == "planned"
    assert outcome.message == f"{site.root}{FRED}?id=DTB3 -> dtb3.csv"
    assert site.asked == []
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_does_not_exist_is_refused_with_the_nearest(run):
    with pytest.raises(UnknownNameError, match="did you mean 'fred'"):
        run(BILL, source="fred ")


def test_a_fund_without_entries_says_what_to_write(run):
    with pytest.raises(ParameterError, match=r"\[fund\.MINE\.pull\.close\]"):
        run()


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataFileError, match="no such folder"):
        pull(mine(BILL), tmp_path / "nowhere")


def test_an_answer_older_than_the_latest_is_kept_but_does_not_count(site, run, clock, tmp_path):
    site.answer(FRED, text(NEW), text(OLD))
    run(BILL)
    clock.instant -= dt.timedelta(days=1)
    (outcome,) = run(BILL)
    assert outcome.state == "failed"
    assert "a later answer is there already" in outcome.message
    assert Vintages(tmp_path).latest("fred", "DTB3").path.read_bytes() == NEW.encode()
    assert (tmp_path / "dtb3.csv").read_text().endswith("5.22\n")


COINS = "/v4/timeseries/asset-metrics"


def coins(*days, following=None):
    data = [{"asset": "eth", "time": f"{day}T00:00:00.000000000Z", "PriceUSD": value} for day, value in days]
    return text(json.dumps({"data": data, **({"next_page_url": following} if following else {})}))


PRICE = entry("price", source="coinmetrics", symbol="eth", metric="PriceUSD")


def test_coin_metrics_is_fetched_page_by_page(site, run, tmp_path):
    first = coins(("2024-07-23", "3480.5"), ("2024-07-24", None), following=f"{site.root}{COINS}?next_page_token=two")
    second = coins(("2024-07-25", "3170.25"))
    site.answer(COINS, lambda r: (second if "token=two" in r.path else first)(r))
    (outcome,) = run(PRICE)
    assert outcome.state == "new", outcome.message
    assert "assets=eth&metrics=PriceUSD&frequency=1d" in site.asked[0].path
    assert (tmp_path / "pulled/MINE-price.csv").read_text() == (
        "date,price\n2024-07-23,3480.5\n2024-07-24,\n2024-07-25,3170.25\n"
    )
    answers = [name for name in vintages(tmp_path) if ".answers-" in name]
    assert [json.loads((tmp_path / name).read_bytes())["data"][0]["time"][:10] for name in answers] == [
        "2024-07-23",
        "2024-07-25",
    ]


@pytest.mark.parametrize("there", ["https://example.org/next", "file:///etc/hostname"])
def test_a_next_page_elsewhere_is_not_asked_for(site, run, there):
    site.answer(COINS, coins(("2024-07-23", "1"), following=there))
    assert run(PRICE)[0].state == "failed"
    assert len(site.asked) == 1


def test_pages_in_a_circle_end(site, run):
    site.answer(COINS, coins(("2024-07-23", "1"), following=f"{site.root}{COINS}"))
    assert "does not go on" in run(PRICE)[0].message


def test_an_error_in_json_is_told(site, run):
    site.answer(COINS, text('{"error": {"type": "bad_parameter", "message": "Bad asset"}}'))
    assert "Bad asset" in run(PRICE)[0].message


KILLED = """
import datetime as dt, os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from pull_funds import mine, entry, local
from pull_server import QUICK, Clock, Site
from research.loaders.pull import vintage
from research.loaders.pull.run import pull

moment, calls = {moment!r}, 0
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if moment == "half written":
    def half(path, content):
        path.with_name("." + path.name + ".0000").write_bytes(content[: len(content) // 2])
        die()
    vintage.write_atomically = half
elif moment == "before the name":
    os.link = die
elif moment == "before the json":
    link = os.link
    def once(a, b):
        if str(b).endswith(".json"):
            die()
        link(a, b)
    os.link = once
else:
    replace = Path.replace
    def before(self, target):
        if Path(target).name == moment:
            die()
        return replace(self, target)
    Path.replace = before
site = Site({port})
bill = entry("bill_rate", source="fred", symbol="DTB3", file="dtb3.csv")
pull(mine(bill), {data!r}, sources=local(site), limits=QUICK, timer=Clock("2026-09-26T13:00:00+00:00"))
"""


@pytest.mark.parametrize("moment", ["half written", "before the name", "before the json", "written.json", "dtb3.csv"])
def test_killed_in_the_middle_of_a_write_nothing_half_written_is_seen(site, run, clock, tmp_path, moment):
    site.answer(FRED, text(OLD), text(NEW))
    run(BILL)
    tests = str(Path(__file__).parent)
    code = KILLED.format(tests=tests, moment=moment, port=site.host.split(":")[1], data=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    whole = {OLD.encode(), NEW.encode()}
    assert {(tmp_path / name).read_bytes() for name in bodies(tmp_path)} <= whole
    assert Vintages(tmp_path).latest("fred", "DTB3").path.read_bytes() in whole
    tidy = (tmp_path / "dtb3.csv").read_text()
    assert tidy in {
        "date,dtb3\n2024-07-03,5.21\n2024-07-04,\n",
        "date,dtb3\n2024-07-03,5.21\n2024-07-04,\n2024-07-05,5.22\n",
    }
    clock.instant += dt.timedelta(hours=2)
    (outcome,) = run(BILL)
    assert outcome.state in {"new", "unchanged"}, outcome.message
    assert (tmp_path / "dtb3.csv").read_text().endswith("2024-07-05,5.22\n")
    assert not list((tmp_path / "vintages/fred/DTB3").glob(".*"))


def test_two_pulls_at_once_on_one_folder_keep_one_vintage_and_a_whole_file(site, tmp_path):
    both = threading.Barrier(2)

    def together(request):
        both.wait(timeout=10)
        text(OLD)(request)

    site.answer(FRED, together)
    outcomes = []

    def go():
        outcomes.append(pull(mine(BILL), tmp_path, sources=local(site), limits=QUICK, timer=Clock())[0])

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(item.state for item in outcomes) == ["new", "unchanged"]
    assert len(bodies(tmp_path)) == 1
    assert (tmp_path / "dtb3.csv").read_text() == "date,dtb3\n2024-07-03,5.21\n2024-07-04,\n"


def test_many_pulls_at_once_of_a_file_that_changes_keep_every_answer_whole(site, tmp_path):
    answers = [OLD + f"2024-07-05,{number}\n" for number in range(1, 9)]
    site.answer(FRED, *(text(answer) for answer in answers))

    def go(second):
        clock = Clock(f"2026-09-26T12:00:{second:02d}+00:00")
        pull(mine(BILL), tmp_path, sources=local(site), limits=QUICK, timer=clock)

    threads = [threading.Thread(target=go, args=(second,)) for second in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [(tmp_path / name).read_bytes().decode() for name in bodies(tmp_path)]
    assert sorted(kept) == answers
    latest = Vintages(tmp_path).latest("fred", "DTB3")
    assert latest.path.name == max(name.rpartition("/")[2] for name in bodies(tmp_path))
    tidy = (tmp_path / "dtb3.csv").read_text()
    assert tidy.splitlines()[-1].split(",")[1] == f"{float(latest.path.read_text().split(',')[-1])}"


def test_a_vintage_is_never_overwritten(tmp_path):
    place = Vintages(tmp_path)
    time = dt.datetime(2026, 9, 26, tzinfo=dt.UTC)
    with place.lock():
        stored = place.store("fred", "X", b"a\n", "csv", {}, time)
    stored.vintage.path.with_suffix(".json").unlink()  # as if killed before
    before = stored.vintage.path.stat().st_mtime_ns
    with place.lock(), pytest.raises(ConnectionError, match="no vintage is ever overwritten"):
        place.store("fred", "X", b"a\n", "csv", {}, time)
    assert stored.vintage.path.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "..", ".", "a/../b", "x\x00y", "", "ETH/USD"])
def test_no_name_of_a_series_leads_anywhere(tmp_path, name):
    part = slug(name)
    assert (tmp_path / part).resolve().parent == tmp_path.resolve()
    assert part not in {"", ".", ".."}


def test_a_pull_warns_of_nothing(site, run):
    site.answer(FRED, text(OLD))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(BILL)[0].state == "new"

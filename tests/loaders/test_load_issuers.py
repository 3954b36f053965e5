"""Issuers' files, written by hand to the description of each format; one test for each of its traps."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import openpyxl
import pytest

from research.errors import DataError, DataFileError, MissingColumnError, ParameterError, UnknownNameError
from research.loaders.grayscale import load_grayscale
from research.loaders.ishares import load_ishares
from research.loaders.nav_table import load_nav_table
from research.loaders.proshares import load_proshares
from research.loaders.raw import RawFile
from research.loaders.spdr_gold import load_spdr_gold
from research.loaders.ssga import load_ssga
from research.loaders.vaneck import load_vaneck


def raw(text: str | bytes, name: str = "file") -> RawFile:
    return RawFile(name, text if isinstance(text, bytes) else text.encode())


def rules(table) -> set[str]:
    return {remark.rule for remark in table.remarks}


# --- iShares


def cell(value: str, kind: str = "String") -> str:
    return f'<ss:Cell ss:StyleID="Default">\n<ss:Data ss:Type="{kind}">{value}</ss:Data>\n</ss:Cell>'


def workbook(rows, *, before: str = "", style: str = "</ss:Style>", sheet: str = "Historical") -> str:
    body = "".join("<ss:Row>" + "".join(cell(str(value)) for value in row) + "</ss:Row>\n" for row in rows)
    return (
        '<?xml version="1.0"?>\n<ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">\n'
        f'<ss:Styles><ss:Style ss:ID="Default"><ss:Alignment/>{style}</ss:Styles>\n{before}'
        f'<ss:Worksheet ss:Name="{sheet}"><ss:Table>{body}</ss:Table></ss:Worksheet></ss:Workbook>'
    )


HEADER = ["As Of", "NAV per Share", "Ex-Dividends", "Shares Outstanding"]
ROWS = [HEADER, ["Sep 16, 2026", "18.09768", "--", "473760000"], ["Sep 15, 2026", "18.143292", "0.0", "479160000"]]


def test_ishares_workbook_newest_first():
    table = load_ishares(raw(workbook(ROWS)))
    assert table.frame["nav"].tolist() == [18.143292, 18.09768]
    assert table.frame["shares_outstanding"].tolist() == [479160000.0, 473760000.0]
    assert table.frame.index.strftime("%Y-%m-%d").tolist() == ["2026-09-15", "2026-09-16"]
    assert table.columns["nav"].clock == "16:00 America/New_York"
    assert table.remarks == ()


def test_ishares_raw_ampersand_in_an_address_is_repaired_and_said():
    link = '<ss:Worksheet ss:Name="Disclaimers"><ss:Table><ss:Row><ss:Cell ss:HRef="https://x/?a=1&b=2">'
    link += '<ss:Data ss:Type="String">R&D &amp; more</ss:Data></ss:Cell></ss:Row></ss:Table></ss:Worksheet>'
    table = load_ishares(raw(workbook(ROWS, before=link)))
    assert len(table.frame) == 2
    assert [(item.rule, item.count) for item in table.remarks] == [("repaired_markup", 2)]


def test_ishares_style_closed_without_its_prefix_is_repaired_and_said():
    table = load_ishares(raw(workbook(ROWS, style="</Style>")))
    assert len(table.frame) == 2
    assert rules(table) == {"repaired_markup"}


def test_ishares_byte_order_mark():
    assert len(load_ishares(raw(b"\xef\xbb\xbf" + workbook(ROWS).encode())).frame) == 2


def test_ishares_index_column_is_found_by_its_name():
    rows = [
        ["As Of", "Index Level", "NAV per Share", "Ex-Dividends", "Shares Outstanding"],
        ["Nov 05, 2020", "2,457.00", "22.85", "--", "603,600,000.00"],
    ]
    frame = load_ishares(raw(workbook(rows))).frame
    assert frame.iloc[0].drop("distribution").to_dict() == {
        "nav": 22.85,
        "benchmark": 2457.0,
        "shares_outstanding": 603_600_000.0,
    }


def test_ishares_canada_has_an_index_return_series_and_no_clock_of_its_own():
    rows = [["As Of", "Index Return Series", "NAV per Share", "Ex-Dividends"], ["Nov 05, 2020", "101.5", "22.85", "--"]]
    table = load_ishares(raw(workbook(rows)))
    assert table.frame["benchmark"].tolist() == [101.5]
    assert table.columns["nav"].clock == ""


def test_ishares_ucits_with_a_header():
    rows = [["As Of", "Currency", "NAV per Share"], ["05/Nov/2020", "USD", "22.85"]]
    table = load_ishares(raw(workbook(rows)))
    assert table.frame["nav"].tolist() == [22.85]
    assert table.columns["nav"].unit == "fund currency"


def test_ishares_ucits_history_without_a_header():
    rows = [["Nov 06, 2020", "22.90"], ["Nov 05, 2020", "22.85"]]
    assert load_ishares(raw(workbook(rows, sheet="Historical NAVs"))).frame["nav"].tolist() == [22.85, 22.9]


def test_ishares_good_friday_and_sunday_are_kept_without_shares():
    rows = [
        HEADER,
        ["Mar 31, 2024", "39.8", "--", "--"],
        ["Mar 29, 2024", "39.8", "--", "--"],
        ["Mar 28, 2024", "39.8", "--", "1000"],
    ]
    frame = load_ishares(raw(workbook(rows))).frame
    assert len(frame) == 3
    assert np.isnan(frame.loc["2024-03-31", "shares_outstanding"])


def test_ishares_skipped_cells_keep_their_column():
    row = '<ss:Row><ss:Cell><ss:Data>Sep 14, 2026</ss:Data></ss:Cell><ss:Cell ss:Index="2"><ss:Data>19.1</ss:Data>'
    row += '</ss:Cell><ss:Cell ss:Index="4"><ss:Data>5</ss:Data></ss:Cell></ss:Row>'
    text = workbook(ROWS).replace("</ss:Table>", row + "</ss:Table>")
    frame = load_ishares(raw(text)).frame
    assert frame.loc["2026-09-14", "shares_outstanding"] == 5.0
    assert np.isnan(frame.loc["2026-09-14", "distribution"])


def test_ishares_csv_form():
    text = "As Of,NAV per Share,Ex-Dividends,Shares Outstanding\n2024-03-06,39.5,-,10\n"
    assert load_ishares(raw(text)).frame["nav"].tolist() == [39.5]


def json_file(points) -> str:
    content: object = points
    keys = ("componentsByNameMap", "fundDownload", "containersByNameMap", "historical", "dataPointsByNameMap")
    for key in reversed(keys):
        content = {key: content}
    return json.dumps(content)


def test_ishares_json_of_the_newer_site():
    points = {
        "asof": {"value": [20260916, 20260915]},
        "nav": {"value": [18.09768, 18.143292]},
        "exDividends": {"value": ["-", 0.0]},
        "sharesOutstanding": {"value": [473760000, "-"]},
    }
    frame = load_ishares(raw(json_file(points))).frame
    assert frame["nav"].tolist() == [18.143292, 18.09768]
    assert np.isnan(frame.iloc[0]["shares_outstanding"])


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        json_file({}),
        json_file({"asof": {"value": [20260916]}, "nav": {"value": []}}),
        json_file({"asof": {"value": [20260916]}, "nav": {"value": [[1]]}}),
        json_file({"asof": {"value": [20260916]}, "nav": {"value": [float("nan")]}}),
        "[" * 100_000,
    ],
)
def test_ishares_json_of_another_shape_is_refused(text):
    with pytest.raises(DataError):
        load_ishares(raw(text))


BOMB = '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("declaration", [BOMB, OUTSIDE], ids=["entity bomb", "external entity"])
def test_ishares_entities_are_refused(declaration):
    with pytest.raises(DataFileError, match="document type or entities"):
        load_ishares(raw(workbook(ROWS).replace("<ss:Workbook", declaration + "<ss:Workbook", 1)))


def test_ishares_deep_xml_is_refused():
    deep = "<a>" * 10_000 + "</a>" * 10_000
    with pytest.raises(DataFileError, match="nested deeper"):
        load_ishares(raw(workbook(ROWS, before=deep)))


def test_ishares_formula_without_a_value_is_refused():
    text = workbook(ROWS).replace("</ss:Table>", '<ss:Row><ss:Cell ss:Formula="=1+1"></ss:Cell></ss:Row></ss:Table>')
    with pytest.raises(DataFileError, match="formula without a stored value"):
        load_ishares(raw(text))


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_ishares_torn_workbook_is_refused(cut):
    text = workbook(ROWS)
    with pytest.raises(DataFileError, match="well-formed"):
        load_ishares(raw(text[: int(len(text) * cut)]))


@pytest.mark.parametrize("index", ["0", "-1", "99999999", "x", "١"])
def test_ishares_cell_with_an_impossible_index_is_refused(index):
    with pytest.raises(DataFileError, match="no column of a sheet"):
        load_ishares(raw(workbook(ROWS).replace("<ss:Cell ", f'<ss:Cell ss:Index="{index}" ', 1)))


def test_ishares_other_xml_and_a_workbook_without_history_are_refused():
    with pytest.raises(DataFileError, match="not a SpreadsheetML"):
        load_ishares(raw("<html><body/></html>"))
    with pytest.raises(DataFileError, match="no sheet with a NAV history"):
        load_ishares(raw(workbook([["a", "b"], ["1", "2"]], sheet="Holdings")))


@pytest.mark.real
def test_ishares_real_file(real_data):
    table = load_ishares(real_data / "crypto" / "ishares_etha_historical.csv")
    assert len(table.frame) == 560
    assert table.frame["nav"].iloc[-1] == 18.09768
    assert str(table.frame.index[0].date()) == "2024-06-24"


# --- ProShares

PROSHARES = "Date,ProShares Name,Ticker,NAV,Prior NAV,NAV Change (%),NAV Change ($),Shares Outstanding (000),"
PROSHARES += "Assets Under Management\n"
NOBL = "09/18/2026,ProShares S&P 500 Dividend Aristocrats ETF,NOBL,55.6579,56.0278,-0.66021,-0.3699,202400,"
NOBL += "11265159071.3158\n"


def test_proshares_units_are_converted():
    row = load_proshares(raw("\ufeff" + PROSHARES + NOBL)).frame.iloc[0]
    assert row["shares_outstanding"] == 202_400_000.0
    assert row["change"] == pytest.approx(-0.0066021, rel=1e-12)
    # The file's own figures agree: NAV times shares is the assets.
    assert row["nav"] * row["shares_outstanding"] == pytest.approx(row["assets"], rel=1e-5)


def test_proshares_bulk_file_needs_a_ticker():
    other = NOBL.replace("NOBL", "SSO")
    with pytest.raises(ParameterError, match="say which with ticker"):
        load_proshares(raw(PROSHARES + NOBL + other))
    table = load_proshares(raw(PROSHARES + NOBL + other), ticker="sso")
    assert len(table.frame) == 1
    assert (table.rows, table.rows_lost) == (2, 1)
    with pytest.raises(UnknownNameError, match="NOBL, SSO"):
        load_proshares(raw(PROSHARES + NOBL + other), ticker="TQQQ")


@pytest.mark.real
def test_proshares_changes_are_those_of_the_nav(real_data):
    frame = load_proshares(real_data / "general" / "proshares_sso_historical_nav.csv").frame
    implied = frame["nav"].pct_change().iloc[1:]
    # Printed to 0.001 of a percent point, NAV to four decimals, restated for splits: nearly every row agrees.
    assert ((implied - frame["change"].iloc[1:]).abs() < 1e-4).mean() > 0.99


# --- VanEck

VANECK = "Date,NAV,Close,Volume,Premium/Discount,Total Net Assets,Index Level\n"


def test_vaneck_thousands_text_dates_and_empty_weekend_volume():
    text = VANECK + 'Sep 26 2026,39.34,39.36,,0.02,"161,000,000","2,700.10"\n'
    text += 'Sep 25 2026,39.34,39.36,"12,345",0.02,"161,000,000","2,692.99"\n'
    table = load_vaneck(raw(text))
    assert table.frame["benchmark"].tolist() == [2692.99, 2700.1]
    assert np.isnan(table.frame["volume"].iloc[-1])


def test_vaneck_premium_is_in_dollars_and_says_so():
    table = load_vaneck(raw(VANECK + "2024-07-23,50.9159,50.68,1,-0.24,1,3476.61\n"))
    assert table.columns["premium"].unit == "USD"
    assert table.frame["premium"].iloc[0] == pytest.approx(50.68 - 50.9159, abs=0.005)


@pytest.mark.real
def test_vaneck_calendar_daily_rows_are_kept_and_counted(real_data):
    table = load_vaneck(real_data / "crypto" / "vaneck_ethv_nav_close_index.csv")
    assert len(table.frame) == 823
    assert (table.frame.index[1:] - table.frame.index[:-1]).days.unique().tolist() == [1]
    assert rules(table) == {"calendar_daily"}


# --- Grayscale


def page(rows: str) -> str:
    head = "<tr><th></th><th>Market Price/Share</th><th>Bitcoin Holdings/Share</th></tr>"
    return f"<html><script>var t='<table id=\"x\">';</script><table id='chart-data'>{head}{rows}</table><p>a</p></html>"


def test_grayscale_empty_cell_is_no_market_price():
    rows = "<tr><td>2020-12-04</td><td>23.22</td><td>18.21</td></tr><tr><td>2013-09-25</td><td></td><td>0.12</td></tr>"
    frame = load_grayscale(raw(page(rows))).frame
    assert frame["nav"].tolist() == [0.12, 18.21]
    assert np.isnan(frame["close"].iloc[0])


def test_grayscale_torn_row_and_page_without_the_table_are_refused():
    with pytest.raises(DataFileError, match="2 cells under 3 headings"):
        load_grayscale(raw(page("<tr><td>2020-12-04</td><td>23.22</td></tr>")))
    with pytest.raises(DataFileError, match="no table with id"):
        load_grayscale(raw("<html><table><tr><td>1</td></tr></table></html>"))


# --- SPDR Gold

GLD = "SPDR Gold\nline\nline\nline\nline\nline\n"
GLD += "Date, GLD Close, LBMA Gold Price, NAV per GLD in Gold, NAV/share at 10.30 a.m. NYT, Indicative Price of GLD at "
GLD += "4.15 p.m. NYT, Mid point of bid/ask spread at 4.15 p.m. NYT#, Premium/Discount of GLD mid point v Indicative "
GLD += "Value of GLD at 4.15 p.m. NYT, Daily Share Volume, Total Net Asset Value Ounces in the Trust as at 4.15 p.m. "
GLD += "NYT, Total Net Asset Value Tonnes in the Trust as at 4.15 p.m. NYT, Total Net Asset Value in the Trust\n"
FIRST = (
    "18-Nov-2004, 44.38, $442.00, 100.000000, 44.2, 44.305, $44.37, 0.146%, 5992000, 260000.00, 8.09, 114920000.00\n"
)


def test_spdr_gold_three_clocks_in_one_row():
    table = load_spdr_gold(raw(GLD + FIRST))
    row = table.frame.iloc[0]
    assert row["close"] == 44.38
    assert row["ounces_per_share"] == pytest.approx(0.1, rel=1e-15)
    assert row["premium"] == pytest.approx(44.37 / 44.305 - 1, abs=1e-5)
    assert row["ounces_per_share"] * row["benchmark"] == pytest.approx(row["nav"], rel=1e-12)
    clocks = {table.columns[name].clock for name in ("close", "benchmark", "nav", "mid")}
    assert clocks == {
        "16:00 America/New_York",
        "15:00 Europe/London",
        "10:30 America/New_York",
        "16:15 America/New_York",
    }


def test_spdr_gold_marker_words_are_no_values_and_counted():
    holiday = "25-Nov-2004" + ", HOLIDAY" * 11 + "\n"
    sandy = (
        "29-Oct-2012, NYSE Closed, $1709.00, 96.9, 165.6" + ", NYSE Closed" * 4 + ", 260000.00, 8.09, 114920000.00\n"
    )
    awaited = "03-Jul-2018, 118.6, AWAITED, 94.6, AWAITED, 118.5, $118.6, 0.1%, 1, 2.0, 3.0, 4.0\n"
    table = load_spdr_gold(raw(GLD + FIRST + holiday + sandy + awaited))
    assert np.isnan(table.frame.loc["2012-10-29", "close"])
    assert table.frame.loc["2012-10-29", "nav"] == 165.6
    assert table.frame.loc["2004-11-25"].isna().all()
    assert {item.message.split(" in ")[0]: item.count for item in table.remarks if item.rule == "marker"} == {
        "HOLIDAY": 11,
        "NYSE CLOSED": 5,
        "AWAITED": 2,
    }


def test_spdr_gold_bar_list_in_place_of_the_archive_is_named():
    with pytest.raises(DataFileError, match="list of gold bars"):
        load_spdr_gold(raw(b"%PDF-1.7 ..."))


def xlsx(sheets: dict[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("date", ["22-Sep-2026", 46287])
def test_spdr_gold_workbook_of_2026_dates_as_text_or_serial(date):
    header = ["Date", "Closing Price", "Ounces of Gold per Share", "Total Ounces of Gold in the Trust"]
    rows = [header, [date, 400.5, 0.0912, 3.2e7]]
    table = load_spdr_gold(raw(xlsx({"Disclaimer": [["Important"]], "History": rows})))
    assert str(table.frame.index[0].date()) == "2026-09-22"
    assert table.frame.iloc[0].to_dict() == {"close": 400.5, "ounces_per_share": 0.0912, "ounces": 3.2e7}


# --- SSGA


def ssga(rows) -> bytes:
    head = [["Fund Name:", "SPDR S&P 500"], ["Ticker Symbol:", "SPY"], [None]]
    names = ["Date", "NAV", "Shares Outstanding", "Total Net Assets"]
    return xlsx({"navhist": [*head, names, *rows]})


def test_ssga_three_lines_above_and_a_disclaimer_below():
    rows = [
        ["05-Jan-2026", 690.1, 1e9, 690.1e9],
        ["02-Jan-2026", 688.2, 1e9, 688.2e9],
        [None],
        ["Past performance 2026"],
    ]
    table = load_ssga(raw(ssga(rows)))
    assert table.frame["nav"].tolist() == [688.2, 690.1]
    assert [(item.rule, item.rows_lost) for item in table.remarks] == [("footer", 1)]


def test_workbook_zip_bomb_is_refused_unread():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    with pytest.raises(DataFileError, match="refused unread"):
        load_ssga(raw(stream.getvalue()))


def test_workbook_formula_without_a_stored_value_is_refused():
    rows = [["05-Jan-2026", "=1+1", 1e9, 690.1e9]]
    with pytest.raises(DataFileError, match="formula whose value was never stored"):
        load_ssga(raw(ssga(rows)))


def test_workbook_with_entities_is_refused():
    stream = io.BytesIO(ssga([["05-Jan-2026", 690.1, 1e9, 690.1e9]]))
    out = io.BytesIO()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.namelist():
            content = old.read(item)
            if item == "xl/workbook.xml":
                content = content.replace(b"<workbook", BOMB.encode() + b"<workbook", 1)
            new.writestr(item, content)
    with pytest.raises(DataFileError, match="document type or entities"):
        load_ssga(raw(out.getvalue()))


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 0.99])
def test_workbook_torn_is_refused(cut):
    content = ssga([["05-Jan-2026", 690.1, 1e9, 690.1e9]])
    with pytest.raises(DataFileError):
        load_ssga(raw(content[: int(len(content) * cut)]))


def test_workbook_that_is_another_archive_is_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("nav.csv", "date,nav\n")
    with pytest.raises(DataFileError, match="zip archive, no workbook"):
        load_ssga(raw(stream.getvalue()))


# --- NAV table


def test_nav_table_preamble_and_disclaimer_are_set_aside():
    text = "Bitwise Ethereum ETF\nHistorical data\n\nDate,NAV,Market Price,Premium/Discount (%),Shares Outstanding\n"
    text += '03/14/2025,13.61,13.60,-0.07,"18,190,000"\n03/13/2025,13.20,13.25,0.38,"18,190,000"\n\n'
    text += '"Performance data quoted represents past performance, and is no guarantee"\n'
    table = load_nav_table(raw(text))
    assert table.frame["premium"].tolist() == [pytest.approx(0.0038), pytest.approx(-0.0007)]
    assert table.frame["shares_outstanding"].tolist() == [18_190_000.0] * 2
    assert {"preamble", "footer"} <= rules(table)


def test_nav_table_days_and_months_that_cannot_be_told_apart_are_refused():
    text = "Date,NAV\n03/04/2025,20.1\n"
    with pytest.raises(DataFileError, match="starts with the month or the day"):
        load_nav_table(raw(text))
    assert str(load_nav_table(raw(text), date_format="%d/%m/%Y").frame.index[0].date()) == "2025-04-03"


def test_nav_table_two_columns_for_one_thing_are_refused():
    with pytest.raises(DataFileError, match="'NAV' and 'Net Asset Value' could both be nav"):
        load_nav_table(raw("Date,NAV,Net Asset Value\n2025-03-14,20.1,20.2\n"))


def test_nav_table_premium_without_a_unit_is_left_out_and_said():
    table = load_nav_table(raw("Date,NAV,Premium/Discount\n2025-03-14,20.1,0.02\n"))
    assert list(table.frame.columns) == ["nav"]
    assert "unit_not_stated" in rules(table)


def test_nav_table_semicolons():
    assert load_nav_table(raw("Date;NAV\n2025-03-14;20.1\n")).frame["nav"].tolist() == [20.1]


def test_nav_table_without_a_header_is_refused():
    with pytest.raises(MissingColumnError, match="no header with a date and a NAV"):
        load_nav_table(raw("a,b\n1,2\n"))


def test_identical_rows_are_kept_once_and_contradicting_ones_refused():
    twice = "As Of,NAV per Share,Ex-Dividends,Shares Outstanding\n2024-03-06,39.5,--,10\n2024-03-06,39.5,--,10\n"
    table = load_ishares(raw(twice))
    assert (len(table.frame), table.rows_lost) == (1, 1)
    assert rules(table) == {"identical_duplicate"}
    with pytest.raises(DataError, match="row 3 has the date 2024-03-06 of row 2 again"):
        load_ishares(raw(twice.replace("39.5,--,10\n2024", "39.6,--,10\n2024")))

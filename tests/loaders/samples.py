"""One small valid file for each format, as bytes: the corpus from which files are broken."""

from __future__ import annotations

import io
import json

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["SAMPLES"]

ISHARES = """<?xml version="1.0"?>
<ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><ss:Worksheet ss:Name="Historical"><ss:Table>
<ss:Row><ss:Cell><ss:Data>As Of</ss:Data></ss:Cell><ss:Cell><ss:Data>NAV per Share</ss:Data></ss:Cell>
<ss:Cell><ss:Data>Shares Outstanding</ss:Data></ss:Cell></ss:Row>
<ss:Row><ss:Cell><ss:Data>Sep 16, 2026</ss:Data></ss:Cell><ss:Cell><ss:Data>18.09</ss:Data></ss:Cell>
<ss:Cell><ss:Data>473760000</ss:Data></ss:Cell></ss:Row>
<ss:Row><ss:Cell><ss:Data>Sep 15, 2026</ss:Data></ss:Cell><ss:Cell><ss:Data>18.14</ss:Data></ss:Cell>
<ss:Cell><ss:Data>--</ss:Data></ss:Cell></ss:Row>
</ss:Table></ss:Worksheet></ss:Workbook>
"""

GRAYSCALE = """<table id="chart-data"><tr><th></th><th>Market Price/Share</th><th>Bitcoin Holdings/Share</th></tr>
<tr><td>2020-12-04</td><td>23.22</td><td>18.21</td></tr><tr><td>2020-12-03</td><td></td><td>18.30</td></tr></table>
"""

GOLD = """a
b
c
d
e
f
Date, GLD Close, LBMA Gold Price, NAV per GLD in Gold
18-Nov-2004, 44.38, $442.00, 100.000000
19-Nov-2004, 44.78, $447.00, 100.000000
25-Nov-2004, HOLIDAY, HOLIDAY, HOLIDAY
"""

REBALANCE = json.dumps(
    {
        "summary": [
            {
                "asset": name,
                "currentUnit": {"hex": "0x0a"},
                "newUnit": {"hex": "0x0b"},
                "notionalInToken": {"hex": "-0x0c"},
                "notionalInUSD": {"hex": "0x64"},
            }
            for name in ("YFI", "COMP")
        ]
    }
)

VX = """Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest
3/26/2004,K (May 04),212.4,212.5,202.7,202.7,203.2,0,216,0,144
3/29/2004,K (May 04),199,199.9,197.5,197.7,198,0,52,0,113
"""

CME = '"level","Date[Date]","X 1D(1)[CME - Bitcoin Composite Index Future\\1D]",'
CME += '"X 1M(2)[CME - Bitcoin Composite Index Future\\1M]"\n'
CME += '"0","02/25/2019","3,815.55","3,810.36"\n"0","02/26/2019","3,778.40","3,775.00"\n'


def _sheets(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _parquet() -> bytes:
    stream = io.BytesIO()
    days = pd.to_datetime(["2024-07-23", "2024-07-24"]).date
    pq.write_table(pa.table({"date": list(days), "nav": [1.5, 2.5]}), stream)
    return stream.getvalue()


SAMPLES: dict[str, bytes] = {
    "bars": b"timestamp,open,high,low,close\n2024-01-01 00:00:00+0000,10,12,9,11\n"
    b"2024-01-01 01:00:00+0000,11,12,9,10\n",
    "cboe_vx": VX.encode(),
    "cme_curve": CME.encode(),
    "coin_metrics": b"time,PriceUSD\n2024-07-23T00:00:00.000000000Z,3483.5\n2024-07-24T00:00:00.000000000Z,3335.1\n",
    "coingecko": b"snapped_at,price,market_cap,total_volume\n2015-08-07 00:00:00 UTC,2.8,0.0,9\n"
    b"2015-08-08 00:00:00 UTC,1.3,8,3\n",
    "cryptodatadownload": b"unix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
    b"1674090000,x,BTC/USD,100,110,90,105,2,210\n1674086400000,x,BTC/USD,100,110,90,105,2,210\n",
    "csv": b"date,nav\n2024-07-23,1.5\n2024-07-24,2.5\n",
    "eia": _sheets(
        Contents=[["x"]],
        Data_1=[
            ["Back"],
            ["Sourcekey", "RCLC1"],
            ["Date", "Crude (Dollars per Barrel)"],
            [pd.Timestamp("2020-04-17"), 18.27],
        ],
    ),
    "excel": _sheets(Sheet=[["date", "nav"], ["2024-07-23", 1.5], ["2024-07-24", 2.5]]),
    "farside": b"Date,ETHA,ETHV,Total\nSeed,10.6,10.2,20.8\n23 Jul 2024,266.5,(7.6),258.9\n24 Jul 2024,1.0,,1.0\n",
    "fred": b"observation_date,DTB3\n2024-07-04,\n2024-07-05,5.22\n",
    "grayscale": GRAYSCALE.encode(),
    "index_members": b"asset_address,symbol,in_index_time,out_index_time,id,name\n\\x40,ren,2020-09-10,,r,REN\n"
    b"\\x41,lrc,2020-09-10,2021-01-04,l,Loopring\n",
    "ishares": ISHARES.encode(),
    "nav_table": b"Fund\nDate,NAV,Market Price,Premium/Discount (%)\n2025-03-14,20.11,20.10,-0.05\n"
    b"2025-03-13,20.01,20.10,0.45\n",
    "parquet": _parquet(),
    "proshares": b"Date,Ticker,NAV,NAV Change (%),Shares Outstanding (000)\n09/18/2026,NOBL,55.66,-0.66,202400\n"
    b"09/17/2026,NOBL,56.03,0.1,202400\n",
    "set_rebalance": REBALANCE.encode(),
    "spdr_gold": GOLD.encode(),
    "ssga": _sheets(
        navhist=[["Fund"], ["SPY"], [None], ["Date", "NAV"], ["05-Jan-2026", 690.1], ["02-Jan-2026", 688.2]]
    ),
    "vaneck": b'Date,NAV,Close,Index Level\n2024-07-24,49.1,49.2,"3,335.10"\n2024-07-23,50.9,50.7,"3,476.61"\n',
    "vx_by_rank": b",DATE,VIX,VX1,VX2\n61,2007-04-02,14.53,14.7,14.77\n62,2007-04-03,13.46,14.0,14.28\n",
    "yahoo": b"Date,Open,High,Low,Close,Adj Close,Volume\n2024-07-23,33,33.1,31.9,32.7,32.7,20\n"
    b"2024-07-24,32,33,31,32,32,10\n",
}
"""Bytes by format."""

"""The Cboe VX settlements and what goes with them, read by hand: a loader for such files comes in a later room."""

from pathlib import Path

import numpy as np
import pandas as pd

from research.alignment import sessions
from research.drivers.futures import FuturesCurve

MONTHS = dict(zip("FGHJKMNQUVXZ", range(1, 13), strict=True))
# Prices were quoted times ten before this day.
RESCALED = pd.Timestamp("2007-03-26")


def business_days() -> pd.DatetimeIndex:
    return sessions("XNYS", "2004-01-02", "2015-12-31")


def settlement(year: int, month: int, days: pd.DatetimeIndex) -> pd.Timestamp:
    """Thirty days before the third Friday of the month after; a holiday moves either to the business day before."""
    following = pd.Timestamp(year + month // 12, month % 12 + 1, 1)
    friday = following + pd.Timedelta(days=(4 - following.weekday()) % 7 + 14)
    friday = days[days.searchsorted(friday, side="right") - 1]
    wednesday = friday - pd.Timedelta(days=30)
    return days[days.searchsorted(wednesday, side="right") - 1]


def curve(folder: Path, start: str = "2006-12-15") -> FuturesCurve:
    rows = []
    for line in (folder / "cfe_vx_all_contracts_2004_2014.csv").read_text().splitlines()[1:]:
        # Older rows end in a comma.
        date, name, *_, settle = line.split(",")[:7]
        rows.append((date, name, float(settle)))
    table = pd.DataFrame(rows, columns=["date", "name", "settle"])
    table["date"] = pd.to_datetime(table["date"], format="%m/%d/%Y")
    days = business_days()
    expiry = {name: settlement(2000 + int(name[-3:-1]), MONTHS[name[0]], days) for name in table["name"].unique()}
    table["expiry"] = table["name"].map(expiry)
    wide = table.pivot(index="date", columns="expiry", values="settle")  # noqa: PD010 - a contract settles once a day
    # A zero is a placeholder of a contract's first days.
    wide = wide.where(wide != 0.0, np.nan)
    wide.loc[wide.index < RESCALED] /= 10
    return FuturesCurve(wide.loc[start:])


def bill_rates(folder: Path) -> pd.Series:
    return pd.read_csv(folder / "tbill13week_irx_kellis.csv", index_col=0, parse_dates=True)["Value"].sort_index()


def inverse_index(folder: Path) -> pd.Series:
    table = pd.read_csv(folder / "sp_vix_st_inverse_daily_index_tr.csv")
    level = pd.Series(table.iloc[:, 1].to_numpy(dtype=float), pd.to_datetime(table["Date"], format="%d/%m/%Y"))
    return level.loc[:"2014-08-14"]


def ranks(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "vx1_vx8_quantintell.csv", parse_dates=["DATE"]).set_index("DATE")

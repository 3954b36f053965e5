"""Files become series here: read strictly, checked, with a record of their source; nothing is dropped or filled."""

from research.loaders.bundled import ColumnInfo, TableInfo, bundled_table, bundled_tables
from research.loaders.csv import parse_csv
from research.loaders.source import LoadedSeries, SourceRecord, load_series

__all__ = [
    "ColumnInfo",
    "LoadedSeries",
    "SourceRecord",
    "TableInfo",
    "bundled_table",
    "bundled_tables",
    "load_series",
    "parse_csv",
]

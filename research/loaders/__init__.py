"""Files become series here: read strictly, checked, with a record of their source; nothing is dropped or filled."""

from research.loaders.bundled import TableInfo, bundled_table, bundled_tables
from research.loaders.formats import FORMATS, Format, file_format, load_file
from research.loaders.published import Column, PublishedTable, Remark
from research.loaders.source import LoadedSeries, SourceRecord, load_input, load_series, load_table

__all__ = [
    "FORMATS",
    "Column",
    "Format",
    "LoadedSeries",
    "PublishedTable",
    "Remark",
    "SourceRecord",
    "TableInfo",
    "bundled_table",
    "bundled_tables",
    "file_format",
    "load_file",
    "load_input",
    "load_series",
    "load_table",
]

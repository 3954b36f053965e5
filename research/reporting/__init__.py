"""Reports: a notebook's parameters checked, the notebook run, its result verified, its page rendered."""

from research.reporting.catalogue import copy_notebooks, notebook, notebooks
from research.reporting.parameters import Parameter, check, effective, parse_assignments, read_schema
from research.reporting.result import Failure, check_result, open_findings, read_result, write_result
from research.reporting.run import RunResult, run_report
from research.reporting.summary import summarise

__all__ = [
    "Failure",
    "Parameter",
    "RunResult",
    "check",
    "check_result",
    "copy_notebooks",
    "effective",
    "notebook",
    "notebooks",
    "open_findings",
    "parse_assignments",
    "read_result",
    "read_schema",
    "run_report",
    "summarise",
    "write_result",
]

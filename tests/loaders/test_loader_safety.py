"""No loader evaluates, unpickles or follows anything; the modules themselves are read to say so."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import research.loaders

FOLDER = Path(research.loaders.__file__).parent
MODULES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py"))
# What could run something that stands in a file.
MODULES_BARRED = {"pickle", "marshal", "shelve", "subprocess", "ctypes", "runpy", "code", "xml", "lxml", "yaml"}
CALLS_BARRED = {"eval", "exec", "compile", "__import__", "read_pickle", "read_html", "read_xml", "system", "popen"}
# Parse errors have their type in the standard library; the parser itself is the safe one.
ALLOWED = {("spreadsheetml.py", "xml.etree.ElementTree", "ParseError")}


def tree(module: str) -> ast.Module:
    return ast.parse((FOLDER / module).read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_what_could_run_a_file(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & MODULES_BARRED
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if (module, node.module, alias.name) not in ALLOWED:
                    assert node.module.split(".")[0] not in MODULES_BARRED, (module, node.module)


@pytest.mark.parametrize("module", MODULES)
def test_no_module_calls_what_could_run_a_file(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "compile":  # of regular expressions
                assert isinstance(node.func, ast.Attribute)
                assert getattr(node.func.value, "id", "") == "re"
            else:
                assert name not in CALLS_BARRED, (module, name)


def test_the_list_of_modules_is_not_empty():
    assert {"ishares.py", "sql.py", "workbook.py", "parquet.py"} <= set(MODULES)

"""The README tells the truth: its snippets run and print what it shows; its commands and links name what exists."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_snippets_print_what_the_page_shows(page: Path) -> None:
    failures, _ = doctest.testfile(str(page), module_relative=False, optionflags=FLAGS)
    assert failures == 0


def test_the_first_block_of_commands_installs_and_runs_and_the_second_tests() -> None:
    run, test = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert "pip install ." in run and run.splitlines()[-1].endswith("examples/first_contact.py")
    assert "pip install '.[test]'" in test and test.splitlines()[-1].endswith("-m pytest")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_the_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:\.ci|docs|examples|tests|benchmarks|bcad|interpreter)/[\w./-]*)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []

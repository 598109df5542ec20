"""docs/coverage.md says what is so: every function is on it, nothing is wrong, samples have the status it gives."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .catalog import candidates
from .page import GROUPS, members, statuses, versions
from .probe import probe

PAGE = (Path(__file__).parents[2] / "docs" / "coverage.md").read_text()
STATED = statuses(PAGE)
same_versions = pytest.mark.skipif(versions() not in PAGE, reason="the page is of other versions of NumPy and SciPy")


@same_versions
def test_every_function_is_on_the_page():
    assert {f"{group}.{name}" for group in GROUPS for name, _ in members(group)} == set(STATED)


def test_nothing_is_wrong():
    assert [name for name, status in STATED.items() if status == "WRONG"] == []


@same_versions
@pytest.mark.parametrize("group", GROUPS)
def test_a_sample_is_as_stated(group):
    everything = list(members(group))
    sample = random.Random(len(everything)).sample(everything, 8)
    assert {name: probe(f, candidates(f"{group}.{name}", f)).status for name, f in sample} == {
        name: STATED[f"{group}.{name}"] for name, _ in sample
    }


@pytest.mark.slow
@same_versions
@pytest.mark.parametrize("group", GROUPS)
def test_all_is_as_stated(group):
    found = {name: probe(f, candidates(f"{group}.{name}", f)).status for name, f in members(group)}
    assert found == {name: STATED[f"{group}.{name}"] for name in found}

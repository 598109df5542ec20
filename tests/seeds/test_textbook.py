"""The golden table: the printed gradient of each textbook function is what a person would write."""

from __future__ import annotations

import pytest

from bcad import Gradient
from tests.programs.textbook import TEXTBOOK, Textbook


@pytest.mark.parametrize("case", TEXTBOOK, ids=str)
def test_gradient_prints_as_a_person_would_write_it(case: Textbook) -> None:
    assert str(Gradient(case.fn, list(case.args))) == case.text

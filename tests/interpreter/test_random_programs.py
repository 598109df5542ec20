"""A few random programs; ``python tests/interpreter/random_programs.py`` runs any number."""
import pytest

from .random_programs import difference


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_random_programs_do_what_cpython_does(first):
    found = [difference(seed) for seed in range(first, first + 10)]
    assert not [text for text in found if text]

"""What all tests share: the same random stream in each, and compiled code kept out of the user's cache."""

from __future__ import annotations

import random

import numpy as np
import pytest


@pytest.fixture(scope="session", autouse=True)
def cache_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A test run neither uses nor fills the disk cache of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BCAD_CACHE_DIR", str(tmp_path_factory.mktemp("bcad-cache")))
        yield


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Each test starts both random streams anew, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)

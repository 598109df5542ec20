"""The disk cache: a second process starts warm; damage, other owners and full disks only cost time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bcad.backends import cache

PROGRAM = """
import numpy as np
from bcad import backends
from bcad.ir import Builder, array_type
from bcad.ops import BY_NAME as O
with Builder() as b:
    x = b.input(array_type(float, (3,)), "x")
    graph = b.build([O["exp"](x) * 2])
compiled = backends.get("numba").compile(graph)
assert np.allclose(compiled(np.zeros(3))[0], 2)
print(compiled.report.seconds["compile"])
"""


def compile_in_new_process(folder: Path | str) -> float:
    environment = {**os.environ, "BCAD_CACHE_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_second_process_starts_warm(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    compile_in_new_process(folder)
    (entry,) = folder.iterdir()
    written = entry.stat().st_ino
    compile_in_new_process(folder)
    assert [p.stat().st_ino for p in folder.iterdir()] == [written]


def test_damaged_entries_are_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    compile_in_new_process(folder)
    (entry,) = folder.iterdir()
    whole = entry.read_bytes()
    for damaged in (b"", whole[:100], whole[:-1] + b"?"):
        entry.write_bytes(damaged)
        compile_in_new_process(folder)
        assert entry.read_bytes() == whole


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    compile_in_new_process(file / "below")
    compile_in_new_process("off")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    compile_in_new_process(shared)
    assert list(shared.iterdir()) == []  # anybody could put code there


def test_inspect_clear_and_prune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCAD_CACHE_DIR", str(tmp_path / "cache"))
    assert (cache.size(), cache.clear(), cache.load("a")) == (0, 0, None)
    cache.save("a", b"12345")
    assert cache.load("a") == b"12345" and cache.size() == 37
    monkeypatch.setattr(cache, "LIMIT", 50)
    os.utime(next(cache.entries()), (0, 0))
    cache.save("b", b"67890")
    assert cache.load("a") is None and cache.load("b") == b"67890"
    assert cache.clear() == 1


def test_keys_tell_parts_apart() -> None:
    assert cache.key_of("ab", "c") != cache.key_of("a", "bc")


ORDER = """
import sys
import numpy as np
from bcad import grad, options
from bcad.backends import cache

def halved(x):
    total = 0.0
    while x > 1:
        x = x / 2
        total += x
    return total

def parted(x):
    below, above = x[x < 0], x[x > 0]
    return np.sum(np.concatenate([above, np.exp(below), above])) + np.sum(np.outer(below, above))

with options.set(backend="numpy"):
    for _ in range(int(sys.argv[1])):  # each takes symbols of its own
        grad(halved)(3.0)
with options.set(backend="numba"):
    assert np.allclose(grad(parted)(np.array([1.0, -2.0, 3.0]))[0], 2 - 2)
print(*sorted(path.name for path in cache.entries()))
"""


def test_keys_depend_neither_on_what_was_traced_before_nor_on_hashes(tmp_path: Path) -> None:
    found = set()
    for count in (0, 4, 5):
        environment = {**os.environ, "BCAD_CACHE_DIR": str(tmp_path / "cache"), "PYTHONHASHSEED": str(count)}
        done = subprocess.run([sys.executable, "-c", ORDER, str(count)], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1

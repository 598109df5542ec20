"""Files and processes: what is read is read at every call, what is written is written at every call, the rest is refused."""

from __future__ import annotations

import glob
import os
import pathlib
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bcad

READERS: dict[str, Callable[[Path, Any], Any]] = {
    "loadtxt": lambda d, x: (np.loadtxt(d / "a.txt") * x).sum(),
    "genfromtxt": lambda d, x: (np.genfromtxt(str(d / "a.txt")) * x).sum(),
    "load": lambda d, x: (np.load(d / "a.npy") * x).sum(),
    "fromfile": lambda d, x: (np.fromfile(d / "a.txt", sep="\n") * x).sum(),
    "exists": lambda d, x: x * 2 if os.path.exists(d / "flag") else x,
    "isfile": lambda d, x: x * 2 if os.path.isfile(f"{d}/flag") else x,
    "Path.exists": lambda d, x: x * 2 if (d / "flag").exists() else x,
    "listdir": lambda d, x: x * len(os.listdir(d)),
    "glob": lambda d, x: x * len(glob.glob(f"{d}/*")),
    "iterdir": lambda d, x: x * len(list(d.iterdir())),
    "getsize": lambda d, x: x * os.path.getsize(d / "a.txt"),
    "read_text": lambda d, x: x * len((d / "a.txt").read_text()),
    "argv": lambda d, x: x * len(sys.argv),
}


def _fill(folder: Path, numbers: Any) -> None:
    np.savetxt(folder / "a.txt", numbers)
    np.save(folder / "a.npy", numbers)


@pytest.mark.parametrize("name", READERS)
def test_what_is_read_is_read_at_every_call(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = READERS[name]
    _fill(tmp_path, np.arange(3.0))
    f, g = bcad.Function(lambda x: reader(tmp_path, x)), bcad.grad(lambda x: reader(tmp_path, x))
    for change in (
        lambda: None, lambda: _fill(tmp_path, np.arange(4.0) + 1), (tmp_path / "flag").touch,
        lambda: monkeypatch.setattr(sys, "argv", ["a", "b", "c", "d"]), lambda: sys.argv.append("e"),
    ):
        change()
        assert f(2.0) == reader(tmp_path, 2.0)
        assert g(2.0) == reader(tmp_path, 1.0)


def test_a_file_that_has_gone_raises_as_python_does(tmp_path: Path) -> None:
    _fill(tmp_path, np.arange(3.0))
    f = bcad.Function(lambda x: (np.load(tmp_path / "a.npy") * x).sum())
    assert f(2.0) == 6.0
    (tmp_path / "a.npy").unlink()
    with pytest.raises(FileNotFoundError):
        f(2.0)


WRITERS: dict[str, Callable[[Path, Any], Any]] = {
    "save": lambda d, x: np.save(d / f"{len(os.listdir(d))}.npy", x),
    "savetxt": lambda d, x: np.savetxt(d / f"{len(os.listdir(d))}.txt", np.array([x, 2 * x])),
    "write_text": lambda d, x: (d / f"{len(os.listdir(d))}").write_text("abc"),
    "mkdir": lambda d, x: os.makedirs(d / f"{len(os.listdir(d))}"),
    "touch": lambda d, x: pathlib.Path(d, str(len(os.listdir(d)))).touch(),
}


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_written_at_every_call(name: str, tmp_path: Path) -> None:
    ours, plain = tmp_path / "ours", tmp_path / "plain"
    ours.mkdir()
    plain.mkdir()

    def program(folder: Path, x: Any) -> Any:
        WRITERS[name](folder, x)
        return x * x

    f = bcad.Function(lambda x: program(ours, x))
    for x in (1.0, 2.0, 3.0):
        f(x)
        program(plain, x)
    names = sorted(os.listdir(plain))
    assert sorted(os.listdir(ours)) == names
    for one in names:
        if (plain / one).is_file():
            assert (ours / one).read_bytes() == (plain / one).read_bytes()


REFUSED: dict[str, Callable[[Path, Any], Any]] = {
    "a process": lambda d, x: subprocess.run(["touch", str(d / "a")]),
    "a thread": lambda d, x: threading.Thread(target=(d / "a").touch).start(),
    "random bytes": lambda d, x: uuid.uuid4(),
    "writing to a file": lambda d, x: open(d / "a", "w"),
    "reading what has been changed": lambda d, x: (os.mkdir(d / "a"), os.path.exists(d / "a")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_has_not_happened(name: str, tmp_path: Path) -> None:
    def f(x: Any) -> Any:
        REFUSED[name](tmp_path, x)
        return x * x

    with pytest.raises(bcad.Unsupported):
        bcad.grad(f)(1.0)
    assert os.listdir(tmp_path) == []

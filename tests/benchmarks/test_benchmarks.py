"""The comparison is fair: hand gradients are right, results are compared before times, cases are well formed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks import contenders, measure
from benchmarks.__main__ import main
from benchmarks.cases import BY_NAME, CASES, GROUPS

ROOT = Path(__file__).resolve().parents[2]


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)


def test_cases_are_thirty_in_every_group() -> None:
    assert len(BY_NAME) == len(CASES) >= 30
    assert set(GROUPS) == {"tiny", "vector", "bandwidth", "blas", "loop", "inplace", "adbench", "higher"}


@pytest.mark.slow
def test_every_hand_gradient_is_right() -> None:
    ran = benchmarks("check")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_run_writes_a_table_and_all_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    ran = benchmarks(
        "run", "--programs", "scalar_square", "--backends", "numpy", "--rounds", "3", "--json", str(file)
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[1].startswith("scalar_square")
    (row,) = json.loads(file.read_text())["rows"]
    assert row["ratio_to_hand"]["hand"] == 1.0
    assert row["seconds"]["numpy"]["median"] > 0


def test_figures_become_a_picture(tmp_path: Path) -> None:
    ratios = {"a": {"hand": 1.0, "bcad": 0.6, "jax": 30.0}, "b<": {"hand": 1.0, "bcad": 2.5}, "c": {"hand": 1.0}}
    figures = {"rows": [{"case": case, "ratio_to_hand": found} for case, found in ratios.items()]}
    (tmp_path / "figures.json").write_text(json.dumps(figures))
    assert main(["plot", str(tmp_path / "figures.json"), str(tmp_path / "picture.svg")]) == 0
    picture = ElementTree.parse(tmp_path / "picture.svg").getroot()
    titles = [t.text for t in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["a: bcad 0.6", "a: jax 30", "b<: bcad 2.5"]


def test_unknown_names_are_refused_with_a_hint() -> None:
    ran = benchmarks("run", "--programs", "nonsense")
    assert ran.returncode != 0
    assert "no such case or group: nonsense" in ran.stderr


def test_a_wrong_result_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.run import Effort, run_case

    right, wrong = (lambda case, args: lambda: (6.25, 5.0)), (lambda case, args: lambda: (6.25, 5.1))
    monkeypatch.setitem(contenders.CONTENDERS, "hand", right)
    monkeypatch.setitem(contenders.CONTENDERS, "bcad", wrong)
    row = run_case(BY_NAME["scalar_square"], ["hand", "bcad"], Effort(rounds=3, seconds=1e-4))
    assert "bcad" not in row.timings
    assert row.missing["bcad"] == "wrong: result 1 is off by 1.0e-01 of 5.0e+00"


def test_a_contender_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.run import Effort, run_case

    def endless(case, args):
        while True:
            pass

    monkeypatch.setitem(contenders.CONTENDERS, "hand", lambda case, args: lambda: (6.25, 5.0))
    monkeypatch.setitem(contenders.CONTENDERS, "bcad", endless)
    row = run_case(BY_NAME["scalar_square"], ["hand", "bcad"], Effort(rounds=3, seconds=1e-4, patience=0.2))
    assert row.missing["bcad"] == "no result within 0.2 s"


def test_every_contender_runs_in_every_round() -> None:
    calls = []
    thunks = {name: (lambda name=name: calls.append(name)) for name in "abc"}
    samples, _ = measure.interleaved(thunks, rounds=4, seconds=1e-6)
    assert {len(times) for times in samples.values()} == {4}
    assert measure.ratio([2.0, 4.0, 9.0], [1.0, 2.0, 3.0]) == 2.0


def test_a_function_is_renewed_with_its_helpers() -> None:
    other = contenders.with_other_globals(helped, lambda thing: FakeNumpy if thing is np else thing)
    assert other(2.0) == "sine of 2.0"
    assert helped(0.0) == 0.0


class FakeNumpy:
    """Stands where numpy stood."""

    @staticmethod
    def sin(x: float) -> str:
        return f"sine of {x}"


def helper(x):
    return np.sin(x)


def helped(x):
    return helper(x)


@pytest.mark.slow
def test_fresh_processes_are_timed() -> None:
    ran = benchmarks("start", "--programs", "scalar_square", "--rounds", "1")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[1].count(" s") == 3


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak of what is resident is Linux's")
def test_memory_is_that_of_one_call() -> None:
    from benchmarks.memory import peak

    found = peak(BY_NAME["elementwise_1e5"], "bcad")
    assert isinstance(found, int) and 3 * 8 * 10**5 <= found + 2**16 <= 8 * 8 * 10**5

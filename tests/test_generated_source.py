"""The page of generated source shows what is generated; ``python -m tests.test_generated_source`` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bcad import Gradient, export_module, transform

PAGE = Path(__file__).resolve().parent.parent / "docs" / "generated_source.md"
INPUTS = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
TARGETS = np.array([1.0, 1.0, 0.0, 1.0])


def training_loss(weights, inputs, targets):
    predictions = 0.5 * (np.tanh(inputs @ weights / 2.0) + 1)
    return -np.sum(np.log(predictions * targets + (1 - predictions) * (1 - targets)))


def taylor_sine(x):
    total = term = x
    i = 0
    while np.abs(term) > 1e-12:
        term = -term * x * x / ((2 * i + 3) * (2 * i + 2))
        total = total + term
        i += 1
    return total


def logistic(backend: str) -> Gradient:
    return Gradient(training_loss, [np.zeros(3), INPUTS, TARGETS], wrt="weights", backend=backend).compile()


def sine(backend: str) -> Gradient:
    return Gradient(taylor_sine, [1.0], backend=backend).compile()


def without_places(source: str) -> str:
    """Generated source without the comments that name lines of this file; sizes are counted by the process."""
    return re.sub(r"\bk_\d+\b", "k", re.sub(r" *# test_generated_source\.py:\d+", "", source)).strip("\n")


BLOCKS = {
    "training_loss, as mathematics": lambda: str(logistic("numpy")),
    "training_loss, in NumPy": lambda: without_places(logistic("numpy").source),
    "training_loss, as a module": lambda: without_places(export_module(logistic("numpy"))),
    "training_loss, as adjoint code": lambda: without_places(transform(training_loss, args=[np.zeros(3), INPUTS, TARGETS])),
    "taylor_sine, as mathematics": lambda: str(sine("numpy")),
    "taylor_sine, in NumPy": lambda: without_places(sine("numpy").source),
    "taylor_sine, for numba": lambda: without_places(sine("numba-source").source),
}
SHOWN = re.compile(r"^## ([^\n]*)\n(.*?)```(text|python)\n(.*?)\n```$", re.M | re.S)


def shown() -> dict[str, str]:
    return {title: text for title, _, _, text in SHOWN.findall(PAGE.read_text(encoding="utf-8"))}


def numbered_anew(text: str) -> str:
    """`text` with the sizes that only a run can tell counted from 1: elsewhere they count on through the process."""
    order = {name: f"k_{k}" for k, name in enumerate(dict.fromkeys(re.findall(r"\bk_\d+\b", text)), 1)}
    return re.sub(r"\bk_\d+\b", lambda match: order[match[0]], text)


@pytest.mark.parametrize("title", BLOCKS)
def test_the_page_shows_what_is_generated(title: str) -> None:
    assert numbered_anew(shown()[title]) == numbered_anew(BLOCKS[title]())


@pytest.mark.parametrize("backend", ["numpy", "numba-source", "numba"])
def test_what_is_shown_computes_the_gradient(backend: str) -> None:
    p = 1 / (1 + np.exp(-INPUTS @ np.full(3, 0.1)))
    got = logistic(backend)(np.full(3, 0.1), INPUTS, TARGETS)
    assert np.allclose(got, INPUTS.T @ (p - TARGETS), rtol=1e-12)
    assert np.isclose(sine(backend)(1.0), np.cos(1.0), rtol=1e-12)


def write() -> None:
    """Put what is generated today into the page."""
    text = SHOWN.sub(
        lambda m: f"## {m[1]}\n{m[2]}```{m[3]}\n{BLOCKS[m[1]]()}\n```", PAGE.read_text(encoding="utf-8")
    )
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()

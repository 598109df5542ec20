"""Holds each hand gradient against Richardson differences, on the small samples of its program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tests.programs import programs, reference

from .cases import HESSIAN_VECTOR, JACOBIAN, Case
from .hand import GRADIENTS


def faults(case: Case) -> Iterator[str]:
    """What is wrong with the hand gradient of a case, one sentence each."""
    program = next(p for p in programs() if p.fn is case.fn)
    for sample in program.samples():
        if case.what == HESSIAN_VECTOR:
            yield from hessian_vector_faults(case, sample)
        elif np.ndim(sample[0]) == np.ndim(case.args()[0]):  # hand kernels have fixed ranks
            yield from gradient_faults(case, sample)


def gradient_faults(case: Case, args: Sequence[Any]) -> Iterator[str]:
    results = GRADIENTS[case.hand](*args)
    if case.what != JACOBIAN:
        value, *results = results
        exact = case.fn(*args)
        if not np.isclose(value, exact, rtol=1e-11, atol=1e-13):
            yield f"value {value!r} instead of {exact!r}"
    for argnum, gradient in zip(case.argnums, results, strict=True):
        if fault := reference.jacobian(case.fn, args, argnum).disagreement(gradient):
            yield f"argument {argnum}: {fault}"


def hessian_vector_faults(case: Case, args: Sequence[Any]) -> Iterator[str]:
    (x,) = args
    v = np.cos(np.arange(x.size))
    gradient = GRADIENTS[case.fn.__name__]
    (product,) = GRADIENTS[case.hand](x, v)
    if fault := reference.derivative(lambda x: gradient(x)[1], (x,), (v,)).disagreement(product):
        yield fault

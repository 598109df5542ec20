"""Every program, differentiated by bcad: one Gradient over all its arguments, whatever branch or trip count they take."""

from __future__ import annotations

import numpy as np
import pytest

import bcad

from . import programs, reference

NEAR = 2.0**-9  # steps so short that they cross no branch


@pytest.mark.parametrize("program", programs(without=["jacobian"]), ids=str)
def test_value_and_gradient_follow_every_sample(program) -> None:
    both = bcad.value_and_grad(program.fn, argnums=program.argnums)
    for args in (*program.samples(), program.args()):
        value, gradients = both(*args)
        np.testing.assert_allclose(value, program.fn(*args), rtol=1e-11)
        exact = reference.gradients(program.fn, args, program.argnums)
        for argnum, estimate, gradient in zip(program.argnums, exact, gradients, strict=True):
            if refuted := estimate.disagreement(gradient):  # long steps may all lie beyond a branch: an adaptive step
                (short,) = reference.gradients(program.fn, args, (argnum,), shorter=NEAR)
                refuted = refuted and short.disagreement(gradient, rtol=1e-6)
            assert not refuted, f"argument {argnum}: {refuted}"


@pytest.mark.parametrize("program", programs(), ids=str)
def test_forward_mode_follows_every_sample(program) -> None:
    for args in program.samples():
        directions = [
            np.cos(1.0 + np.arange(np.size(a))).reshape(np.shape(a)) if i in program.argnums else None
            for i, a in enumerate(args)
        ]

        def along(*moving, args=args):
            whole = list(args)
            for argnum, value in zip(program.argnums, moving, strict=True):
                whole[argnum] = value
            return program.fn(*whole)

        primals = tuple(args[i] for i in program.argnums)
        value, tangent = bcad.jvp(along, primals, tuple(directions[i] for i in program.argnums))
        np.testing.assert_allclose(value, program.fn(*args), rtol=1e-11)
        refuted = reference.derivative(program.fn, args, directions).disagreement(tangent)
        if refuted:
            short = reference.derivative(program.fn, args, directions, shorter=NEAR)
            refuted = short.disagreement(tangent, rtol=1e-6)
        assert not refuted


@pytest.mark.parametrize("program", programs("jacobian"), ids=str)
def test_jacobian_follows_every_sample(program) -> None:
    jacobian = bcad.jacobian(program.fn)
    for args in program.samples():
        assert not reference.jacobian(program.fn, args).disagreement(jacobian(*args))

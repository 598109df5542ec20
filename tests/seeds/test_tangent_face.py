"""Tangent's face: autodiff's options, seeds, templates for custom rules, sources that a debugger can step through."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import bcad
import bcad.tangent as tangent
from bcad import NotScalar, StructureError
from bcad.tangent import INPUT_DERIVATIVE, adjoint, autodiff, d, register, stages, tangent_

X = np.array([0.5, -1.0, 2.0])


def product(x, y):
    return x * y**2


# --- options


@pytest.mark.parametrize("optimized", [True, False])
@pytest.mark.parametrize("motion", ["joint", "split"])
@pytest.mark.parametrize("preserve", [True, False])
def test_reverse_mode(optimized, motion, preserve) -> None:
    df = autodiff(product, wrt=(0, 1), optimized=optimized, motion=motion, preserve_result=preserve)
    for x, y, seed in ((2.0, 3.0, 1.0), (-1.0, 0.5, 2.0)):
        expected = (seed * y**2, seed * 2 * x * y) + ((x * y**2,) if preserve else ())
        assert df(x, y, seed) == df(x, y, init_grad=seed) == expected
    if motion == "split":
        assert df(2.0, 3.0)[:2] == (9.0, 12.0)
    else:
        with pytest.raises((StructureError, TypeError)):
            autodiff(lambda x: x**2)(2.0)


def test_forward_mode() -> None:
    push = autodiff(product, wrt=(0, 1), mode="forward")
    assert push(2.0, 3.0, 1.0, 0.0) == 9.0
    assert push(2.0, 3.0, 0.0, 1.0) == 12.0
    assert autodiff(product, mode="forward", preserve_result=True)(2.0, 3.0, 1.0) == (9.0, 18.0)
    with pytest.raises(StructureError, match="then 1 tangents"):
        autodiff(np.sin, mode="forward")(1.0)


def test_grad_takes_a_seed_and_gives_the_value_too() -> None:
    assert tangent.grad(product)(2.0, 3.0) == 9.0
    assert tangent.grad(product)(2.0, 3.0, 5.0) == 45.0
    assert tangent.grad(product, wrt=(1,), preserve_result=True)(2.0, 3.0) == (12.0, 18.0)
    assert tangent.grad(product, wrt=("y", "x"))(2.0, 3.0) == (12.0, 9.0)
    with pytest.raises(NotScalar):
        tangent.grad(np.sin)(X)
    assert_array_equal(tangent.vjp(np.sin)(X, np.ones(3)), np.cos(X))


def test_seeds_must_fit_unless_they_need_not() -> None:
    with pytest.raises(StructureError, match="shape"):
        autodiff(np.sin)(X, 1.0)
    assert_array_equal(autodiff(np.sin, check_dims=False)(X, 1.0), np.cos(X))
    with pytest.raises(StructureError, match="tangent of shape"):
        tangent.jvp(np.sin)(X, np.ones(2))
    default = autodiff(np.sin, input_derivative=INPUT_DERIVATIVE.DefaultOne)
    assert_array_equal(default(X), np.cos(X))


@pytest.mark.parametrize("options", [{"mode": "sideways"}, {"motion": "slow"}])
def test_unknown_options(options) -> None:
    with pytest.raises(ValueError, match="is neither"):
        autodiff(np.sin, **options)


def test_higher_orders() -> None:
    df = tangent.grad(lambda x: np.sum(np.sin(x) * x))
    second = tangent.jvp(df)(X, np.ones(3))
    assert_allclose(second, 2 * np.cos(X) - X * np.sin(X))
    again = tangent.grad(lambda x: np.sum(df(x) ** 2))
    assert_allclose(again(X), 2 * (np.sin(X) + X * np.cos(X)) * (2 * np.cos(X) - X * np.sin(X)))
    assert_allclose(tangent.grad(tangent.grad(tangent.grad(lambda x: x**4)))(2.0), 48.0)


def _of_containers(p, scale=1.0):
    return scale * (p["a"] ** 2 * p["b"][0] + p["b"][1].sum())


def test_containers_in_every_mode() -> None:
    p = {"a": 2.0, "b": (3.0, X)}
    found = tangent.grad(_of_containers)(p)
    assert found["a"] == 12.0 and found["b"][0] == 4.0
    assert_array_equal(found["b"][1], np.ones(3))
    push = tangent.jvp(_of_containers)
    assert push(p, {"a": 1.0, "b": (0.0, np.ones(3))}) == 15.0
    twice = tangent.grad(lambda p: tangent.grad(_of_containers)(p)["a"])
    assert twice(p)["a"] == 6.0 and twice(p)["b"][0] == 4.0
    pair = tangent.vjp(lambda x: (x**2, {"s": np.sum(x)}))
    assert_allclose(pair(X, (np.ones(3), {"s": 2.0})), 2 * X + 2)


# --- what one sees


def branching(x):
    total = 0.0
    for value in x:
        if value > 0:
            total = total + value**2
    return total


def test_verbose_prints_the_source_or_every_stage(capsys) -> None:
    tangent.grad(branching, verbose=1)(X)
    printed = capsys.readouterr().out
    assert printed.startswith("def branching(") and "for " in printed and "if " in printed
    assert f"# {__file__.rpartition('/')[2]}:" in printed  # whose lines they are
    tangent.grad(branching, verbose=2)(X)
    headings = [line for line in capsys.readouterr().out.splitlines() if line.startswith("---")]
    assert headings == [f"--- {n} ---" for n in ("traced", "simplified", "differentiated", "optimised", "source")]


def test_stages_of_any_derivative() -> None:
    g = bcad.Gradient(branching, [X])
    assert list(stages(g)) == ["traced", "simplified", "differentiated", "optimised", "source"]
    assert "loop" in stages(g)["traced"] and stages(g)["optimised"] == str(g.core.specialisations[0].graph)
    with pytest.raises(ValueError, match="not traced"):
        stages(bcad.grad(branching))
    with pytest.raises(TypeError, match="wanted"):
        stages(branching)
    with pytest.raises(ValueError, match="not traced"):
        tangent.grad(branching).source  # noqa: B018


def test_a_debugger_steps_through_the_derivative() -> None:
    import linecache

    df = tangent.grad(branching, optimized=False)
    df(X)
    seen = []

    def follow(frame, event, argument):
        if "bcad" in frame.f_code.co_filename and frame.f_code.co_name == "branching":
            if event == "line":
                seen.append(linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip())
            return follow
        return follow

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        assert_array_equal(df(X), [1.0, 0.0, 4.0])
    finally:
        sys.settrace(before)
    assert any(line.startswith("for ") for line in seen) and any(line.startswith("return") for line in seen)
    assert df.source.splitlines()[0] == "def branching(x):"


def test_breakpoints_in_an_inserted_block(monkeypatch) -> None:
    stops = []
    monkeypatch.setattr(sys, "breakpointhook", lambda *a, **k: stops.append(1))

    def f(x):
        y = x**2
        with bcad.insert_grad_of(y) as g:
            breakpoint()
            g = g * 2
        return y

    assert f(3.0) == 9.0
    df = tangent.grad(f)
    assert df(3.0) == 12.0 and df(4.0) == 16.0
    assert len(stops) == 2


# --- rules of one's own for functions of others


def area(r, h):
    return r * h


@adjoint(area)
def _area_adjoint(result, r, h):
    d[r] = h * d[result]
    d[h] = 10.0 * r * d[result]


@tangent_(area)
def _area_tangent(result, r, h):
    d[result] = d[r] * h + 100.0 * r * d[h]


def test_templates_are_used_wherever_the_function_is_called() -> None:
    assert area(2.0, 3.0) == 6.0
    assert bcad.grad(area, (0, 1))(2.0, 3.0) == (3.0, 20.0)
    assert bcad.grad(lambda x: area(x, x))(2.0) == 22.0
    assert bcad.grad(lambda x: area(h=x, r=x))(2.0) == 22.0
    assert bcad.grad(lambda x: area(2.0, h=x))(5.0) == 20.0
    assert bcad.jvp(area, (2.0, 3.0), (0.0, 1.0))[1] == 200.0
    assert bcad.grad(bcad.grad(lambda x: area(x, x)))(2.0) == 11.0
    assert_array_equal(bcad.grad(lambda x: np.sum(area(x, 2.0)))(X), np.full(3, 2.0))


def test_templates_for_numpy_and_for_c_functions() -> None:
    @adjoint(np.heaviside)
    def smoothed(result, x, half):
        d[x] = d[result] * np.exp(-(x**2))

    assert_allclose(bcad.grad(lambda x: np.sum(np.heaviside(x, 0.5)))(X), np.exp(-(X**2)))
    bcad.defvjp(register(math.nextafter), lambda ans, x, y: lambda g: 3.0 * g, None)
    assert bcad.grad(lambda x: math.nextafter(x, math.inf))(2.0) == 3.0
    assert register(math.nextafter) is register(math.nextafter)


def recursive(n, x):
    return x if n == 0 else x * recursive(n - 1, x)


def test_a_registered_function_may_call_itself() -> None:
    @adjoint(recursive)
    def template(result, n, x):
        d[x] = (n + 1) * result / x * d[result]

    assert bcad.grad(lambda x: recursive(3, x))(2.0) == 32.0


def failing(x):
    return x * 2.0 if x < 1 else x * undefined_name  # noqa: F821


def test_an_error_inside_a_registered_function_leaves_its_rule_in_force() -> None:
    @adjoint(failing)
    def template(result, x):
        d[x] = 7.0 * d[result]

    with pytest.raises(NameError):
        bcad.grad(failing)(2.0)
    assert bcad.grad(failing)(0.5) == 7.0


def test_a_template_knows_its_own_arguments_alone() -> None:
    def f(x):
        return x * 2.0

    @adjoint(f)
    def template(result, x):
        d[x] = d[3.0]

    with pytest.raises(KeyError, match="takes the result"):
        bcad.grad(f)(1.0)


def test_tangents_by_name() -> None:
    df = tangent.autodiff(lambda x, y: x * y, wrt=(0, 1), mode="forward")
    assert df(2.0, 3.0, dx=1.0, dy=0.0) == 3.0
    assert df(2.0, 3.0, 1.0, 1.0) == 5.0
    with pytest.raises(StructureError, match="dx, dy"):
        df(2.0, 3.0)

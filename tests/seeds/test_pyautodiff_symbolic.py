"""PyAutoDiff's symbolic side: programs of several functions, inputs and targets chosen by object, name, tag or value."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bcad import (
    FMinSGD,
    Gradient,
    NotScalar,
    Symbolic,
    SymbolicValue,
    Tracer,
    VectorArg,
    fmin_sgd,
    symbolic,
    tag,
    theanify,
)

X, Y = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])


# --- compiling a traced function


def test_function_of_arguments_by_object_name_and_symbolic_value() -> None:
    s = Symbolic(lambda x, y: x * y + 1)
    z = s(X, Y)
    for inputs in ([X, Y], ["x", "y"], list(s.sym_vars.values()), None, ["x", Y]):
        f = s.compile_function(inputs=inputs, outputs=z)
        assert_array_equal(f(X, Y), X * Y + 1)
        assert_array_equal(f(2 * X[:2], Y[:2]), 2 * X[:2] * Y[:2] + 1)
    swapped = s.compile_function(inputs=[Y, X])
    assert_array_equal(swapped(np.ones(3), X), X + 1)


def test_what_is_no_input_is_read_where_it_is() -> None:
    x, y = X.copy(), Y.copy()
    s = Symbolic(lambda x, y: x * y)
    f = s.compile_function(inputs=x, outputs=s(x, y))
    y[0] = 100.0
    assert_array_equal(f(np.ones(3)), [100.0, 5.0, 6.0])


def test_trace_gives_inputs_and_results() -> None:
    s = Symbolic(lambda x, y: (x + y, {"d": x - y}))
    inputs, results = s.trace(X, Y)
    assert [type(v) for v in inputs] == [SymbolicValue, SymbolicValue]
    f = s.compile_function(inputs, [results[0], results[1]["d"]])
    total, difference = f(X, Y)
    assert_array_equal(total, X + Y)
    assert_array_equal(difference, X - Y)
    whole = s.compile_function(inputs)(X, Y)
    assert_array_equal(whole[1]["d"], X - Y)


def test_gradients_and_reductions() -> None:
    s = Symbolic(lambda x, y: x**2 * y)
    z = s(X, Y)
    assert_array_equal(s.compile_gradient([X, Y], z, wrt=X, reduction="sum")(X, Y), 2 * X * Y)
    by_y, by_x = s.compile_gradient([X, Y], z, wrt=["y", "x"], reduction=np.sum)(X, Y)
    assert_array_equal(by_x, 2 * X * Y)
    assert_array_equal(by_y, X**2)
    assert_allclose(s.compile_gradient(outputs=z, wrt="y", reduction="mean")(X, Y), X**2 / 3)
    for name in ("max", "min", "prod", "std", "var"):
        reduce = getattr(np, name)
        expected = Gradient(lambda x, y, reduce=reduce: reduce(x**2 * y), wrt="x")(X, Y)
        assert_allclose(s.compile_gradient(outputs=z, wrt=X, reduction=name)(X, Y), expected)
    with pytest.raises(TypeError):
        s.compile_gradient(outputs=z)
    with pytest.raises(NotScalar):
        s.compile_gradient(outputs=z)
    with pytest.raises(ValueError, match="reduction"):
        s.compile_gradient(outputs=z, reduction="smallest")


def test_value_gradient_and_hessian_vector_together() -> None:
    s = Symbolic(lambda x: (x**3).sum())
    s(X)
    value, gradient = s.compile_function_gradient()(X)
    assert_allclose(value, 36.0)
    assert_allclose(gradient, 3 * X**2)
    value, gradient, product = s.compile(True, True, True)(2 * X, vectors=np.ones(3))
    assert_allclose(value, 288.0)
    assert_allclose(gradient, 12 * X**2)
    assert_allclose(product, 12 * X)
    assert_allclose(s.compile(hessian_vector=True)(X, vectors=X), 6 * X**2)
    with pytest.raises(ValueError, match="vectors"):
        s.compile(hessian_vector=True)(X)
    with pytest.raises(ValueError, match="function=True"):
        s.compile()
    with pytest.raises(TypeError, match="1 inputs expected, 2"):
        s.compile_function()(X, X)


def test_unknown_inputs_are_named_as_such() -> None:
    s = Symbolic(lambda x: x * 2.0)
    with pytest.raises(ValueError, match="nothing is traced"):
        s.compile_function()
    z = s(X)
    with pytest.raises(ValueError, match="not met an array of shape.*it has x"):
        s.compile_gradient(wrt=Y, outputs=z)
    with pytest.raises(ValueError, match="no argument or tag 'w'; it has x"):
        s.compile_gradient(wrt="w", outputs=z)
    with pytest.raises(ValueError, match="not met 5.5"):
        s.get_symbolic(5.5)
    with pytest.raises(ValueError, match="another Tracer"):
        s.tracer.compile_function(outputs=Symbolic(abs)(X))
    with pytest.raises(TypeError, match="unknown options: colour"):
        Symbolic(abs, colour=1)


# --- globals, attributes, closures, locals

WEIGHTS = np.array([1.0, 10.0, 100.0])
SCALE = 2.5
FACTOR = 4.25


def weighted(x):
    return (x * WEIGHTS * SCALE).sum()


def test_globals_are_inputs_and_targets(monkeypatch) -> None:
    s = Symbolic(weighted)
    z = s(X)
    assert_allclose(s.compile_gradient(inputs=X, outputs=z, wrt=WEIGHTS)(X), SCALE * X)
    assert_allclose(s.compile_gradient(inputs=X, outputs=z, wrt=SCALE)(X), X @ WEIGHTS)
    f = s.compile_function(inputs=[X, WEIGHTS, SCALE], outputs=z)
    assert_allclose(f(X, np.ones(3), 1.0), 6.0)
    g = s.compile_gradient(inputs=X, outputs=z, wrt=WEIGHTS)
    monkeypatch.setitem(globals(), "SCALE", 10.0)
    assert_allclose(g(X), 10 * X)
    monkeypatch.setitem(globals(), "WEIGHTS", np.zeros(3))
    assert_allclose(f(X, np.ones(3), 1.0), 6.0)  # the input stands for the place, whatever is there


class Layer:
    def __init__(self, size):
        self.w = np.arange(1.0, size + 1)
        self.b = 0.5
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        self.hidden = np.tanh(x * self.w) + self.b
        return self.hidden

    def loss(self):
        return (self.hidden**2).sum()

    @staticmethod
    def square(x):
        return x**2

    @classmethod
    def named(cls, x):
        return x * len(cls.__name__)

    @symbolic
    def energy(self, x):
        return (x * self.w).sum()


def test_attributes_through_several_methods() -> None:
    layer, t = Layer(3), Tracer()
    t.trace(layer.forward, X)
    loss = t.trace(layer.loss)
    assert layer.calls == 0 and not hasattr(layer, "hidden")  # tracing has no effects
    g = t.compile_gradient(inputs=X, outputs=loss, wrt=layer.w)

    def expected(x, w):
        return 2 * (np.tanh(x * w) + layer.b) * (1 - np.tanh(x * w) ** 2) * x

    assert_allclose(g(X), expected(X, layer.w))
    assert layer.calls == 1 and hasattr(layer, "hidden")
    layer.w = layer.w / 10
    assert_allclose(g(X / 5), expected(X / 5, layer.w))
    f = t.compile_function(inputs=["x", layer.w], outputs=loss)
    assert_allclose(f(X, np.zeros(3)), 0.75)


def test_methods_of_every_kind() -> None:
    layer, t = Layer(3), Tracer()
    y = t.trace(layer.square, X)
    z = t.trace(Layer.named, y)
    assert_allclose(t.compile_function(X, z)(X), 5 * X**2)
    energy = layer.energy(X)
    assert_allclose(layer.energy.compile_gradient(outputs=energy, wrt="x")(X), layer.w)
    other = Layer(2)
    assert_allclose(other.energy.compile_function(outputs=other.energy(X[:2]))(X[:2]), 5.0)


def test_places_that_held_the_same_array_may_part() -> None:
    layer = Layer(3)
    other = layer.w

    s = Symbolic(lambda x: (x * layer.w * other).sum())
    z = s(X)
    g = s.compile_gradient(inputs=X, outputs=z, wrt=other)
    assert_allclose(g(X), 2 * X * other)
    layer.w = np.ones(3)
    with pytest.raises(ValueError, match="held the same object"):
        g(X)


def test_an_argument_that_is_a_global_too_is_one_object() -> None:
    s = Symbolic(lambda x: (x * WEIGHTS).sum())
    z = s(WEIGHTS)
    assert_allclose(s.compile_gradient(inputs=WEIGHTS, outputs=z)(X), 2 * X)
    assert_allclose(s.compile_gradient(inputs="x", outputs=z)(X), WEIGHTS)


def test_closures_defaults_and_items() -> None:
    hidden, things = np.ones(3), {"k": [np.full(3, 2.0)]}

    def f(x, extra=Y):
        return (x * hidden * things["k"][0] * extra).sum()

    s = Symbolic(f)
    z = s(X)
    for target, expected in ((hidden, 2 * X * Y), (things["k"][0], X * Y), (Y, 2 * X)):
        assert_allclose(s.compile_gradient(inputs=X, outputs=z, wrt=target)(X), expected)


def test_locals_by_tag() -> None:
    def f(x):
        y = tag(x**2, "square")
        n = y.sum()
        tag(n, "total")  # the value is named, not the name that it is given back by
        return n * y[0] if n > 0 else n

    s = Symbolic(f)
    z = s(X)
    assert list(s.tags) == ["square", "total"]
    assert_allclose(s.compile_function(X, ["square", "total"])(X)[1], 14.0)
    assert_allclose(s.compile_function("total", z)(100.0), 100.0)
    assert_allclose(s.compile_function("total", z)(-3.0), -3.0)
    assert_allclose(s.compile_gradient("square", z, "square")(np.array([2.0, 3.0])), [7.0, 2.0])
    assert_allclose(s.compile_gradient(X, z, "total")(2 * X), 4.0)
    assert_allclose(s.compile_gradient(X, "total")(X), 2 * X)


def test_a_tag_inside_a_loop_names_the_latest_value() -> None:
    def f(x):
        y = x
        while y < 100:
            y = tag(y * 2, "inner")
        return y

    s = Symbolic(f)
    z = s(3.0)
    inner = s.compile_function("x", "inner")
    assert [inner(x) for x in (3.0, 1.0, 60.0)] == [192.0, 128.0, 120.0]  # however often the loop goes round
    assert s.compile_gradient("x", "inner", "x")(3.0) == 64.0
    with pytest.raises(Exception, match="no tag 'inner'"):
        inner(200.0)
    for inputs, wrt in (("inner", "inner"), ("x", "inner")):
        with pytest.raises(ValueError, match="several values"):
            s.compile_gradient(inputs, z, wrt)


def test_a_tag_in_a_branch_counts_where_the_branch_is_taken() -> None:
    def f(x):
        if x[0] > 0:
            h = tag(np.sin(x), "h")
        else:
            h = x
        return (h * x).sum()

    s = Symbolic(f)
    z = s(X)
    assert_allclose(s.compile_function(X, "h")(X), np.sin(X))
    assert_allclose(s.compile_gradient("h", z, "h")(2 * X), X)
    with pytest.raises(Exception, match="no tag 'h'"):
        s.compile_function(X, "h")(-X)


def test_ambiguous_numbers_are_refused() -> None:
    two = 2.0
    s = Symbolic(lambda x, y: x * y)
    s(two, two)
    with pytest.raises(ValueError, match=r"several places \(x, y\)"):
        s.compile_gradient(wrt=two)
    assert s.compile_gradient(wrt="x")(3.0, 5.0) == 5.0


def test_an_array_passed_twice_is_one_object() -> None:
    s = Symbolic(lambda x, y: (x * y**2).sum())
    z = s(X, X)
    assert_allclose(s.compile_gradient(inputs=X, outputs=z)(Y), 3 * Y**2)
    assert_allclose(s.compile_gradient(inputs=["x", "y"], outputs=z, wrt="x")(X, Y), Y**2)
    with pytest.raises(ValueError, match="several places"):
        s.compile_gradient(inputs=["x", "y"], outputs=z, wrt=X)


# --- containers, branches, chains


def test_container_arguments_whole_and_in_part() -> None:
    params = {"w": X, "b": [1.0, Y]}
    s = Symbolic(lambda p: (p["w"] * p["b"][1]).sum() * p["b"][0])
    z = s(params)
    whole = s.compile_gradient(inputs=params, outputs=z)(params)
    assert_allclose(whole["w"], Y)
    assert_allclose(whole["b"][0], X @ Y)
    assert_allclose(s.compile_gradient(inputs=Y, outputs=z)(Y), X)
    assert_allclose(s.compile_function(inputs=[params["b"]], outputs=z)([2.0, Y]), 2 * X @ Y)


def test_other_branches_and_shapes_are_right() -> None:
    def f(x, n):
        for _ in range(n):
            x = x * 2 if x.sum() > 0 else -x
        return x.sum()

    s = Symbolic(f)
    z = s(X, 2)
    g = s.compile_gradient(inputs=["x", "n"], outputs=z, wrt="x")
    for x in (X, -X, np.ones((2, 2)), np.zeros(0)):
        for n in (0, 1, 3):
            factor = 1.0
            y = x
            for _ in range(n):
                factor *= 2 if y.sum() > 0 else -1
                y = y * 2 if y.sum() > 0 else -y
            assert_array_equal(g(x, n), np.full(x.shape, factor))


def test_several_tracers_and_operations_in_between() -> None:
    first, second = Symbolic(lambda x: x + 1), Symbolic(lambda y: (y**2).sum())
    z = second(np.sin(first(X)) * 2)
    g = second.compile_gradient(inputs=X, outputs=z)
    assert_allclose(g(X), 8 * np.sin(X + 1) * np.cos(X + 1))
    assert_allclose(g(np.zeros(2)), 8 * np.sin(1) * np.cos(1) * np.ones(2))


def test_an_error_of_the_program_is_its_own() -> None:
    def f(x):
        if x < 0:
            raise KeyError("negative")
        return x * FACTOR

    s = Symbolic(f)
    z = s(2.0)
    g = s.compile_gradient(inputs=["x", FACTOR], outputs=z)
    assert g(2.0, 3.0) == [3.0, 2.0]
    with pytest.raises(KeyError, match="negative"):
        g(-1.0, 3.0)
    with pytest.raises(ZeroDivisionError):
        Tracer().trace(lambda x: 1 / 0 * x, 1.0)


# --- symbolic values


def test_symbolic_values_take_numpy_operations() -> None:
    t = Tracer()
    y = t.trace(lambda x: x * 1.0, X)
    cases = [
        (np.exp(-y) + 2 / y - y % 2, lambda y: np.exp(-y) + 2 / y - y % 2),
        (y.reshape(-1, 1) @ y[None], lambda y: y.reshape(-1, 1) @ y[None]),
        (np.concatenate([y, y[::-1]]), lambda y: np.concatenate([y, y[::-1]])),
        (np.where(y > 1.5, y, 0.0).sum(), lambda y: np.where(y > 1.5, y, 0.0).sum()),
        (y.T.sum() / y.shape[0] + y.size, lambda y: y.T.sum() / y.shape[0] + y.size),
        (np.add.reduce(y) ** y, lambda y: np.add.reduce(y) ** y),
        (abs(-y), lambda y: abs(-y)),
        (2.0 - y, lambda y: 2.0 - y),
    ]
    for value, expected in cases:
        assert_allclose(value.evaluate(), expected(X))
        assert_allclose(value.evaluate({"x": Y[:2]}), expected(Y[:2]))


def test_symbolic_values_print_their_expression() -> None:
    s = Symbolic(lambda x, y: (x - y) ** 2)
    z = s(X, Y)
    assert str(z) == "(x - y)**2"
    assert str(np.exp(z).sum()) == "sum(exp((x - y)**2))"
    assert repr(z) == "<SymbolicValue result>"
    assert str(s.compile_gradient(outputs=z, wrt="x", reduction="sum")).splitlines()[-1] == "df/dx = 2*(x - y)"


@pytest.mark.parametrize("use", [bool, float, int, len, list, np.asarray, lambda y: y.sort(), lambda y: y.nothing])
def test_what_would_freeze_a_number_is_refused(use) -> None:
    y = Symbolic(lambda x: x * 1.0)(X)
    with pytest.raises((TypeError, AttributeError)):
        use(y)


def test_a_failed_operation_does_not_spoil_the_rest() -> None:
    t = Tracer()
    y = t.trace(lambda x: x * 1.0, X)
    broken = y @ np.ones((5, 5))
    with pytest.raises(ValueError):
        broken.evaluate()
    assert_allclose((y + 1).evaluate(), X + 1)


def test_decorators() -> None:
    @symbolic(context=Tracer())
    def f(x):
        return x**2

    @theanify
    def g(x):
        return x + 1

    z = g(f(X))
    assert_allclose(z.evaluate(), X**2 + 1)
    assert g.pyfn(1.0) == 2.0


# --- VectorArg and stochastic gradient descent


def test_vector_arg() -> None:
    def f(a, b, *, c):
        return (a**2).sum() * b[0] + c

    args, kwargs = [np.ones((2, 2)), (3.0,)], {"c": 4.0}
    v = VectorArg(f, args, kwargs, function=True, gradient=True, hessian_vector=True)
    x = v.vector_from_args([np.full((2, 2), 2.0), (5.0,)], {"c": 7.0})
    assert_array_equal(x, [2, 2, 2, 2, 5, 7])
    value, gradient, product = v(x, vectors=np.ones(6))
    assert value == 87.0
    assert_allclose(gradient, [20, 20, 20, 20, 16, 1])
    assert_allclose(product, [14, 14, 14, 14, 16, 0])
    (a, b), named = v.args_from_vector(x)
    assert a.shape == (2, 2) and b == (5.0,) and named == {"c": 7.0}
    assert VectorArg(lambda x: x.sum(), X)(X) == 6.0
    assert_array_equal(VectorArg(lambda x: x.sum(), X, gradient=True)(X), np.ones(3))
    with pytest.raises(ValueError, match="nested"):
        v.vector_from_args([1.0], {})


def test_fmin_sgd_fits_a_line() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 2))
    y = x @ [2.0, -1.0] + 0.5
    start = {"w": np.zeros(2)}, np.zeros(())

    def cost(p, b, x, y):
        return (p["w"] @ x + b - y) ** 2

    p, b = fmin_sgd(cost, start, {"x": x, "y": y}, 0.05, loops=3)
    assert_allclose(p["w"], [2, -1], atol=1e-3)
    assert_allclose(b, 0.5, atol=1e-3)
    assert_array_equal(start[0]["w"], 0)


def test_fmin_sgd_steps_and_backs_off() -> None:
    streams = {"x": np.full(10, 1.0)}
    sgd = FMinSGD(lambda w, x: (w - x) ** 2, np.zeros(()), streams, step_size=1.5, loops=3)
    assert len(list(sgd)) == 30 == len(sgd.cost_history)
    assert sgd.cost_history[9] > sgd.cost_history[0]  # too large a step diverges
    assert sgd.step_sizes[0] < 1.5  # and is made smaller
    assert sgd.nextN(5) == []
    assert len(sgd.nextN(5, force=True)) == 5
    bad = FMinSGD(lambda w, x: np.log(w) * x, [np.array(-1.0)], streams, 1.0)
    with np.errstate(invalid="ignore"):
        bad.nextN(2)
    assert bad.current_args == [-1.0] and bad.step_sizes[0] == 0.0625
    with pytest.raises(ValueError, match="equally long"):
        FMinSGD(lambda w, x, y: w, np.zeros(()), {"x": X, "y": np.ones(2)}, 1.0)


def test_fmin_sgd_reports(capsys) -> None:
    fmin_sgd(lambda w, x: (w - x) ** 2, np.zeros(()), {"x": np.ones(4)}, 0.1, print_interval=2)
    assert capsys.readouterr().out.startswith("step 2: mean cost ")


def test_options_of_old_are_accepted() -> None:
    assert Gradient(lambda x: x**2, use_cache=False)(3.0) == 6.0
    by_array = Gradient(lambda a, b: a * b, wrt=Y, reduction="sum")
    assert_array_equal(by_array(X, Y), X)
    with pytest.raises(TypeError, match="unknown options"):
        Gradient(lambda x: x, colour=1)


def test_what_cannot_be_called_is_refused_at_once():
    with pytest.raises(TypeError, match="3 cannot be called"):
        Symbolic(3)


def test_symfn_is_what_gives_symbolic_results():
    s = Symbolic(lambda x: x**2)
    assert str(s.symfn(2.0)) == "x**2"

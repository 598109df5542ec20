"""The text of exported modules: every op on its samples, every shape of call, every way to be given the wrong thing."""

from __future__ import annotations

import inspect
import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.special

from bcad import Function, Gradient, StructureError, Unsupported, export_module, grad
from bcad.ir import evaluate
from bcad.ops import BY_NAME
from bcad.standalone import Module, indented
from bcad.trace import Argument, flatten
from tests.backends.test_samples import graph_of


def loaded(traced):
    scope = {}
    exec(export_module(traced), scope)
    return scope


def f(*xs):  # what the graphs below stand for
    return xs


def test_derivatives_by_parameters_are_refused():
    g = Gradient(lambda a: scipy.special.gammainc(a, 0.5), [np.float64(2.0)])
    with pytest.raises(Unsupported, match="gammainc differentiated by its parameters"):
        export_module(g)


@pytest.mark.parametrize("name", [n for n, op in BY_NAME.items() if op.samples and not getattr(op, "by_parameter", False)])
@pytest.mark.filterwarnings("ignore")
def test_every_op_is_written_as_what_it_computes(name):
    """Values, shapes and dtypes; a helper stands in where NumPy has no such function."""
    op = BY_NAME[name]
    for sample in op.samples:
        args, attrs = sample.make()
        graph = graph_of(op, args, attrs)
        program = SimpleNamespace(
            graph=graph, arguments={k: k for k in range(len(args))}, effects=[], guards=[], sources=[Argument(k, f"x{k}") for k in range(len(args))],
            relied=[], tree=flatten((tuple(args), {}))[1], result=SimpleNamespace(build=list),
        )
        special = SimpleNamespace(program=program, graph=graph, results=len(graph.outputs), trees=[])
        module = Module(special, f)
        body = module.lines()
        scope = {}
        head = f"def f({module.arguments.parameters()}):"
        exec(module.text("", ["\n".join([head, *indented([*body, f"return {module.result()}"])])]), scope)
        for found, expected in zip(scope["f"](*args), evaluate(graph, args), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)
            assert np.shape(found) == np.shape(expected)
            assert np.asarray(found).dtype.kind == np.asarray(expected).dtype.kind
            assert np.asarray(found).dtype == np.asarray(expected).dtype or np.asarray(expected).dtype.kind in "iu"


# -- calls -----------------------------------------------------------------------------------------
def test_containers_are_taken_apart_and_gradients_nested_alike():
    def loss(p, k=3):
        return (p["w"] * p["b"][1] ** k).sum()

    p = {"w": np.arange(3.0), "b": [1.0, 2.0]}
    gradient = Gradient(loss, [p])
    found, expected = loaded(gradient)["gradient"](p), gradient(p)
    assert found.keys() == expected.keys() and found["b"] == expected["b"]
    np.testing.assert_array_equal(found["w"], expected["w"])
    with pytest.raises(ValueError, match="keys"):
        loaded(gradient)["gradient"]({"w": p["w"], "c": p["b"]})
    with pytest.raises(ValueError, match="list of 2"):
        loaded(gradient)["gradient"]({"w": p["w"], "b": [1.0, 2.0, 3.0]})


def test_a_parameter_left_at_its_default_is_no_parameter():
    scope = loaded(Gradient(lambda x, n=3: x**n, [2.0]))
    assert list(inspect.signature(scope["gradient"]).parameters) == ["x"]
    assert scope["gradient"](2.0) == 12.0


def test_keyword_only_and_star_arguments():
    def scaled(*xs, scale):
        return sum(xs) * scale

    gradient = Gradient(scaled)
    gradient(1.0, 2.0, scale=3.0)
    assert loaded(gradient)["gradient"](1.0, 2.0, scale=4.0) == gradient(1.0, 2.0, scale=4.0)


def test_results_keep_their_nesting():
    def several(x):
        return {"a": x + 1, "b": [x.sum(), 3, "text", None]}

    found = loaded(Function(several, [np.ones(3)]))["several"](np.arange(3.0))
    assert found["b"] == [3.0, 3, "text", None] and found["a"].tolist() == [1.0, 2.0, 3.0]


def test_parameters_that_are_called_like_the_modules_own_names():
    def product(np, _array, math):
        return np * _array * math

    assert loaded(Gradient(product, [1.0, 2.0, 3.0]))["gradient"](1.0, 2.0, 3.0) == [6.0, 3.0, 2.0]


def test_a_bound_method_carries_its_object():
    class Model:
        def __init__(self):
            self.w, self.k = np.arange(3.0), 2

        def loss(self, x):
            return (self.w * x**self.k).sum()

    assert loaded(Gradient(Model().loss, [np.ones(3)]))["gradient"](np.ones(3)).tolist() == [0.0, 2.0, 4.0]


# -- what is refused ---------------------------------------------------------------------------------
@pytest.mark.parametrize("wrong", [np.ones((2, 2)), 1.0, np.ones(1), np.zeros(0), np.ones(3, complex), np.ones(3, bool), "text"])
def test_an_array_that_does_not_fit_is_refused(wrong):
    gradient = loaded(Gradient(lambda x: (x * x).sum() if len(x) > 1 else -x.sum(), [np.ones(3)]))["gradient"]
    with pytest.raises((ValueError, TypeError)):
        gradient(wrong)


def test_a_number_is_no_array_and_an_int_is_no_float():
    scope = loaded(Gradient(lambda x, n: x**n, [2.0, 3], wrt=0))
    assert scope["gradient"](2.0, 3) == 12.0
    for wrong in [(np.ones(2), 3), (2.0, 4), (2.0, 3.0), (2.0, True)]:
        with pytest.raises((ValueError, TypeError)):
            scope["gradient"](*wrong)


def test_another_function_as_argument_is_refused():
    gradient = loaded(Gradient(lambda x, act: act(x).sum(), [np.ones(3), np.sin], wrt=0))["gradient"]
    np.testing.assert_array_equal(gradient(np.ones(3), np.sin), np.cos(np.ones(3)))
    with pytest.raises(ValueError, match="act is np.sin"):
        gradient(np.ones(3), np.cos)
    with pytest.raises(Unsupported, match="act"):
        export_module(Gradient(lambda x, act: act(x).sum(), [np.ones(3), lambda x: x * x], wrt=0))


def test_an_object_as_argument_cannot_be_exported():
    class Model:
        def __init__(self):
            self.w = np.ones(3)

    with pytest.raises(Unsupported, match="m"):
        export_module(Gradient(lambda m, x: (m.w * x).sum(), [Model(), np.ones(3)], wrt=1))


def test_overlapping_arguments_are_refused_where_one_is_written_to():
    def shifted(x, y):
        x = x.copy()
        x[0] = y[1] * 2
        return (x * y).sum()

    def writes(x, y):
        x[0] = y[1] * 2
        return (x * y).sum()

    a = np.ones(3)
    assert len(loaded(Gradient(shifted, [a, a]))["gradient"](a, a)) == 2
    gradient = loaded(Gradient(writes, [a, a.copy()]))["gradient"]
    with pytest.raises(ValueError, match="shares_memory"):
        gradient(a, a)


def test_sizes_that_must_agree_are_checked():
    gradient = loaded(Gradient(lambda x, y: (x + y).sum(), [np.ones(3), np.ones(3)]))["gradient"]
    with pytest.raises(ValueError, match="x.size == y.size"):
        gradient(np.ones(3), np.ones(4))


# -- numbers -----------------------------------------------------------------------------------------
POWERS = np.array([3, 10])


@pytest.mark.parametrize("fn, args", [
    (lambda x: (x * POWERS**20.0).sum(), (np.ones(2),)),  # an int would overflow
    (lambda x: (x * POWERS**20).sum(), (np.ones(2),)),  # and does
    (lambda x: abs(np.sqrt(x.astype(complex))).sum(), (np.array([-1.0, 2.0]),)),
    (lambda x: (x.astype(np.float32) * 1.1).sum(), (np.array([0.1, 2.0]),)),
    (lambda x: (x * np.full(2, 7)).sum(), (np.ones(2),)),
])  # fmt: skip
def test_dtypes_are_those_of_the_function(fn, args):
    gradient = Gradient(fn, list(args))
    value, found = loaded(gradient)["f_and_gradient"](*args)
    assert np.asarray(value) == np.asarray(fn(*args)) and value.dtype == fn(*args).dtype
    np.testing.assert_array_equal(found, gradient(*args))
    assert found.dtype == np.float64


@pytest.mark.parametrize("fn", [lambda x: 1 / x, lambda x: math.log(x), lambda x: x**-0.5, lambda x: math.exp(1 / (x + 1e-3))])
def test_python_numbers_raise_where_python_does(fn):
    gradient = loaded(Gradient(fn, [2.0]))["gradient"]
    with pytest.raises((ZeroDivisionError, ValueError, OverflowError)):
        fn(0.0)
    with pytest.raises((ZeroDivisionError, ValueError, OverflowError)):
        gradient(0.0)


@pytest.mark.filterwarnings("ignore")
def test_derivatives_are_numpy_numbers_that_do_not_raise():
    assert loaded(Gradient(lambda x: x**0.5, [2.0]))["gradient"](0.0) == np.inf


def test_nothing_that_is_returned_belongs_to_someone_else():
    weights = np.arange(3.0)
    a, b = np.ones(3), np.full(3, 2.0)
    scope = loaded(Gradient(lambda a, b: a @ b, [a, b]))
    for found in scope["gradient"](a, b):
        found += 1
    assert a.tolist() == [1.0] * 3 and b.tolist() == [2.0] * 3
    scope = loaded(Gradient(lambda x: x @ weights, [a]))
    scope["gradient"](a)[:] = 0
    assert scope["gradient"](a).tolist() == [0.0, 1.0, 2.0]
    twice = loaded(Gradient(lambda a, b: np.sin(a + b).sum(), [a, b]))["gradient"](a, b)
    assert not np.shares_memory(*twice)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("fn", [
    lambda x: x[x > 0].sum() ** 2, lambda x: np.var(x[x > 0]), lambda x: x[1:][x[1:] > 0].prod(),
    lambda x: (x[np.nonzero(x > 0)] ** 2).mean(),
])  # fmt: skip
def test_lengths_that_only_a_run_can_tell(fn):
    """How many elements a condition selects, none included."""
    x = np.array([0.3, -1.2, 2.0])
    traced = Gradient(fn, [x])
    gradient = loaded(traced)["gradient"]
    for given in (x, -x, np.ones(4), -np.ones(3)):
        np.testing.assert_allclose(gradient(given), traced(given), rtol=1e-12)


# -- several cases -------------------------------------------------------------------------------------
def batch(x, w, power=2):
    return np.sum((x @ w) ** power) if len(x) > 1 else 5 * np.sum(x @ w)


def test_lengths_0_and_1_other_ints_and_dtypes_are_cases_of_their_own():
    traced, w = Gradient(batch, wrt=1), np.array([1.0, -2.0])
    calls = [(np.ones((rows, 2)), w, power) for rows in (3, 0, 1) for power in (2, 3)]
    calls += [(np.ones((4, 2), np.float32), w, 2)]
    expected = [traced(*args) for args in calls]
    scope = loaded(traced)
    for args, gradient in zip(calls, expected, strict=True):
        value, found = scope["batch_and_gradient"](*args)
        np.testing.assert_allclose(value, batch(*args))
        np.testing.assert_allclose(found, gradient)
    with pytest.raises(ValueError, match="no case was traced for these arguments; case 1: "):
        scope["gradient"](np.ones(3), np.ones(3), 2)
    with pytest.raises(ValueError, match="no case"):
        scope["gradient"](np.ones((2, 2)), w, 7)


def test_an_error_of_the_computation_is_not_taken_for_a_refusal():
    traced = Gradient(lambda a: np.sum(np.linalg.inv(a)) if len(a) > 1 else np.sum(1 / a))
    for n in (2, 1):
        traced(np.eye(n))
    with pytest.raises(np.linalg.LinAlgError):
        loaded(traced)["gradient"](np.zeros((3, 3)))


def test_a_branch_that_is_guarded_sends_the_call_to_its_own_case():
    def f(x):
        return {True: np.sin, False: np.cos}[bool(x.sum() > 0)](x).sum()

    traced, x = Gradient(f), np.array([0.5, 1.0])
    for args in (x, -x):
        traced(args)
    gradient = loaded(traced)["gradient"]
    np.testing.assert_allclose(gradient(x), np.cos(x))
    np.testing.assert_allclose(gradient(-x), np.sin(x))


MODE = {"of": "square"}


def test_what_was_traced_for_another_state_is_not_exported(monkeypatch):
    traced = Gradient(lambda x: x**2 if MODE["of"] == "square" else x**3, [2.0])
    monkeypatch.setitem(MODE, "of", "cube")
    with pytest.raises(Unsupported, match="something else held"):
        export_module(traced)
    traced(2.0)
    assert loaded(traced)["gradient"](2.0) == 12.0  # and it is the only case
    monkeypatch.setitem(MODE, "of", "square")
    traced(2.0)
    assert loaded(traced)["gradient"](2.0) == 4.0


# -- axes of length 1 -----------------------------------------------------------------------------------
def logistic(w, x, t):
    z = x @ w
    return -np.mean(t * z - np.log1p(np.exp(z)))


def test_a_batch_of_one_is_taken_where_nothing_relied_on_more():
    rng = np.random.default_rng(0)
    traced = Gradient(logistic, [np.ones(3), np.ones((5, 3)), np.ones(5)])
    gradient = loaded(traced)["gradient"]
    for rows, columns in ((1, 3), (4, 1), (1, 1)):
        args = rng.normal(size=columns), rng.normal(size=(rows, columns)), rng.uniform(size=rows)
        for found, expected in zip(gradient(*args), Gradient(logistic)(*args), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)
            assert found.shape == expected.shape
    with pytest.raises(ValueError, match="1 or more, not 0"):
        gradient(np.ones(3), np.ones((0, 3)), np.ones(0))
    with pytest.raises(ValueError, match="this holds for"):  # NumPy would stretch it
        gradient(np.ones(3), np.ones((1, 3)), np.ones(4))


@pytest.mark.parametrize("fn", [
    lambda x: np.sum(np.squeeze(x) ** 2), lambda x: np.sum(x**2) if len(x) != 1 else -x[0], lambda x: np.sum(x[1:] * x[:-1]) + x[1],
    lambda x: np.sum(np.stack([x, x**2]) * np.sum(x)), lambda x: (x[:, None] * x).sum() + np.var(x), lambda x: np.sum(np.sort(x)[::-1] * x),
    lambda x: sum(v**2 for v in x), lambda x: np.sum(np.cumsum(x) ** 2) + np.sum(np.diff(x)),
    lambda x: [v**2 for v in x[1:]][-1], lambda x: sum(x[i] * x[i - 1] for i in range(len(x))), lambda x: sum(x[i] for i in range(1, len(x))) + x[0] ** 2,
])  # fmt: skip
def test_length_1_is_right_or_refused(fn):
    x = np.array([0.7])
    gradient = loaded(Gradient(fn, [np.arange(3.0)]))["gradient"]
    try:
        found = gradient(x)
    except (ValueError, IndexError):
        return
    np.testing.assert_allclose(found, Gradient(fn)(x), rtol=1e-12)


# -- arrays that are written to ------------------------------------------------------------------------
def swept(x):
    """What is written next is read before, and kept."""
    y = x.copy()
    total = 0.0
    for i in range(1, len(x)):
        total += y[i - 1] * x[i]
        y[i] = y[i] - y[i - 1] * x[i]
    return total + np.sum(y**2)


def sorted_out(x):
    """One array or another is written to, or none."""
    low, high = np.zeros(len(x)), x * 2
    for i in range(len(x)):
        if x[i] > 0.5:
            high[i] = high[i] * low[i - 1] + x[i]
        elif x[i] > 0:
            low[i] = high[i] ** 2
    return np.sum(low * high)


def in_two_ways(x):
    """The array that a branch writes to is read behind it as it was before."""
    y = x * 1.5
    total = 0.0
    for i in range(len(x)):
        before = y.copy()
        if x[i] > 0.5:
            y[i] = y[i] ** 2
        total += np.sum(before * y)
    return total


@pytest.mark.parametrize("fn", [swept, sorted_out, in_two_ways])
def test_arrays_are_written_to_in_place_where_nobody_sees_it(fn):
    x = np.array([0.4, 0.9, 0.3, -0.2, 0.7])
    traced = Gradient(fn, [x])
    given = x.copy()
    value, found = loaded(traced)[f"{fn.__name__}_and_gradient"](given)
    np.testing.assert_allclose(value, fn(x))
    np.testing.assert_allclose(found, traced(x), rtol=1e-12)
    assert np.array_equal(given, x)


def test_no_array_is_copied_in_a_loop_that_writes_to_it():
    text = export_module(Gradient(swept, [np.ones(4)]))
    loops = [line for line in text.splitlines() if line.startswith("        ")]
    assert not any(".copy()" in line for line in loops), text


def test_conditions_are_what_a_person_writes():
    text = export_module(Gradient(sorted_out, [np.ones(4)]))
    assert "if x[i] > 0.5:" in text and "bool(" not in text.partition("def _array")[0]


def test_a_function_called_like_a_module_gets_another_name():
    def f(x):
        return x * x

    f.__name__ = "np"
    assert loaded(Function(f, [2.0]))["np_"](3.0) == 9.0


def test_what_is_no_function_or_gradient_is_refused():
    for wrong in (3, grad(lambda x: x), lambda x: x):
        with pytest.raises(StructureError, match="no Function or Gradient"):
            export_module(wrong)

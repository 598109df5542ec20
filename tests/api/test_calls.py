"""Later calls: the generated path honours every change, and says MISS where it must."""

from __future__ import annotations

import dataclasses
import threading
from collections import defaultdict, deque
from types import SimpleNamespace

import numpy as np
import pytest

from bcad import (
    Function,
    Gradient,
    HessianVector,
    StructureError,
    grad,
    hessian,
    hessian_vector_product,
    jacobian,
    make_jvp,
    make_vjp,
    options,
    value_and_grad,
)
from bcad.trace import flatten

SCALE = np.array([1.0, 2.0, 3.0])
RATE = 0.5
FLAG = True
TABLE = {"w": np.ones(3), "n": 2}


@pytest.fixture(params=["numpy", "numba", "auto"])
def backend(request):
    with options.set(backend=request.param):
        yield request.param


def loss(x):
    return np.sum(SCALE * x**2) * RATE


@pytest.fixture
def restore(request):
    kept = dict(globals())
    yield
    globals().update(kept)


def test_a_rebound_global_is_read_at_every_call(backend, restore):
    global SCALE, RATE
    g = grad(loss)
    x = np.array([1.0, 1.0, 1.0])
    for scale, rate in [(SCALE, 0.5), (np.array([5.0, 6.0, 7.0]), 0.5), (np.array([5.0, 6.0, 7.0]), 2.0)]:
        SCALE, RATE = scale, rate
        for _ in range(3):
            np.testing.assert_allclose(g(x), 2 * scale * x * rate)
    assert g.core.traces == 1


def test_a_global_written_in_place_is_seen(backend):
    weights = np.ones(3)
    g = grad(lambda x: np.sum(weights * x))
    np.testing.assert_array_equal(g(np.zeros(3)), [1, 1, 1])
    weights[1] = 5.0
    np.testing.assert_array_equal(g(np.zeros(3)), [1, 5, 1])


def test_another_dtype_rank_or_length_of_a_capture(backend, restore):
    global SCALE, RATE
    RATE = 1.0
    g = grad(loss)
    for scale in (np.ones(3), np.ones(3, np.float32), np.ones((2, 3)), np.ones(1), 2.0, np.float64(3.0), 4):
        SCALE = scale
        expected = 2 * np.ones(3) * (np.sum(scale, axis=0) if np.ndim(scale) == 2 else scale)
        np.testing.assert_allclose(g(np.ones(3)), expected)


def test_an_int_flag_or_dict_entry_is_guarded(backend, restore):
    global FLAG
    g = grad(lambda x: (np.sum(x) if FLAG else np.sum(x**2)) + np.sum(TABLE["w"] * x) ** TABLE["n"])
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(g(x), 1 + 2 * 6.0 * np.ones(3))
    FLAG = False
    np.testing.assert_allclose(g(x), 2 * x + 2 * 6.0)
    TABLE["n"] = 1
    np.testing.assert_allclose(g(x), 2 * x + 1)
    TABLE["n"] = 2


def test_sizes_zero_and_one_and_many(backend):
    g = grad(lambda x, y: np.sum((x + y) ** 2), (0, 1))
    for n, m in [(3, 3), (1, 3), (3, 1), (1, 1), (0, 0), (0, 1), (5, 5), (2, 2)]:
        gx, gy = g(np.ones(n), np.ones(m))
        assert gx.shape == (n,) and gy.shape == (m,)
        total = 4.0 * np.ones(np.broadcast_shapes((n,), (m,)))
        np.testing.assert_allclose(gx, total if n != 1 or m == 1 else [total.sum()])
        np.testing.assert_allclose(gy, total if m != 1 or n == 1 else [total.sum()])


def test_sizes_that_do_not_broadcast_are_refused_as_in_numpy():
    g = grad(lambda x, y: np.sum(x + y))
    g(np.ones(3), np.ones(3))
    with pytest.raises(ValueError):
        g(np.ones(3), np.ones(4))


def test_another_length_does_not_trace_again(backend):
    g = grad(lambda x: np.sum(np.sin(x) * x))
    for n in (2, 3, 10, 1000):
        x = np.linspace(0, 1, n)
        np.testing.assert_allclose(g(x), np.sin(x) + x * np.cos(x), rtol=1e-14)
    assert g.core.traces == 1


def test_strided_fortran_readonly_and_byteswapped_arguments(backend):
    g = grad(lambda x: np.sum(x**3))
    base = np.arange(12.0).reshape(3, 4)
    frozen = base.copy()
    frozen.flags.writeable = False
    for x in (base, base[::2, ::-1], np.asfortranarray(base), base.T, frozen, base.astype(">f8")):
        np.testing.assert_allclose(g(x), 3 * np.asarray(x, float) ** 2)


@dataclasses.dataclass
class Pair:
    a: np.ndarray
    b: object


@pytest.mark.parametrize("args", [
    ({"w": 1}, 2), ([1, [2]], 3), ([[1], 2], 3), (1, ({"w": 2}, 3)), (Pair(1, [2]), 3), ([Pair(1, (2, 3)), 4], 5),
    (SimpleNamespace(u=[1], v=2), 3), (deque([[1], 2], 5), 3), (defaultdict(list, a=[1], b=2), 3),
], ids=str)
def test_nested_arguments_keep_their_places_at_later_calls(args, backend):
    """Leaves of one type in nests of every kind: none takes another's place."""
    leaves, tree = flatten(args)
    rng = np.random.default_rng(0)

    def f(*nested):
        total = 1.0
        for k, leaf in enumerate(flatten(nested)[0]):
            total = total * np.sum(leaf ** (k + 1))
        return total

    g = grad(f, tuple(range(len(args))))
    for _ in range(8):
        given = tree.unflatten([rng.uniform(1, 2, 3) for _ in leaves])
        values = flatten(given)[0]
        found, structure = flatten(g(*given))
        assert structure == tree
        for k, x in enumerate(values):
            others = np.prod([np.sum(y ** (j + 1)) for j, y in enumerate(values) if j != k])
            np.testing.assert_allclose(found[k], (k + 1) * x**k * others)


def test_nests_that_only_differ_in_their_containers_are_told_apart(backend):
    g = grad(lambda p: sum(np.sum(np.asarray(v) ** 2) for v in (p.values() if isinstance(p, dict) else p)))
    x = np.ones(2)
    for _ in range(8):
        assert g(deque([x], 3)).maxlen == 3 and g(deque([x], 7)).maxlen == 7
        assert g(defaultdict(list, a=x)).default_factory is list and g(defaultdict(int, a=x)).default_factory is int
        assert type(g({"a": x})) is dict and list(g({"b": x})) == ["b"]
    h = grad(lambda s: np.sum(s.a**2))
    for _ in range(8):
        assert vars(h(SimpleNamespace(a=x))).keys() == {"a"}
        assert vars(h(SimpleNamespace(a=x, b=x))).keys() == {"a", "b"}


def test_positional_and_keyword_spellings(backend):
    def f(x, y=2.0, *, z=3.0):
        return x * y * z

    g = grad(f)
    assert g(1.0) == 6.0
    assert g(1.0, 5.0) == 15.0
    assert g(1.0, y=5.0) == 15.0
    assert g(1.0, z=1.0) == 2.0
    assert g(1.0) == 6.0
    assert grad(f, wrt="x")(x=1.0, y=4.0) == 12.0


def test_an_argument_that_is_not_differentiated_may_steer(backend):
    g = grad(lambda x, n, kind: x**n if kind == "power" else x * n)
    assert g(3.0, 2, "power") == 6.0
    assert g(3.0, 3, "power") == 27.0
    assert g(3.0, 3, "product") == 3.0
    assert g(3.0, 2.5, "product") == 2.5


def test_the_argument_is_never_written_to(backend):
    def f(x):
        x[0] = 5.0
        x *= 2
        return np.sum(x**2)

    x = np.array([1.0, 2.0, 3.0])
    for _ in range(3):
        np.testing.assert_array_equal(grad(f)(x), [0.0, 16.0, 24.0])
        np.testing.assert_array_equal(x, [1.0, 2.0, 3.0])


def test_results_are_fresh_arrays(backend):
    g = grad(lambda x: np.sum(2 * x))
    a, b = g(np.ones(3)), g(np.ones(3))
    a[:] = 7
    np.testing.assert_array_equal(b, [2, 2, 2])
    f = Function(lambda x: x)
    x = np.ones(3)
    for _ in range(8):
        f(x)
    np.testing.assert_array_equal(f(x), x)


def test_an_exception_of_the_function_is_pythons_own(backend):
    g = grad(lambda x: 1.0 / x if x > 0 else x / 0)
    assert g(2.0) == -0.25
    for _ in range(8):
        g(2.0)
    with pytest.raises(ZeroDivisionError):
        g(-1.0)
    assert g(2.0) == -0.25


def test_branches_flip_between_calls(backend):
    g = grad(lambda x: x**2 if x > 0 else -x)
    for _ in range(5):
        assert g(3.0) == 6.0
        assert g(-3.0) == -1.0


def test_many_threads_share_one_gradient(backend):
    g = value_and_grad(lambda x: np.sum(np.exp(x)))
    failures = []

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(50):
            x = rng.normal(size=rng.integers(1, 6))
            value, gradient = g(x)
            if not (np.allclose(value, np.exp(x).sum()) and np.allclose(gradient, np.exp(x))):
                failures.append(x)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_a_gradient_is_pickled_with_cloudpickle():
    cloudpickle = pytest.importorskip("cloudpickle")
    g = Gradient(lambda x: np.sum(x**2), [np.ones(2)])
    again = cloudpickle.loads(cloudpickle.dumps(g))
    np.testing.assert_array_equal(again(np.ones(3)), [2, 2, 2])


def test_methods_properties_and_attributes(backend):
    class Model:
        def __init__(self):
            self.w = np.ones(2)
            self.calls = 0

        @property
        def twice(self):
            return 2 * self.w

        def loss(self, x):
            self.calls += 1
            return np.sum(self.twice * x**2)

    model = Model()
    g = grad(model.loss)
    for k in range(1, 9):
        np.testing.assert_allclose(g(np.ones(2)), 4 * model.w)
        assert model.calls == k
    model.w = np.array([3.0, 4.0])
    np.testing.assert_allclose(g(np.ones(2)), [12.0, 16.0])


# -- derivatives that take vectors, and matrices of derivatives ------------------------------------


def cubic(x, w=2.0):
    return np.sum(w * x**3)


def test_vectors_of_any_make_give_the_same_at_every_call(backend):
    hvp, hv = hessian_vector_product(cubic), HessianVector(cubic)
    x, v = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, -1.0])
    strange = [v, v.astype(np.float32), v.astype(int), np.broadcast_to(2.0, 3), 2.0, v[::-1], np.array(3.0)]
    for vector in strange * 3:
        expected = 12 * x * np.asarray(vector)
        np.testing.assert_allclose(hvp(x, vector), expected)
        np.testing.assert_allclose(hv(x, vectors=vector), expected)
    assert hvp.core.traces == 1 and hv.traces == 1


@pytest.mark.parametrize("wrong", [np.ones(4), np.ones((3, 3)), np.ones((1, 1, 3)), {"a": 1.0}, (np.ones(3), np.ones(3))], ids=str)
def test_a_vector_that_does_not_fit_is_refused_at_every_call(wrong, backend):
    hv = HessianVector(cubic, wrt=0)
    for _ in range(8):
        np.testing.assert_allclose(hv(np.ones(3), vectors=np.ones(3)), 12 * np.ones(3))
        with pytest.raises((StructureError, TypeError)):
            hv(np.ones(3), vectors=wrong)


def test_vectors_nested_as_the_arguments_are(backend):
    hv = HessianVector(lambda p, x: np.sum(p["a"] * x**2) + np.sum(p["b"][0] ** 2 * x))
    a, b, x = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0])
    for scale in np.arange(1.0, 9.0):
        da, db, dx = scale * a, scale + b, scale - x
        p, found = hv({"a": a, "b": [b]}, x, vectors=({"a": da, "b": [db]}, dx))
        np.testing.assert_allclose(p["a"], 2 * x * dx)
        np.testing.assert_allclose(p["b"][0], 2 * x * db + 2 * b * dx)
        np.testing.assert_allclose(found, 2 * x * da + 2 * a * dx + 2 * b * db)


def test_vectors_for_numbers_and_complex_ones_for_real_arrays(backend):
    hvp = hessian_vector_product(lambda x: x**3)
    for v in (1.0, 2, np.float64(3.0), np.float32(4.0), np.array(5.0), True):
        for _ in range(4):
            assert hvp(2.0, v) == 12.0 * v


def test_a_linear_map_stands_at_its_point(backend):
    w = np.array([1.0, 2.0])
    at = make_vjp(lambda x: w * x**2)
    for k in range(8):
        x = np.array([1.0, k])
        pull, value = at(x)
        x[:], w[1] = 7.0, 3.0  # later changes are no news to it
        for g in (np.ones(2), np.ones(2, int), 1.0):
            np.testing.assert_allclose(pull(g), [2.0, 2 * 2.0 * k])
        np.testing.assert_allclose(value, [1.0, 2.0 * k**2])
        w[1] = 2.0
    assert at.core.traces == 1


def test_a_linear_map_honours_guards_and_effects(backend):
    seen = []

    def f(x, flag=True):
        seen.append(1)
        return x**2 if flag else x**3

    at, push = make_vjp(f), make_jvp(f)
    for k in range(1, 9):
        assert at(3.0)[0](1.0) == 6.0 and at(3.0, False)[0](1.0) == 27.0
        assert push(3.0)(2.0) == (9.0, 12.0) and push(3, False)(1.0) == (27.0, 27.0)
        assert len(seen) == 4 * k


def test_a_branch_flips_below_a_linear_map(backend):
    at = make_vjp(lambda x: np.sum(x) if x[0] > 0 else -np.sum(x))
    for _ in range(8):
        np.testing.assert_array_equal(at(np.array([1.0, 2.0]))[0](1.0), [1.0, 1.0])
        np.testing.assert_array_equal(at(np.array([-1.0, 2.0]))[0](1.0), [-1.0, -1.0])


@pytest.mark.parametrize("argnum", [0, (0, 1)])
def test_jacobians_and_hessians_keep_their_nesting(argnum, backend):
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])
    cases = [lambda x, y: np.outer(x, y) ** 2, lambda x, y: (np.sum(x) * y, {"s": x}), lambda x, y: np.sum(np.outer(x**2, y**2))]
    for f in cases:
        for derive in (jacobian, hessian):
            derived = derive(f, argnum)
            leaves, tree = flatten(derived(x, y))
            for _ in range(8):
                found, structure = flatten(derived(x, y))
                assert structure == tree
                for a, b in zip(leaves, found, strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-14)

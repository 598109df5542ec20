"""Derivatives travel: pickled by name or by operator, used by several threads and processes, added up over data."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bcad
from bcad import StructureError, data_parallel, grad

X = np.array([0.5, 1.0, 2.0])


def energy(x):
    return np.sum(np.sin(x) * x)


def with_aux(x):
    return np.sum(x**2), {"x": x}


def cubes(x):
    return x**3


@bcad.gradient
def slope(x):
    return np.sum(x**4)


@bcad.checkpoint
def remembered(x):
    return np.sum(np.exp(x))


@bcad.primitive
def opaque(x):
    return x * 2.0


bcad.defvjp(opaque, lambda ans, x: lambda g: 5.0 * g)

DERIVATIVES = {
    "grad": (grad(energy), (X,)), "value_and_grad": (bcad.value_and_grad(energy), (X,)),
    "aux": (grad(with_aux, has_aux=True), (X,)), "jacobian": (bcad.jacobian(cubes), (X,)),
    "hessian": (bcad.hessian(energy), (X,)), "hvp": (bcad.hessian_vector_product(energy), (X, X)),
    "deriv": (bcad.deriv(cubes), (X,)), "elementwise": (bcad.elementwise_grad(cubes), (X,)),
    "multigrad": (bcad.multigrad_dict(energy), (X,)), "tjp": (bcad.tensor_jacobian_product(cubes), (X, X)),
    "holomorphic": (bcad.holomorphic_grad(energy), (X + 1j,)), "named": (bcad.grad_named(energy, "x"), (X,)),
    "Gradient": (bcad.Gradient(energy, [X]), (X,)), "reduction": (bcad.Gradient(cubes, reduction="sum"), (X,)),
    "Function": (bcad.Function(energy), (X,)), "decorated": (slope, (X,)), "checkpoint": (grad(remembered), (X,)),
    "primitive": (grad(opaque), (3.0,)), "nested": (grad(grad(energy)), (2.0,)),
    "autodiff": (bcad.autodiff(energy), (X, 2.0)), "VectorArg": (bcad.VectorArg(energy, [X], gradient=True), (X,)),
}


def same(a, b):
    for left, right in zip(bcad.flatten(a)[0], bcad.flatten(b)[0], strict=True):
        assert_allclose(left, right)


@pytest.mark.parametrize("name", DERIVATIVES)
def test_a_derivative_survives_pickling(name) -> None:
    derivative, args = DERIVATIVES[name]
    expected = derivative(*args)
    again = pickle.loads(pickle.dumps(derivative))
    same(again(*args), expected)
    same(copy.deepcopy(again)(*args), expected)
    assert getattr(again, "__name__", "") == getattr(derivative, "__name__", "")


@pytest.mark.parametrize("name", ["make_vjp", "make_jvp", "make_hvp", "make_ggnvp", "make_jvp_reversemode"])
def test_an_operator_at_no_point_yet_survives_pickling(name) -> None:
    operator = getattr(bcad, name)(cubes if "ggn" in name or "vp" not in name else energy)
    again = pickle.loads(pickle.dumps(operator))
    assert again.__name__ == operator.__name__
    assert callable(again(X) if name in ("make_jvp", "make_ggnvp", "make_jvp_reversemode") else again(X)[0])


def test_decorated_functions_are_pickled_by_name() -> None:
    assert pickle.loads(pickle.dumps(slope)) is slope
    assert pickle.loads(pickle.dumps(remembered)) is remembered
    assert pickle.loads(pickle.dumps(opaque)) is opaque


def misfit(p, part):
    x, y = part
    return np.sum((x @ p["w"] + p["b"] - y) ** 2)


def parts(count=5):
    rng = np.random.default_rng(3)
    return [(rng.normal(size=(k + 2, 3)), rng.normal(size=k + 2)) for k in range(count)]


P = {"w": np.array([1.0, -0.5, 2.0]), "b": 0.3}


def whole(p):
    return sum(misfit(p, part) for part in parts())


class _Client:
    """Gives futures, as Dask's does."""

    def __init__(self, pool):
        self.pool = pool

    def map(self, fn, things):
        return [self.pool.submit(fn, thing) for thing in things]


def test_sums_over_data_are_the_same_by_every_engine() -> None:
    value, gradient = bcad.value_and_grad(whole)(P)
    with ThreadPoolExecutor(2) as threads:
        for engine in (None, map, threads, _Client(threads)):
            found, slopes = data_parallel(misfit, engine=engine)(P, parts())
            assert_allclose(found, value)
            same(slopes, gradient)


def test_sums_over_data_by_processes() -> None:
    with ProcessPoolExecutor(2) as processes:
        found, slopes = data_parallel(misfit, engine=processes)(P, iter(parts()))
    value, gradient = bcad.value_and_grad(whole)(P)
    assert_allclose(found, value)
    same(slopes, gradient)


def test_sums_by_several_arguments_and_over_nothing() -> None:
    total = data_parallel(lambda a, b, part: a * b * part, (0, 1))
    assert total(2.0, 3.0, [1.0, 10.0]) == (66.0, (33.0, 22.0))
    with pytest.raises(StructureError, match="no parts"):
        total(2.0, 3.0, [])


def test_threads_share_one_derivative() -> None:
    g = grad(lambda x, n: np.sum(x ** n), 0)

    def work(k):
        x = np.full(k % 5 + 1, 1.0 + k)
        return np.array_equal(g(x, k % 3 + 1), (k % 3 + 1) * x ** (k % 3))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(120)))


LONG = """
import numpy as np
from bcad import grad

lines = "".join(f"    x = np.sin(x) * {k}.5 + x[::-1]\\n" for k in range(120))
exec(f"def long(x):\\n{lines}    return x.sum()\\n")
slope = grad(long)
for _ in range(8):
    slope(np.ones(3))
import threading
print(any("compiles" in thread.name for thread in threading.enumerate()))
"""


def test_a_process_may_end_while_a_thread_compiles():
    """LLVM's own data are gone when a process has ended: the thread is waited for."""
    done = subprocess.run([sys.executable, "-c", LONG], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "True"

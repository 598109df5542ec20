"""Products of derivatives with vectors: Hessian, Jacobian and Gauss-Newton matrices that are never made."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.modes import HessianVectorMode
from bcad.pickling import Derived
from bcad.seeds import seeds_like
from bcad.trace import MISS, stepped
from bcad.transforms import Fn, Transform, grad, jacobian, make_jvp, make_vjp, name_of_plain, zeros_of
from bcad.wrt import pick


def make_jvp_reversemode(fun: Fn, argnum: Any = 0) -> Fn:
    """`make_jvp`'s tangent by reverse mode twice: ``make_jvp_reversemode(fun)(*args)(v)``.

    Examples
    --------
    >>> make_jvp_reversemode(lambda x: x**2)(3.0)(1.0)
    np.float64(6.0)
    """

    def at(*args: Any, **kwargs: Any) -> Fn:
        pull, value = make_vjp(fun, argnum)(*args, **kwargs)
        transposed, _ = make_vjp(pull)(zeros_of(value))
        return transposed

    return Derived(at, make_jvp_reversemode, (fun, argnum), fun, argnum)


def hessian_vector_product(fun: Fn, argnum: Any = 0) -> Fn:
    """``hessian_vector_product(fun)(*args, v)`` is the Hessian times `v`, forward over reverse.

    `v` has the structure of the argument; the contraction is over all its axes.

    Examples
    --------
    >>> hessian_vector_product(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 0.5]))
    array([6., 6.])
    """
    inner = Transform("hessian_vector_product", fun, HessianVectorMode(), argnum, Transform.pack)

    def product(*args: Any, **kwargs: Any) -> Any:
        rest, v = args[:-1], args[-1]
        vectors = (v,) if inner.single else tuple(v)
        kwargs, out = inner.core.split_out(kwargs)
        found = inner.core.quick(rest, kwargs, vectors) if out is None else MISS
        if found is not MISS:
            return found
        places = inner.core.wrt.places(rest, kwargs)
        seeds = seeds_like([pick(p, rest, kwargs) for p in places], vectors, "vector")
        return inner.pack(inner.core.answer(rest, kwargs, seeds, out))

    return Derived(product, hessian_vector_product, (fun, argnum), fun, argnum, inner.core)


hessian_tensor_product = hessian_vector_product


def tensor_jacobian_product(fun: Fn, argnum: Any = 0) -> Fn:
    """``tensor_jacobian_product(fun)(*args, v)``: `v` contracted with the Jacobian from the left.

    All axes of `v` are contracted with the first of the result; those that it lacks stay.

    Examples
    --------
    >>> tensor_jacobian_product(lambda x: x**2)(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([ 2., 40.])
    """

    @stepped
    def contracted(*args: Any, **kwargs: Any) -> Any:
        v = args[-1]
        return np.tensordot(v, fun(*args[:-1], **kwargs), axes=np.ndim(v))

    contracted.__name__ = name_of_plain(fun)
    product = jacobian(contracted, argnum)
    return Derived(product, tensor_jacobian_product, (fun, argnum), fun, argnum, product.core)


vector_jacobian_product = tensor_jacobian_product


def make_hvp(fun: Fn, argnum: Any = 0) -> Fn:
    """``make_hvp(fun)(*args)`` is ``(hvp, gradient)`` at a point.

    Examples
    --------
    >>> hvp, gradient = make_hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    >>> gradient, hvp(np.array([1.0, 0.0]))
    (array([ 3., 12.]), array([6., 0.]))
    """

    def at(*args: Any, **kwargs: Any) -> tuple[Fn, Any]:
        return make_vjp(grad(fun, argnum), argnum)(*args, **kwargs)

    return Derived(at, make_hvp, (fun, argnum), fun, argnum)


@stepped
def half_squared_sum(x: Any) -> Any:
    """The loss that makes `make_ggnvp` a Gauss-Newton product: half the sum of squares."""
    return 0.5 * np.sum(x**2, axis=-1)


def make_ggnvp(f: Fn, g: Fn = half_squared_sum, f_argnum: int = 0) -> Fn:
    """``make_ggnvp(f, g)(*args)(v)``: the generalized Gauss-Newton product ``J.T @ H_g @ J @ v``.

    Examples
    --------
    >>> make_ggnvp(lambda x: np.array([2.0, 3.0]) * x)(np.ones(2))(np.array([1.0, 0.0]))
    array([4., 0.])
    """

    def at(*args: Any, **kwargs: Any) -> Fn:
        pull, value = make_vjp(f, f_argnum)(*args, **kwargs)
        push = make_jvp(f, f_argnum)(*args, **kwargs)
        g_hvp, _ = make_vjp(grad(g))(value)

        def product(v: Any) -> Any:
            return pull(g_hvp(push(v)[1]))

        return product

    return Derived(at, make_ggnvp, (f, g, f_argnum), f, f_argnum)

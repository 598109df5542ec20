"""grad in other forms: by name, with auxiliary results, for all arguments, of holomorphic functions, of one number."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np

from bcad.ir import ArrayType
from bcad.modes import GradientMode
from bcad.pickling import Derived
from bcad.trace import flatten, leaf_type, stepped
from bcad.transforms import Fn, Transform, grad, make_jvp, name_of_plain
from bcad.wrt import pick


def holomorphic_grad(fun: Fn, argnum: Any = 0) -> Transform:
    """The derivative of a holomorphic function: the gradient of its real part.

    A warning says that the argument is not complex: then there is nothing holomorphic about it.

    Examples
    --------
    >>> holomorphic_grad(lambda z: z**3)(1 + 1j)
    np.complex128(6j)
    """

    @stepped
    def real_part(*args: Any, **kwargs: Any) -> Any:
        return np.real(fun(*args, **kwargs))

    real_part.__name__ = name_of_plain(fun)
    made = _Holomorphic("holomorphic_grad", real_part, GradientMode(), argnum, Transform.pack)
    made.given = fun, argnum
    return made


class _Holomorphic(Transform):
    """`holomorphic_grad`'s, which looks at the dtype of its arguments."""

    given: tuple[Any, ...] = ()

    def __reduce__(self) -> Any:
        return holomorphic_grad, self.given

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for place in self.core.wrt.places(args, kwargs):
            types = [leaf_type(leaf) for leaf in flatten(pick(place, args, kwargs))[0]]
            if not any(isinstance(t, ArrayType) and t.is_complex for t in types):
                warnings.warn("Input to holomorphic_grad is not complex", stacklevel=2)
        return super().__call__(*args, **kwargs)


def grad_and_aux(fun: Fn, argnum: Any = 0) -> Transform:
    """``(gradient, aux)`` of a function that returns ``(value, aux)``."""
    return grad(fun, argnum, has_aux=True)


def grad_named(fun: Fn, argname: str) -> Transform:
    """`grad` by the argument's name."""
    return grad(fun, argnames=argname)


def multigrad_dict(fun: Fn) -> Fn:
    """Gradients with respect to all arguments that hold numbers, as a dict in the signature's order.

    Arguments that a call leaves out count with their defaults; further positional ones are a tuple.

    Examples
    --------
    >>> multigrad_dict(lambda x, y=3.0: x * y)(2.0)
    {'x': np.float64(3.0), 'y': np.float64(2.0)}
    """
    signature = inspect.signature(fun)

    @stepped
    def of_arguments(chosen: dict[str, Any], rest: dict[str, Any]) -> Any:
        args, kwargs = _call_with(signature, chosen, rest)
        return fun(*args, **kwargs)

    of_arguments.__name__ = name_of_plain(fun)
    gradient = grad(of_arguments)

    def gradients(*args: Any, **kwargs: Any) -> dict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        chosen = {name: x for name, x in bound.arguments.items() if _holds_numbers(x)}
        rest = {name: x for name, x in bound.arguments.items() if name not in chosen}
        return dict(gradient(chosen, rest))

    return Derived(gradients, multigrad_dict, (fun,), fun, core=gradient.core)


def _call_with(signature: inspect.Signature, *parts: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The call whose arguments by parameter are in `parts`."""
    together = {name: x for part in parts for name, x in part.items()}
    in_order = {name: together[name] for name in signature.parameters if name in together}
    bound = inspect.BoundArguments(signature, in_order)
    return bound.args, bound.kwargs


def _holds_numbers(argument: Any) -> bool:
    """Whether an argument has leaves, and a derivative by each."""
    types = [leaf_type(leaf) for leaf in flatten(argument)[0]]
    return bool(types) and all(isinstance(t, ArrayType) and t.dtype.kind in "iufc" for t in types)


def deriv(fun: Fn, argnum: Any = 0) -> Fn:
    """The derivative of a function of one number, forward mode; of an elementwise function, that of each element.

    Examples
    --------
    >>> deriv(np.sin)(0.0)
    np.float64(1.0)
    """
    push = make_jvp(fun, argnum)

    def derivative(*args: Any, **kwargs: Any) -> Any:
        (place, *others) = push.core.wrt.places(args, kwargs)
        if others:
            raise TypeError("deriv() is by one argument; jvp() takes several tangents")
        ones = np.ones_like(pick(place, args, kwargs), dtype=float)
        return push(*args, **kwargs)(ones[()] if push.single else (ones[()],))[1]

    return Derived(derivative, deriv, (fun, argnum), fun, argnum, push.core)

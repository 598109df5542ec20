"""How each system is brought to derive a case: from the user's text where it can, from its own best text elsewhere."""

from __future__ import annotations

import importlib
import importlib.util
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .cases import HESSIAN_VECTOR, JACOBIAN, Case

Thunk = Callable[[], Any]
Contender = Callable[[Case, Sequence[Any]], Thunk]


class NotAvailable(Exception):
    """This system can not do this case, or is not installed; says why."""


def with_other_globals(fn: Callable[..., Any], replace: Callable[[Any], Any]) -> Callable[..., Any]:
    """The same function, and the functions it calls, with what it reads from its module replaced.

    Parameters
    ----------
    replace : callable
        Gives the replacement of a module-level object, or the object itself.
    """
    done: dict[int, Any] = {}

    def renew(thing: Any) -> Any:
        other = replace(thing)
        if other is not thing or not isinstance(thing, types.FunctionType):
            return other
        if id(thing) not in done:
            scope = dict(thing.__globals__)
            new = types.FunctionType(thing.__code__, scope, thing.__name__, thing.__defaults__, thing.__closure__)
            new.__kwdefaults__ = thing.__kwdefaults__
            done[id(thing)] = new
            for name in thing.__code__.co_names:
                if name in scope:
                    scope[name] = renew(scope[name])
        return done[id(thing)]

    return renew(fn)


def flat(result: Any) -> list[np.ndarray]:
    """A result of any nesting as a list of arrays: value first, then gradients."""
    if isinstance(result, tuple | list):
        return [array for part in result for array in flat(part)]
    return [np.asarray(result)]


# --- primals


def numpy_primal(case: Case, args: Sequence[Any]) -> Thunk:
    return lambda: case.fn(*primal_args(case, args))


def primal_args(case: Case, args: Sequence[Any]) -> Sequence[Any]:
    return args[:-1] if case.what == HESSIAN_VECTOR else args


def numba_primal(case: Case, args: Sequence[Any]) -> Thunk:
    """numba's own compilation of the user's text, helpers included; no derivative."""
    import numba

    def jitted(thing: Any) -> Any:
        return thing

    plain = with_other_globals(case.fn, jitted)
    jit_helpers(plain, numba.njit)
    compiled = numba.njit(plain)
    primal = tuple(np.array(a) if isinstance(a, list) else a for a in primal_args(case, args))
    try:
        compiled(*primal)
    except Exception as error:
        raise NotAvailable(f"numba does not compile the text: {str(error).splitlines()[0]}") from error
    return lambda: compiled(*primal)


def jit_helpers(fn: Callable[..., Any], jit: Callable[..., Any]) -> None:
    """Compile, in place, the Python functions that fn reads from its (own, copied) globals."""
    for name in fn.__code__.co_names:
        helper = fn.__globals__.get(name)
        if isinstance(helper, types.FunctionType):
            jit_helpers(helper, jit)
            fn.__globals__[name] = jit(helper)


# --- derivatives


def hand(case: Case, args: Sequence[Any]) -> Thunk:
    from .hand import GRADIENTS

    gradient = GRADIENTS[case.hand]
    if case.hand == "hand_tracking":
        args = [np.array(a) if isinstance(a, list) else a for a in args]
    return lambda: gradient(*args)


def bcad(case: Case, args: Sequence[Any]) -> Thunk:
    """The user's text, as it is."""
    import bcad as product

    if case.what == HESSIAN_VECTOR:
        derived = product.hessian_vector_product(case.fn)
    elif case.what == JACOBIAN:
        derived = product.jacobian(case.fn)
    else:
        derived = product.value_and_grad(case.fn, argnums=tuple(case.argnums))
    return lambda: derived(*args)


def autograd(case: Case, args: Sequence[Any]) -> Thunk:
    """The user's text, with ``autograd.numpy`` in the place of numpy; where it assigns to arrays, another text."""
    ag = imported("autograd")
    anp, special = imported("autograd.numpy"), imported("autograd.scipy.special")
    from . import peers_autograd

    def renew(fn: Callable[..., Any]) -> Callable[..., Any]:
        return with_other_globals(fn, lambda thing: twin(thing, anp, special))

    fn = peers_autograd.texts(renew).get(case.fn.__name__) or renew(case.fn)
    if case.what == HESSIAN_VECTOR:
        derived = ag.hessian_vector_product(fn)
    elif case.what == JACOBIAN:
        derived = ag.jacobian(fn)
    else:
        derived = ag.value_and_grad(fn, tuple(case.argnums))
    return lambda: derived(*args)


def jax(case: Case, args: Sequence[Any]) -> Thunk:
    """JAX's best text: the user's with ``jax.numpy`` where that works, else one of peers_jax.py; jitted, native arrays."""
    library = imported("jax")
    library.config.update("jax_enable_x64", True)
    jnp, special = imported("jax.numpy"), imported("jax.scipy.special")
    from . import peers_jax

    fn = peers_jax.TEXTS.get(case.fn.__name__) or with_other_globals(case.fn, lambda t: twin(t, jnp, special))
    forward = case.fn.__name__ in peers_jax.FORWARD_ONLY
    # sizes, counts and lists are the program's; numbers and arrays are data
    is_data = [isinstance(a, float | np.ndarray) for a in args]
    data = [jnp.asarray(a) for a, flag in zip(args, is_data, strict=True) if flag]
    position = np.cumsum(is_data) - 1

    def of_data(*moving: Any) -> Any:
        given = iter(moving)
        return fn(*[next(given) if flag else a for a, flag in zip(args, is_data, strict=True)])

    if case.what == HESSIAN_VECTOR:
        derived = library.jit(lambda x, v: library.jvp(library.grad(fn), (x,), (v,))[1])
    elif case.what == JACOBIAN:
        derived = library.jit(library.jacfwd(fn))
    elif forward:
        derived = library.jit(lambda x: library.jvp(fn, (x,), (jnp.ones_like(x),)))
    else:
        derived = library.jit(library.value_and_grad(of_data, tuple(int(position[i]) for i in case.argnums)))
    return lambda: library.block_until_ready(derived(*data))


def torch(case: Case, args: Sequence[Any]) -> Thunk:
    """torch in eager mode, on texts of its own (peers_torch.py), native tensors, one thread."""
    library = imported("torch")
    library.set_num_threads(1)
    from . import peers_torch

    fn = peers_torch.TEXTS.get(case.fn.__name__)
    if fn is None:
        raise NotAvailable("no text for torch")
    tensors = [library.tensor(a) if isinstance(a, float | np.ndarray) else a for a in args]

    def value_and_gradient() -> Any:
        for i in case.argnums:
            tensors[i] = tensors[i].detach().requires_grad_(True)
        value = fn(*tensors)
        return value.detach(), library.autograd.grad(value, [tensors[i] for i in case.argnums])

    if case.what == HESSIAN_VECTOR:
        x, v = tensors
        return lambda: library.autograd.functional.hvp(fn, x, v)[1]
    if case.what == JACOBIAN:
        return lambda: library.autograd.functional.jacobian(fn, tensors[0], vectorize=True)
    return value_and_gradient


def twin(thing: Any, namespace: Any, special: Any) -> Any:
    """The object that another system offers in the place of one of NumPy's or scipy.special's."""
    if thing is np:
        return namespace
    module = getattr(thing, "__module__", "") or ""
    name = getattr(thing, "__name__", "")
    if (isinstance(thing, np.ufunc) and not hasattr(np, name)) or module.startswith("scipy.special"):
        if not hasattr(special, name):
            raise NotAvailable(f"{special.__name__} has no {name}")
        return getattr(special, name)
    return thing


def imported(name: str) -> Any:
    if importlib.util.find_spec(name.split(".")[0]) is None:
        raise NotAvailable(f"{name} is not installed")
    return importlib.import_module(name)


CONTENDERS: dict[str, Contender] = {
    "numpy": numpy_primal,
    "numba": numba_primal,
    "hand": hand,
    "bcad": bcad,
    "autograd": autograd,
    "jax": jax,
    "torch": torch,
}
PRIMALS = ("numpy", "numba")  # these give the value alone

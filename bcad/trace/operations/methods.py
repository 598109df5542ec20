"""Methods of traced numbers and arrays: ``x.sum()``, ``x.fill(0)``, ``x.item()``, ``f.is_integer()``."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Dim, Kind

from ..calls import calls, meanings
from ..lists import new_lists
from ..tracers import ArrayTracer, Method, NumberTracer, SizeTracer, Tracer
from . import items, views

if TYPE_CHECKING:
    from ..session import Session

_OPERATORS: dict[str, Callable[..., Any]] = {}
for _name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
    _function = getattr(operator, f"__{_name}__")
    _OPERATORS[f"__{_name}__"] = _function
    _OPERATORS[f"__r{_name}__"] = lambda a, b, _f=_function: _f(b, a)
for _name in "lt le eq ne gt ge neg pos abs invert".split():
    _OPERATORS[f"__{_name}__"] = getattr(operator, f"__{_name}__")
for _name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
    _OPERATORS[f"__i{_name}__"] = getattr(operator, f"__i{_name}__")
_BUILTIN: dict[str, Any] = {
    "__len__": len, "__bool__": bool, "__int__": int, "__index__": operator.index, "__float__": float,
    "__complex__": complex, "__round__": round, "__divmod__": divmod, "__trunc__": math.trunc,
    "__floor__": math.floor, "__ceil__": math.ceil, "__str__": str, "__repr__": repr, "__format__": format,
}


def call(session: Session, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``owner.name(*args, **kwargs)``."""
    owner, name = method.owner, method.name
    if name in _OPERATORS:
        return _OPERATORS[name](owner, *args)
    if name in _BUILTIN:
        return calls.call_traced(session, _BUILTIN[name], (owner, *args), kwargs)
    if type(owner) in (NumberTracer, SizeTracer):
        return _of_python_number(session, owner, name, args)
    special = _SPECIAL.get(name)
    if special is not None:
        return special(session, owner, *args, **kwargs)
    if name in ops.MUTATING_METHODS:
        return meanings.mutate(session, ops.MUTATING_METHODS[name], owner, args, kwargs)
    return _of_array(session, owner, name, args, kwargs)


def _of_array(session: Session, owner: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    meaning = ops.METHODS.get(name)
    function = getattr(np, name, None)
    if meaning is None:
        if function is None or (function not in ops.FUNCTIONS and function not in ops.DERIVED):
            raise session.error(f"ndarray.{name} is not traced yet")
        return calls.call_traced(session, function, (owner, *args), kwargs)
    args, rest, out = ops.take_out(function, args, kwargs, bound=True)
    if out is not None:
        return meanings.into(session, function, meaning, (owner, *args), rest, out)
    result = session.wrap(meanings.emit(session, meaning, (owner, *args), rest))
    order = str(kwargs.get("order") or (args[0] if name == "ravel" and args else "C"))
    return views.as_view(name, owner, result, order.upper()) if name in views.VIEW_METHODS else result


# -- methods that are about kinds, places and copies ------------------------------------------------
def _item(session: Session, owner: Any, *index: Any) -> Any:
    value = session.value(owner)
    if index:
        value = session.value(items.get_array_item(session, owner, index[0] if len(index) == 1 else index))
    elif value.ndim:
        if not session.assumptions.equal(value.type.size, 1):
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        value = ops.BY_NAME["reshape"](value, shape=())
    return session.wrap(meanings.as_kind(value, Kind.PYTHON, _PYTHON_DTYPE[value.dtype.kind]))


_PYTHON_DTYPE = {"b": bool, "i": int, "u": int, "f": float, "c": complex}


def _tolist(session: Session, owner: Any) -> Any:
    if session.value(owner).ndim == 0:
        return _item(session, owner)
    if session.value(owner).ndim == 1 and isinstance(session.value(owner).type.shape[0], Dim):
        return new_lists.from_array(session, owner)
    rows = session.domain.elements(None, owner)
    return [_tolist(session, row) if isinstance(row, Tracer) else row.tolist() for row in rows]


def _copy(session: Session, owner: Any, *args: Any, **kwargs: Any) -> Any:
    return session.wrap(session.value(owner))


def _astype(session: Session, owner: Any, dtype: Any, order: str = "K", casting: str = "unsafe",
            subok: bool = True, copy: bool = True) -> Any:
    value = session.value(owner)
    dtype = np.dtype(dtype)
    if dtype.kind not in "biufc":
        raise session.error(f"astype({dtype}) leaves the numbers", why="only numeric arrays are traced")
    if value.dtype == dtype:
        result = session.wrap(value)
        kept = not copy and (not isinstance(owner, ArrayTracer) or views.lies(owner, order.upper(), result))
        return owner if kept else result
    return session.wrap(ops.BY_NAME["astype"](value, dtype=dtype))


def _view(session: Session, owner: Any, *args: Any, **kwargs: Any) -> Any:
    asked = [a for a in (*args, *kwargs.values()) if a is not None]
    arrays = [a for a in asked if isinstance(a, type) and issubclass(a, np.ndarray)]
    if all(a is np.ndarray for a in arrays) and all(a in arrays or np.dtype(a) == owner._type().dtype for a in asked):
        return views.as_view("view", owner, session.wrap(session.value(owner)))
    if any(a is not np.ndarray for a in arrays):
        raise session.error(f"a {arrays[-1].__name__} of traced numbers: subclasses of ndarray are not traced",
                            why="their operators are C code with another meaning", hint="keep the numbers and the mask apart: np.where(mask, 0, x)")
    raise session.error("x.view(dtype) reads bits, which traced values do not have", hint="use x.astype(dtype)")


def _setflags(session: Session, owner: Any, write: Any = None, **kwargs: Any) -> None:
    if write is not None:
        session.touch(owner)
        owner._writeable = bool(write)


def _resize(session: Session, owner: Any, *args: Any, **kwargs: Any) -> None:
    raise session.error("x.resize() is not traced", hint="use np.resize or np.pad")


_SPECIAL: dict[str, Callable[..., Any]] = {
    "item": _item, "tolist": _tolist, "copy": _copy, "__copy__": _copy, "__deepcopy__": _copy, "astype": _astype,
    "view": _view, "setflags": _setflags, "resize": _resize,
    "__array__": lambda session, owner, dtype=None, copy=None: owner if dtype is None else _astype(
        session, owner, dtype),
    "__array_namespace__": lambda session, owner, api_version=None: np,
    "__iter__": lambda session, owner: session.domain.iterate(None, owner),
    "__contains__": lambda session, owner, item: session.domain.contains(None, item, owner),
}


# -- Python numbers ---------------------------------------------------------------------------------
def _of_python_number(session: Session, owner: Any, name: str, args: tuple[Any, ...]) -> Any:
    if name == "conjugate":
        if _is_complex(owner):
            return session.wrap(meanings.as_kind(ops.METHODS["conjugate"](session.value(owner)), Kind.PYTHON, complex))
        return operator.pos(owner)
    if name == "is_integer":
        return operator.eq(owner, calls.call_traced(session, math.floor, (owner,), {}))
    if name == "__hash__":
        raise session.leak(owner, "a hash depends on its value")
    if type(owner) is SizeTracer or owner._type().dtype.kind in "bi":
        return getattr(session.decide_int(owner, f"int.{name}"), name)(*args)
    raise session.error(f"float.{name} of a traced number", why="it depends on the exact value")


def _is_complex(owner: Any) -> bool:
    return type(owner) is NumberTracer and owner._type().is_complex



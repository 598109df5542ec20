"""Keys of dicts and items of sets: no traced number stands there, but the one that it is at this call."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from types import BuiltinFunctionType, MethodDescriptorType, MethodWrapperType, WrapperDescriptorType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import Kind
from interpreter import evaluate

from ..lists import virtual
from ..regions import choices
from ..tracers import ChoiceTracer, NumberTracer, ScalarTracer, SizeTracer, has_traced

if TYPE_CHECKING:
    from ..session import Session

_SETS = (set, frozenset)
_CLASSES: frozenset[Any] = frozenset((dict, OrderedDict, defaultdict, set, frozenset))
_BOUND = (BuiltinFunctionType, MethodWrapperType)
_UNBOUND = (MethodDescriptorType, WrapperDescriptorType)
_OF_A_KEY = frozenset(
    "add discard remove get pop setdefault move_to_end __contains__ __getitem__ __setitem__ __delitem__ __missing__".split()
)
_OF_ITEMS = frozenset(
    "fromkeys update union intersection difference symmetric_difference intersection_update difference_update "
    "symmetric_difference_update isdisjoint issubset issuperset __init__".split()
)
_CLEAN = (dict, set, frozenset, str, bytes, range, np.ndarray, type(None))


def key(session: Session, x: Any) -> Any:
    """What `x` is as a key; later calls are held to it."""
    kind = type(x)
    if kind is tuple and has_traced(x):
        return tuple(key(session, part) for part in x)
    if kind is ChoiceTracer:
        return key(session, choices.settle(session, x))
    if kind is SizeTracer:
        return session.decide_int(x, "a key")
    if kind not in (NumberTracer, ScalarTracer) or x._type().dtype.kind not in "biu":
        return x  # hashing it says why not
    type_ = x._type()
    if type_.dtype.kind == "b":
        truth = session.decide(x, "a key")
        return truth if type_.kind is Kind.PYTHON else np.bool_(truth)
    number = session.decide_int(x, "a key")
    return number if type_.kind is Kind.PYTHON else type_.dtype.type(number)


def call(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call of C code that puts keys into a dict or set, or looks for them; NotImplemented: any other call."""
    name, owner = _method_of(fn, args)
    if owner is None:
        return NotImplemented
    first = 1 if type(fn) in _UNBOUND else 0
    if name in _OF_A_KEY:
        given = (key(session, args[first]),) if len(args) > first else ()
        given += args[first + 1 :]
    elif owner is defaultdict and name == "__init__" and len(args) > first:
        given = (args[first], *(_items(session, owner, x) for x in args[first + 1 :]))
    else:
        of_keys = set if name == "fromkeys" else owner
        given = tuple(_items(session, of_keys, x) if k == 0 or of_keys in _SETS and name != "fromkeys" else x for k, x in enumerate(args[first:]))
    if all(a is b for a, b in zip(given, args[first:], strict=True)):
        return NotImplemented
    return evaluate(fn, (*args[:first], *given), kwargs, session.domain)


def _method_of(fn: Any, args: tuple[Any, ...]) -> tuple[str, Any]:
    """The name of a method, and what class of dict or set it belongs to; of a class, its making; None of other calls."""
    if type(fn) is type:
        return "__init__", fn if fn in _CLASSES else None
    name = getattr(fn, "__name__", "") if type(fn) in _BOUND or type(fn) in _UNBOUND else ""
    if name not in _OF_A_KEY and name not in _OF_ITEMS:
        return name, None
    owner = fn.__self__ if type(fn) in _BOUND else args[0] if args else None
    cls: type = owner if isinstance(owner, type) else type(owner)
    return name, next((base for base in (set, frozenset, dict) if issubclass(cls, base)), None)


def _items(session: Session, owner: Any, x: Any) -> Any:
    """What C code takes keys from, with plain keys in it; `x` itself if there are no others."""
    if isinstance(x, _CLEAN) or owner not in _SETS and hasattr(x, "keys"):
        return x
    plain: Callable[[Any], Any] = (lambda item: key(session, item)) if owner in _SETS else (lambda item: _pair(session, item))
    found = x if type(x) in (list, tuple) else evaluate(list, (x,), {}, session.domain)
    virtual.look(session, found)
    made = [plain(item) for item in list(found)]
    return x if found is x and all(a is b for a, b in zip(made, x, strict=True)) else made


def _pair(session: Session, item: Any) -> Any:
    """A key with its value, as ``dict()`` takes it."""
    if type(item) not in (tuple, list) or len(item) != 2:
        return item
    plain = key(session, item[0])
    return item if plain is item[0] else (plain, item[1])

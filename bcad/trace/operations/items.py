"""Subscripts: reading, writing and deleting items of traced arrays and of containers."""

from __future__ import annotations

import operator
from collections import deque
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Kind, Value, assumptions
from interpreter import evaluate

from ..calls import written_out
from ..captures import containers, foreign, questions
from ..captures.outer import LISTS, MIRRORS, OuterDict, OuterList
from ..effects.text import TextTracer
from ..lists import derived, keyed, strip_methods, virtual
from ..lists.strips import made_of
from ..regions.patterns import pattern_of
from ..regions.states import freeze
from ..restart import Restart
from ..tracers import TRACERS, ArrayTracer, NumberTracer, ScalarTracer, SizeTracer, Tracer, has_traced
from .layouts import lies_in_rows, note_written
from .raises import may_be_caught
from .views import as_view

if TYPE_CHECKING:
    from ..session import Session

_INTS = (SizeTracer, NumberTracer, ScalarTracer)


def look_at(*values: Any) -> None:
    """Fill the mirrors among `values`."""
    for value in values:
        if type(value) in MIRRORS:
            value.fill()


def look_into(*values: Any) -> None:
    """Fill the mirrors among `values` and inside them: what C code, or the meaning of a call, reads."""
    seen, left = set(), [*values]
    while left:
        value = left.pop()
        if type(value) in MIRRORS:
            value.fill()
        if isinstance(value, (tuple, list, dict)) and id(value) not in seen:
            seen.add(id(value))
            left.extend(value.values() if isinstance(value, dict) else value)


def get(session: Session, owner: Any, key: Any) -> Any:
    """``owner[key]``."""
    table = keyed.of(session, owner)
    if table is not None:
        return keyed.get(session, table, key)
    if type(owner) is np.ndarray and owner.dtype.kind not in "biufc":
        return questions.ask(session, operator.getitem, (owner, _concrete_key(session, key, owner)), {})
    if isinstance(owner, np.ndarray):
        return get_array_item(session, owner, key)
    growing = virtual.find_growing(session, owner) if isinstance(owner, list) else None
    if growing is not None:
        return growing.get(session, key)
    if type(owner) in MIRRORS:
        return _get_outer(session, owner, _concrete_key(session, key, owner))
    if type(owner) in TRACERS or isinstance(owner, Tracer):
        if type(owner) is TextTracer:
            return owner.item(_concrete_key(session, key, owner))
        if type(owner) is ScalarTracer:
            return get_array_item(session, session.wrap(_as_array(session, owner)), key)
        raise TypeError(f"'{owner.__class__.__name__}' object is not subscriptable")
    found = virtual.find(session, owner) if type(owner) in (*LISTS, deque) else None
    if found is not None:
        key = normal_key(session, key)
        return derived.sliced(found, key) if type(key) is slice else found.get(key)
    if foreign.is_foreign(session, owner) and not _is_python(owner, "__getitem__"):
        return foreign.item(session, owner, _concrete_key(session, key, owner))
    if not has_traced(key) or _is_python(owner, "__getitem__"):
        return NotImplemented
    _buffer_if_unknown(session, owner, key)
    keyed.require(session, owner, key)
    return evaluate(written_out.get_item, (owner, _concrete_key(session, key, owner)), {}, session.domain)


def _is_python(owner: Any, name: str) -> bool:
    """Whether a special method is written in Python, so that it is stepped into with the key as it is."""
    return type(getattr(type(owner), name, None)) is FunctionType


def _as_array(session: Session, x: Any) -> Value:
    value = session.value(x)
    return ops.BY_NAME["as_kind"](value, kind=Kind.ARRAY, dtype=value.dtype)


def get_array_item(session: Session, owner: Any, key: Any) -> Any:
    """``array[key]``: a view for a basic index, a copy for an advanced one, a scalar for one element."""
    from ..calls.meanings import emit

    cell = owner if isinstance(owner, Tracer) else session.captures.cell(owner)
    if isinstance(key, str):
        raise IndexError("only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays are valid indices")
    key = normal_key(session, key)
    if may_be_caught(session):
        _settle_bounds(cell._type().shape, key if type(key) is tuple else (key,))
    result = session.wrap(emit(session, ops.METHODS["__getitem__"], (cell, key), {}))
    return result if cell._is_flat else as_view("__getitem__", cell, result)


def element(session: Session, array: Any, index: Any) -> Any:
    """An item that is there."""
    found = get_array_item(session, array, index)
    if isinstance(found, Tracer):
        session.failing.discard(session.value(found).node)
    return found


def _settle_bounds(shape: tuple[Any, ...], key: tuple[Any, ...]) -> None:
    """Raise NumPy's IndexError, which the user's code may catch, for a known index; later calls are held to the answer."""
    for axis, (index, size) in enumerate(zip(key, shape, strict=False)):
        less = assumptions().less
        if type(index) is int and (less(size, -index) if index < 0 else not less(index, size)):
            raise IndexError(f"index {index} is out of bounds for axis {axis} with size {assumptions().known(size)}")
        if index is None or index is Ellipsis or isinstance(index, (list, np.ndarray)):
            return


def normal_key(session: Session, key: Any) -> Any:
    """A key whose known parts are known: static numbers as ints."""
    look_at(key)
    if type(key) is tuple:
        return tuple(normal_key(session, k) for k in key)
    if type(key) is slice:
        return slice(*(normal_key(session, k) for k in (key.start, key.stop, key.step)))
    if type(key) in (NumberTracer, ScalarTracer) and key._type().dtype.kind in "iu" and session.is_static(key):
        return session.decide_int(key, "an index")
    return key


def _buffer_if_unknown(session: Session, owner: Any, key: Any, *items: Any) -> None:
    """A list is asked for an item, or given one, by a number that differs from one iteration to the next."""
    if type(owner) is list and type(key) in (NumberTracer, ScalarTracer) and not session.example.known(session.value(key)):
        from ..lists.buffers import wanted

        form = next((pattern_of(freeze(session, item)) for item in items), None)
        found = wanted(session, owner, "an item of a list is asked for by a number that only a run can tell", form)
        if isinstance(found, Restart):
            raise found


def _get_outer(session: Session, owner: Any, key: Any) -> Any:
    virtual.look(session, owner)
    if type(owner) is OuterDict:
        if owner.has(key):
            return owner.get_item(key, None)
        raise KeyError(key)
    found = owner.get(key)
    if found is NotImplemented:
        owner.fill()
        return list.__getitem__(owner, key)
    return found


def is_integral(x: Any) -> bool:
    """Whether a traced number is an int or bool, that calls may be held to."""
    return type(x) is SizeTracer or x._type().dtype.kind in "biu"


def _concrete_key(session: Session, key: Any, owner: Any) -> Any:
    """A key of a list or dict: traced ints are held to their value."""
    if type(key) is slice:
        return slice(*(_concrete_key(session, k, owner) for k in (key.start, key.stop, key.step)))
    if type(key) is tuple:
        return tuple(_concrete_key(session, k, owner) for k in key)
    if isinstance(owner, (list, tuple, str)) and key.__class__ is np.bool_ and type(key) is not np.bool_:
        raise TypeError(f"{owner.__class__.__name__} indices must be integers or slices, not numpy.bool")
    if type(key) is ArrayTracer and isinstance(owner, (list, tuple, str)) and key._type().dtype.kind in "iu":
        if key._type().ndim:
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        return session.decide_int(key, "an index into a container")
    if type(key) in _INTS and (is_integral(key) or isinstance(owner, (list, tuple, str))):  # others raise there as in Python
        return session.decide_int(key, "an index into a container")
    if isinstance(key, Tracer):
        raise session.leak(key, "it is a key of a container")
    return key


# -- writing ----------------------------------------------------------------------------------
def set_(session: Session, owner: Any, key: Any, value: Any) -> Any:
    """``owner[key] = value``; anything but NotImplemented means: done."""
    table = keyed.of(session, owner)
    if table is not None:
        return keyed.set_(session, table, key, value)
    keyed.require(session, owner, key)
    if isinstance(owner, np.ndarray):
        set_array_item(session, owner, key, value)
        return None
    if type(key) is slice:
        look_at(value)
        _fill_sequence(session, owner)
    found = virtual.find(session, owner) if type(owner) in (*LISTS, deque) else None
    if found is None and type(key) is slice:
        virtual.look(session, value)
    if found is not None:
        strip = made_of(session, found, "an item of a list that a loop has made is set in it")
        if strip is not None:
            done = strip_methods.attempt(strip, lambda: strip_methods.set_item(strip, normal_key(session, key), value), value)
            if done is not NotImplemented:
                return done
    virtual.look(session, owner, *((value,) if type(key) is slice else ()))
    if type(owner) in MIRRORS:
        key = _concrete_key(session, key, owner)
        if getattr(owner, "namespace_of", None) is not None and owner.namespace_of is not owner._original:
            if owner._filled:  # what it holds is not what is there any more
                session.captures.stored("attr", owner.namespace_of, key)
            evaluate(written_out.set_own_attribute, (owner.namespace_of, key, value), {}, session.domain)
            return None
        session.captures.stored("item", owner._original, key)
        if type(owner) is OuterList:
            owner.fill()
        session.touch(owner)
        type(owner).__mro__[1].__setitem__(owner, key, value)  # type: ignore[index]
        return None
    if has_traced(key) and not _is_python(owner, "__setitem__"):
        _buffer_if_unknown(session, owner, key, value)
        evaluate(written_out.set_item, (owner, _concrete_key(session, key, owner), value), {}, session.domain)
        return None
    if not isinstance(owner, Tracer):
        return NotImplemented
    raise TypeError(f"'{type(owner).__name__}' object does not support item assignment")


def set_array_item(session: Session, owner: Any, key: Any, value: Any) -> None:
    """``array[key] = value``: the cell holds a new Value."""
    from ..calls.meanings import emit

    cell, key = writable(session, owner), normal_key(session, key)
    if may_be_caught(session):
        _settle_bounds(cell._type().shape, key if type(key) is tuple else (key,))
    if not ops.CONVERTS_ONE_ELEMENT and _is_one_element(cell, key) and _has_axes(value):
        raise ValueError("setting an array element with a sequence.")
    write(session, cell, emit(session, ops.MUTATING_METHODS["__setitem__"], (cell, key, value), {}))


def _is_one_element(cell: ArrayTracer, key: Any) -> bool:
    """Whether ints alone name one element of an array."""
    parts = key if type(key) is tuple else (key,)
    return len(parts) == cell._type().ndim and not cell._is_flat and all(
        type(k) is int or isinstance(k, np.integer) or type(k) is SizeTracer or
        isinstance(k, (NumberTracer, ScalarTracer, ArrayTracer)) and not k._type().ndim and k._type().dtype.kind in "iu" for k in parts
    )


def _has_axes(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (value._type().ndim > 0 if type(value) is ArrayTracer else type(value) is np.ndarray and value.ndim > 0)


def writable(session: Session, owner: Any) -> ArrayTracer:
    """The cell of an array that is about to be written."""
    if isinstance(owner, Tracer) and not isinstance(owner, ArrayTracer):
        raise TypeError(f"'{owner.__class__.__name__}' object does not support item assignment; return arrays must be of ArrayType")
    cell: ArrayTracer = owner if isinstance(owner, Tracer) else session.captures.cell(owner)  # type: ignore[assignment]
    if not cell._writeable:
        raise ValueError("assignment destination is read-only")
    shared = cell._root()._shared
    captures, root = session.captures, cell._root()
    decides = captures.layout_behind(root)
    unclear = decides is not None and captures.original(decides) is None and not lies_in_rows(session, decides)
    if unclear or id(cell) in captures.unclear or id(root) in captures.unclear:
        raise session.error(
            "an array that does not lie in C order was reshaped, and is written to",
            why="whether NumPy makes a copy or a view of it depends on its strides", hint="reshape a copy of the array",
        )
    if decides is not None:
        captures.hold_layout(decides)
    if shared is not None:  # which array is written depends on a region: do without it
        raise session.restart(shared)
    return cell


def write(session: Session, cell: ArrayTracer, value: Value) -> None:
    """Let `cell` hold `value` from now on; an array of no dimensions stays one."""
    if value is not cell._read():
        is_array = value.type.kind is Kind.ARRAY
        note_written(session, value, cell)
        cell._write(value if is_array else ops.BY_NAME["as_kind"](value, kind=Kind.ARRAY, dtype=value.dtype))


def write_all(session: Session, owner: Any, value: Any) -> None:
    """``owner[...] = value``."""
    cell = writable(session, owner)
    target = cell._type()
    new = session.value(value)
    if new.dtype != target.dtype:
        new = ops.BY_NAME["astype"](new, dtype=target.dtype)
    if tuple(new.shape) != tuple(target.shape):
        new = ops.BY_NAME["broadcast_to"](new, shape=target.shape)
    write(session, cell, new)


def _fill_sequence(session: Session, owner: Any) -> None:
    """Items of a deque from outside, or of an instance of a subclass of list, are about to change their places."""
    if isinstance(owner, (list, deque)) and containers.is_outer(session, owner):
        containers.fill(session, owner)


def delete(session: Session, owner: Any, key: Any) -> Any:
    """``del owner[key]``."""
    if type(owner) is deque and type(key) is slice:
        raise TypeError("sequence index must be integer, not 'slice'")
    table = keyed.of(session, owner)
    if table is not None:
        return NotImplemented if keyed.method(session, table, "__delitem__", (key,), {}) is NotImplemented else None
    keyed.require(session, owner, key)
    _fill_sequence(session, owner)
    if type(owner) in (*LISTS, deque) and (session.virtual or session.growing):
        virtual.refuse_growing(session, owner)
        if strip_methods.method(session, owner, "__delitem__", (normal_key(session, key),), {}) is None:
            return None
    virtual.look(session, owner)
    if type(owner) in MIRRORS:
        owner.fill()
        session.touch(owner)
        type(owner).__mro__[1].__delitem__(owner, _concrete_key(session, key, owner))  # type: ignore[attr-defined]
        return None
    if isinstance(owner, np.ndarray):
        raise ValueError("cannot delete array elements")
    if has_traced(key) and not _is_python(owner, "__delitem__"):
        session.touch(owner)
        evaluate(written_out.delete_item, (owner, _concrete_key(session, key, owner)), {}, session.domain)
        return None
    return NotImplemented


def contains(session: Session, item: Any, container: Any) -> Any:
    """``item in sequence`` with traced numbers: equal to one of them."""
    domain, found = session.domain, False
    for other in list(container):
        if item is other:
            return True
        equal = domain.compare(None, "==", item, other)
        if equal is NotImplemented:
            equal = item == other
        if equal is True or (domain.undecided(equal) is False and domain.truth(None, equal)):
            return True
        if domain.undecided(equal):
            found = equal if found is False else domain.binary(None, "|", found, equal)
    return found

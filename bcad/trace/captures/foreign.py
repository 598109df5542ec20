"""Objects that are no arrays where NumPy and C code take them for such: ``array.array``, ``memoryview``, columns of a
table, instances with ``__array__`` or of a sequence's protocol.  What they hold is read at every call.
"""

from __future__ import annotations

import array
import operator
from collections import deque
from collections.abc import Iterator
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from interpreter import evaluate

from ..places import stepped
from ..tracers import ArrayTracer, Method
from . import containers, tables
from .sources import Pinned, Result, Source

if TYPE_CHECKING:
    from ..session import Session

_BUFFERS = (array.array, memoryview, bytearray)
_ARRAY = Pinned(np.array, "numpy.array")  # a copy: what looks into a buffer keeps it from getting longer
_LIST = Pinned(list, "list")
_OWN_WAYS = ("__array_ufunc__", "__array_function__", "__array_interface__", "__array_struct__")


def is_kind(kind: type) -> bool:
    """Whether C code holds what objects of this class are made of."""
    return issubclass(kind, _BUFFERS) or tables.is_table(kind)


def is_foreign(session: Session, x: Any) -> bool:
    """Whether `x` is such an object and was there before the call."""
    return id(x) in session.captures.foreign and is_kind(type(x))


def buffers(session: Session) -> Iterator[tuple[np.ndarray, Source]]:
    """What the buffers among those that were looked at hold, as arrays on the same memory."""
    for key in session.captures.foreign:
        obj, source = session.captures.outer[key]
        if isinstance(obj, _BUFFERS):
            yield looked_into(obj), Result(Pinned(looked_into, "memory"), (source,), ())


def looked_into(buffer: Any) -> np.ndarray:
    """The bytes of a buffer, not copied."""
    return np.frombuffer(buffer, np.uint8) if memoryview(buffer).nbytes else np.empty(0, np.uint8)


def listed(session: Session, x: Any) -> Any:
    """``list(x)`` of a foreign object, numbers as they are at each call."""
    from ..operations.methods import call

    source = session.captures.outer[id(x)][1]
    items = list(x)
    if items and all(type(item) in (int, float) for item in items):
        numbers = session.captures.lift(np.array(x), Result(_ARRAY, (source,), ()))
        if type(numbers) is ArrayTracer and numbers.ndim == 1:
            return call(session, Method(numbers, "tolist"), (), {})
    found = session.captures.lift(items, Result(_LIST, (source,), ()))
    found.fill()
    return found


def length(session: Session, x: Any) -> Any:
    """``len(x)`` of an object that C code holds."""
    source = session.captures.outer[id(x)][1]
    return session.captures.lift(len(x), Result(Pinned(len, "len"), (source,), ()))


def item(session: Session, x: Any, key: Any) -> Any:
    """``x[key]`` of an object that C code holds."""
    source = session.captures.outer[id(x)][1]
    at = Result(Pinned(operator.getitem, "getitem"), (source, Pinned(key, repr(key))), ())
    return session.captures.lift(x[key], at)


def as_array(session: Session, x: Any) -> Any:
    """What NumPy takes `x` for: a traced array or list if it is an object of these kinds, else `x`."""
    if is_foreign(session, x):
        return session.captures.lift(np.array(x), Result(_ARRAY, (session.captures.outer[id(x)][1],), ()))
    kind = type(x)
    if containers.is_outer(session, x) and not issubclass(kind, (dict, MappingProxyType)):
        return containers.contents(session, x)
    if issubclass(kind, deque):
        return list(x)
    if any(hasattr(kind, name) for name in _OWN_WAYS) or kind.__module__.partition(".")[0] == "numpy":
        return x  # np.c_ has a length and items, and no end
    if _in_python(kind, "__array__"):
        return evaluate(kind.__array__, (x,), {}, session.domain)
    if _in_python(kind, "__len__") and _in_python(kind, "__getitem__"):
        return evaluate(_listed_by_length, (x,), {}, session.domain)
    return x


def gives_array(x: Any) -> bool:
    """Whether NumPy takes `x` for the array that Python code of its class gives."""
    kind = type(x)
    return _in_python(kind, "__array__") and not any(hasattr(kind, name) for name in _OWN_WAYS)


@stepped
def _listed_by_length(x: Any) -> list[Any]:
    """A sequence as NumPy reads it: by its length, not until an IndexError."""
    return [x[k] for k in range(len(x))]


def _in_python(kind: type, name: str) -> bool:
    return isinstance(getattr(kind, name, None), FunctionType)

"""Special-method lookup on types, without running any of the user's code."""
from __future__ import annotations

from types import AsyncGeneratorType, CoroutineType, FunctionType, GeneratorType
from typing import Any

from .code import Marker

MISSING = Marker("MISSING")
_mro_of = type.__dict__["__mro__"].__get__
_dict_of = type.__dict__["__dict__"].__get__
_flags_of = type.__dict__["__flags__"].__get__
_is_subtype = type.__subclasscheck__       # asks no metaclass
_IMMUTABLE = 1 << 8             # Py_TPFLAGS_IMMUTABLETYPE: C types, no Python in their MRO
_TYPE, _EXCEPTION = 1 << 31, 1 << 30        # Py_TPFLAGS_TYPE_SUBCLASS, _BASE_EXC_SUBCLASS
_SUSPENDED = frozenset((GeneratorType, CoroutineType, AsyncGeneratorType))
_LIMIT = 4096
_CACHE: dict[int, TypeInfo] = {}


class TypeInfo:
    """The namespaces in which the attributes of a type's instances are looked up."""

    __slots__ = ("type", "mro", "namespaces", "native", "getter")

    def __init__(self, kind: type) -> None:
        self.type = kind                    # keeps the id that is the cache's key taken
        self.mro = _mro_of(kind)
        # live views; a C type that is not quite ready has no MRO yet
        self.namespaces = [_dict_of(base) for base in self.mro or ()]
        self.getter: Any = None          # how `attributes` reads from instances
        self.native = self.mro is None or bool(_flags_of(kind) & _IMMUTABLE)


def info(kind: type) -> TypeInfo:
    """`TypeInfo` of `kind`; cached, and renewed after an assignment to ``__bases__``."""
    found = _CACHE.get(id(kind))
    if found is None or found.mro is not _mro_of(kind):
        if len(_CACHE) > _LIMIT:            # classes made in a loop must not stay alive forever
            _CACHE.clear()
        found = _CACHE[id(kind)] = TypeInfo(kind)
    return found


def find(kind: type, name: str) -> Any:
    """What ``name`` is in the MRO of `kind`, unbound; `MISSING` if nowhere."""
    found = _CACHE.get(id(kind))
    if found is None or found.mro is not _mro_of(kind):
        found = info(kind)
    for namespace in found.namespaces:
        if name in namespace:
            return namespace[name]
    return MISSING


def is_native_iterator(value: Any) -> bool:
    """Whether `value` is an iterator written in C, generators of any kind aside."""
    kind = type(value)
    return is_native(kind) and kind not in _SUSPENDED and find(kind, "__next__") is not MISSING


def python_method(kind: type, name: str) -> FunctionType | None:
    """The special method `name` of instances of `kind` if it is a plain Python function."""
    found = find(kind, name)
    return found if type(found) is FunctionType else None


def is_native(kind: type) -> bool:
    """Whether no attribute of instances of `kind` can be written in Python."""
    found = _CACHE.get(id(kind))
    return (found or info(kind)).native


def subclass(kind: type, base: type) -> bool:
    """``issubclass`` by the MRO alone."""
    return _is_subtype(base, kind)


# isinstance() would ask a user's ``__class__`` property; these look at the real type.
def is_class(value: Any) -> bool:
    """Whether `value` is a class."""
    return bool(_flags_of(type(value)) & _TYPE)


def is_exception_class(value: Any) -> bool:
    """Whether `value` is a class of exceptions."""
    return is_class(value) and bool(_flags_of(value) & _EXCEPTION)


def is_exception(value: Any) -> bool:
    """Whether `value` is an exception."""
    return bool(_flags_of(type(value)) & _EXCEPTION)


def is_instance(value: Any, base: type) -> bool:
    """``isinstance`` by the real type alone."""
    return subclass(type(value), base)

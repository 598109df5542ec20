"""Special-method lookup on types, without running any of the user's code."""
from __future__ import annotations

from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from .code import Marker

MISSING = Marker("MISSING")
_mro_of = type.__dict__["__mro__"].__get__
_dict_of = type.__dict__["__dict__"].__get__
_flags_of = type.__dict__["__flags__"].__get__
_new: Any = object.__new__
_is_subtype = type.__subclasscheck__       # asks no metaclass
_IMMUTABLE = 1 << 8             # Py_TPFLAGS_IMMUTABLETYPE: C types, no Python in their MRO
_TYPE, _EXCEPTION = 1 << 31, 1 << 30        # Py_TPFLAGS_TYPE_SUBCLASS, _BASE_EXC_SUBCLASS
_SUSPENDED = frozenset((GeneratorType, CoroutineType, AsyncGeneratorType))
_LIMIT = 4096
_BY_TYPE: dict[type, TypeInfo] = {}     # of classes whose metaclass is `type`: hashing runs no Python
_BY_ID: dict[int, TypeInfo] = {}        # of the others
_READS: dict[type, dict[str, bool]] = {}        # what `reads_natively` and `writes_natively` have said
_WRITES: dict[type, dict[str, bool]] = {}
_INITS: dict[type, FunctionType] = {}           # of what `find_init` has found
_WITH_HOOKS = frozenset((type, ModuleType, super))      # C types whose attributes may be Python's
_DESCRIPTORS = frozenset((Marker, FunctionType, staticmethod, classmethod, BuiltinFunctionType, MemberDescriptorType,
                          GetSetDescriptorType, MethodDescriptorType, WrapperDescriptorType, ClassMethodDescriptorType))


class TypeInfo:
    """Where the attributes of a type's instances are looked up.

    Attributes
    ----------
    namespaces : list of mappingproxy
        Live views of the namespaces along the MRO, up to the last class written in Python.
    fixed : dict
        What the C types behind those define; that never changes.
    sizes : list of (mappingproxy, int)
        `namespaces` with how much is in them.
    reads_plainly, writes_plainly : bool
        No hook stands between an attribute's name and ``object.__getattribute__`` or
        ``object.__setattr__``, as long as `sizes` hold and nothing was forgotten.
    """

    __slots__ = ("type", "mro", "namespaces", "fixed", "sizes", "reads_plainly",
                 "writes_plainly", "native", "getter")

    def __init__(self, kind: type) -> None:
        self.type = kind                    # keeps the id that is the cache's key taken
        self.mro = _mro_of(kind)            # a C type that is not quite ready has none yet
        bases = list(self.mro or ())
        self.fixed: dict[str, Any] = {}
        while bases and _flags_of(bases[-1]) & _IMMUTABLE:
            self.fixed.update(_dict_of(bases.pop()))
        self.namespaces = [_dict_of(base) for base in bases]
        self.sizes = [(namespace, len(namespace)) for namespace in self.namespaces]
        self.getter: Any = None          # how `attributes` reads from instances
        self.native = self.mro is None or bool(_flags_of(kind) & _IMMUTABLE)
        plain = not self.native and not _flags_of(kind) & _TYPE
        self.reads_plainly = plain and self._has_only("__getattribute__", object.__getattribute__) \
            and self._has_only("__getattr__", None) \
            and type(find_in(self, "__dict__")) in (Marker, GetSetDescriptorType)
        self.writes_plainly = plain and self._has_only("__setattr__", object.__setattr__)

    def _has_only(self, name: str, expected: Any) -> bool:
        return self.fixed.get(name) is expected and \
            not any(name in namespace for namespace in self.namespaces)


def info(kind: type) -> TypeInfo:
    """`TypeInfo` of `kind`; cached, and renewed after an assignment to ``__bases__``."""
    if type(kind) is type:
        try:
            found = _BY_TYPE[kind]
            if found.mro is kind.__mro__:
                return found
        except KeyError:
            pass
    elif id(kind) in _BY_ID:
        found = _BY_ID[id(kind)]
        if found.mro is _mro_of(kind):
            return found
    return _renewed(kind)


def _renewed(kind: type) -> TypeInfo:
    if len(_BY_ID) + len(_BY_TYPE) > _LIMIT:    # classes made in a loop must not live forever
        forget()
    found = TypeInfo(kind)
    if type(kind) is type:
        _BY_TYPE[kind] = found
    else:
        _BY_ID[id(kind)] = found
    return found


def forget() -> None:
    """Look at all classes anew: a special method of one has come or gone."""
    _BY_TYPE.clear()
    _BY_ID.clear()
    _READS.clear()
    _WRITES.clear()
    _INITS.clear()
    for cell in _CELLS:
        cell[0] = None


def find(kind: type, name: str) -> Any:
    """What ``name`` is in the MRO of `kind`, unbound; `MISSING` if nowhere."""
    found = info(kind)
    for namespace in found.namespaces:
        if name in namespace:
            return namespace[name]
    return found.fixed.get(name, MISSING)


def find_in(found: TypeInfo, name: str) -> Any:
    """The same of a type whose `TypeInfo` is at hand."""
    for namespace in found.namespaces:
        if name in namespace:
            return namespace[name]
    return found.fixed.get(name, MISSING)


def reads_natively(kind: type, name: str) -> bool:
    """Whether ``getattr(x, name)`` of an `x` of this type runs no Python code, as far as is known.

    Where it is asked, CPython itself then reads: an answer that a change of the class has made
    untrue hides what runs from the evaluator, but the value is right.
    """
    if type(kind) is not type:          # to hash it might run Python
        return False
    try:
        return _READS[kind][name]
    except KeyError:
        known = _known_for_sure(kind)
        if known.native:
            answer = kind not in _WITH_HOOKS
        else:
            answer = known.reads_plainly and _reads_to(find_in(known, name))
        _READS.setdefault(kind, {})[name] = answer
        return answer


def writes_natively(kind: type, name: str) -> bool:
    """The same of ``setattr(x, name, ...)``, which only changes the namespace of `x`."""
    if type(kind) is not type:
        return False
    try:
        return _WRITES[kind][name]
    except KeyError:
        known = _known_for_sure(kind)
        answer = known.writes_plainly and type(find_in(known, name)) in (Marker, MemberDescriptorType)
        _WRITES.setdefault(kind, {})[name] = answer
        return answer


def _known_for_sure(kind: type) -> TypeInfo:
    known = info(kind)
    if any(len(namespace) != size for namespace, size in known.sizes):
        known = _renewed(kind)
    return known


def _reads_to(found: Any) -> bool:
    """Whether reading this from an instance runs no Python: it is no descriptor, or one in C."""
    kind = type(found)
    if kind in _DESCRIPTORS:
        return True
    return is_native(kind) and find(kind, "__get__") is MISSING


_CELLS: list[list] = []


def make_cell(name: str | None) -> list:
    """For a place in generated code: what holds of the last type there, until something is forgotten."""
    cell: list = [None, name]
    _CELLS.append(cell)
    return cell


def reads_at(cell: list, owner: Any) -> bool:
    """`reads_natively`, remembering the type."""
    if reads_natively(type(owner), cell[1]):
        cell[0] = type(owner)
        return True
    return False


def writes_at(cell: list, owner: Any) -> bool:
    """`writes_natively`, remembering the type."""
    if writes_natively(type(owner), cell[1]):
        cell[0] = type(owner)
        return True
    return False


def find_init(kind: Any) -> Any:
    """``__init__``, if that is a Python function and ``object.__new__`` makes the instances, else None."""
    if type(kind) is not type:
        return None
    found: Any = _INITS.get(kind)
    if found is not None and kind.__init__ is found and kind.__new__ is _new:  # type: ignore[misc]
        return found
    known = info(kind)
    found = find_in(known, "__init__")
    if type(found) is not FunctionType or find_in(known, "__new__") is not _new:
        return None
    _INITS[kind] = found
    return found


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
    return info(kind).native


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

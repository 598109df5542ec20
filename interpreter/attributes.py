"""The attribute protocol: properties, descriptors and hooks written in Python are stepped into."""
from __future__ import annotations

from collections import defaultdict
from types import FunctionType, ModuleType
from typing import Any

from .calls import call_value
from .frame import Frame
from .journal import born
from .lookup import (
    MISSING,
    find,
    forget,
    info,
    is_class,
    is_instance,
    is_native,
    python_method,
    reads_natively,
    writes_natively,
)
from .names import LAZY
from .operators import call_special, traced
from .versions import FACTORIES_MAY_SET_THE_VALUE

_generic = object.__getattribute__
_generic_set = object.__setattr__
_class_attribute = type.__getattribute__    # asks no metaclass
_OPAQUE = frozenset((FunctionType, staticmethod, classmethod))     # descriptors that run no Python


def get_attribute(frame: Frame, owner: Any, name: str) -> Any:
    """``owner.name``."""
    if not frame.watched:
        if reads_natively(type(owner), name):
            return getattr(owner, name)
        return _get(frame, owner, name)
    if traced(frame, owner):
        result = frame.domain.getattr(frame, owner, name)
        if result is not NotImplemented:
            return result
    if not frame.domain.observes:
        return _get(frame, owner, name)
    try:
        value = _get(frame, owner, name)
    except AttributeError:
        frame.domain.missing(frame, owner, name)
        raise
    return frame.domain.loaded(frame, "attr", owner, name, value)


def _get(frame: Frame, owner: Any, name: str) -> Any:
    kind = type(owner)
    known = info(kind)
    getter: Any = known.getter
    if getter is None:
        getter = known.getter = type(kind) is type and _SPECIAL.get(kind) or (
            _get_natively if known.native else
            _get_from_class if is_class(owner) else _get_from_instance)
    try:
        return getter(frame, owner, name)
    except AttributeError as error:
        if error.name is None and error.obj is None:    # what suggestions are made from
            error.name, error.obj = name, owner
        raise


def _get_natively(frame: Frame, owner: Any, name: str) -> Any:
    return getattr(owner, name)


def _get_from_instance(frame: Frame, owner: Any, name: str) -> Any:
    kind = type(owner)
    if _class_attribute(kind, "__getattribute__") is not _generic:
        return _get_through_hook(frame, owner, name)
    found = find(kind, name)
    try:
        if found is not MISSING and type(found) not in _OPAQUE:
            value = _through_descriptor(frame, found, owner, kind, name)
            if value is not MISSING:
                return value
        return _generic(owner, name)
    except AttributeError as error:
        fallback = python_method(kind, "__getattr__")
        if fallback is None:
            if find(kind, "__getattr__") is MISSING:
                raise
            return getattr(owner, name)         # a fallback written in C
        failed = error                  # the fallback runs outside this handler
    del failed
    return call_special(frame, fallback, owner, name)


def _get_through_hook(frame: Frame, owner: Any, name: str) -> Any:
    """For types with a ``__getattribute__`` of their own, in Python or in C."""
    kind = type(owner)
    getattribute = find(kind, "__getattribute__")
    fallback = python_method(kind, "__getattr__")
    try:
        if type(getattribute) is FunctionType:
            return call_special(frame, getattribute, owner, name)
        return generic_get(frame, owner, name, None if fallback is None else getattribute)
    except AttributeError as error:
        if fallback is None:
            raise
        failed = error
    del failed
    return call_special(frame, fallback, owner, name)


def generic_get(frame: Frame, owner: Any, name: str, native: Any = None) -> Any:
    """``object.__getattribute__``, or the `native` one of the type, without ``__getattr__``."""
    kind = type(owner)
    found = find(kind, name)
    if found is not MISSING and type(found) not in _OPAQUE:
        value = _through_descriptor(frame, found, owner, kind, name)
        if value is not MISSING:
            return value
    if native is None:
        native = find(kind, "__getattribute__")
        if type(native) is FunctionType:
            native = object.__getattribute__
        elif python_method(kind, "__getattr__") is None:
            return getattr(owner, name)
    return native(owner, name)


def _through_descriptor(frame: Frame, found: Any, owner: Any, kind: type, name: str) -> Any:
    """The value if `found` is a property or descriptor with Python code, else MISSING."""
    if type(found) is property:
        if found.fget is None:
            return MISSING              # CPython's own error
        return call_value(frame, found.fget, (owner,))
    get = python_method(type(found), "__get__")
    if get is None:
        return MISSING
    if not _is_data(found) and name in _instance_dict(owner):
        return MISSING
    return call_special(frame, get, found, owner, kind)


def _is_data(found: Any) -> bool:
    kind = type(found)
    return find(kind, "__set__") is not MISSING or find(kind, "__delete__") is not MISSING


def _instance_dict(owner: Any) -> Any:
    try:
        return _generic(owner, "__dict__")
    except AttributeError:
        return ()


def _get_from_class(frame: Frame, owner: type, name: str) -> Any:
    meta = type(owner)
    if meta is not type:
        hook = python_method(meta, "__getattribute__")
        fallback = python_method(meta, "__getattr__")
        if hook is not None or fallback is not None or type(find(meta, name)) is property:
            return _get_through_hook(frame, owner, name)
        found = find(meta, name)
        if found is not MISSING and _is_data(found):
            get = python_method(type(found), "__get__")
            if get is not None:
                return call_special(frame, get, found, owner, meta)
    found = find(owner, name)
    if found is not MISSING and type(found) not in _OPAQUE:
        get = python_method(type(found), "__get__")
        if get is not None:
            return call_special(frame, get, found, None, owner)
    return getattr(owner, name)


def _get_from_module(frame: Frame, owner: ModuleType, name: str) -> Any:
    namespace = _generic(owner, "__dict__")
    if name in namespace:
        value = namespace[name]
        return getattr(owner, name) if type(value) is LAZY else value
    hook = namespace.get("__getattr__")
    if type(hook) is not FunctionType:
        return getattr(owner, name)
    value = getattr(ModuleType(""), name, MISSING)      # what every module has
    if value is not MISSING:
        return getattr(owner, name)
    return call_value(frame, hook, (name,))


def _get_from_super(frame: Frame, owner: Any, name: str) -> Any:
    """``super().name``: a property or a descriptor further up is stepped into."""
    if name == "__class__":
        return getattr(owner, name)
    start, subject = owner.__thisclass__, owner.__self__
    if subject is None:
        return getattr(owner, name)
    kind = owner.__self_class__
    mro = info(kind).mro
    place = next((i for i, base in enumerate(mro) if base is start), len(mro))
    later = mro[place + 1:]
    for base in later:
        namespace = vars(base)
        if name in namespace:
            found = namespace[name]
            if type(found) in _OPAQUE or subject is kind:
                break
            value = _through_descriptor(frame, found, subject, kind, name)
            return getattr(owner, name) if value is MISSING else value
    return getattr(owner, name)


_SPECIAL = {type: _get_from_class, ModuleType: _get_from_module, super: _get_from_super}


def load_method(frame: Frame, owner: Any, name: str) -> tuple[Any, Any] | None:
    """(function, owner) if ``owner.name`` is a plain method; saves making the bound method."""
    kind = type(owner)
    if is_native(kind) or is_class(owner):
        return None
    found = find(kind, name)
    if type(found) is not FunctionType or \
            _class_attribute(kind, "__getattribute__") is not _generic or \
            name in _instance_dict(owner):
        return None
    return found, owner


def set_attribute(frame: Frame, owner: Any, name: str, value: Any) -> None:
    """``owner.name = value``."""
    if frame.watched and _announce(frame, owner, name, value):
        return
    kind = type(owner)
    if writes_natively(kind, name):
        setattr(owner, name, value)
        return
    if is_native(kind):
        note_class(owner, name, value)
        setattr(owner, name, value)
        return
    if _class_attribute(kind, "__setattr__") is not _generic_set:
        hook = python_method(kind, "__setattr__")
        if hook is not None:
            call_special(frame, hook, owner, name, value)
            return
    generic_set(frame, owner, name, value, setattr)


def note_class(owner: Any, name: Any, value: Any = MISSING) -> None:
    """What is known of classes changes with their special methods and descriptors; no value: it is deleted."""
    if is_class(owner) and type(name) is str and (
            name.startswith("__") or value is MISSING or find(type(value), "__get__") is not MISSING):
        forget()


def generic_set(frame: Frame, owner: Any, name: str, value: Any,
                native: Any = object.__setattr__) -> None:
    """``object.__setattr__``: what happens where no hook is in the way."""
    note_class(owner, name, value)
    found = find(type(owner), name)
    if found is MISSING:
        if frame.watched and frame.thread.journal is not None:
            frame.thread.journal.touch(owner)
        native(owner, name, value)
        return
    if frame.thread.journal is not None:
        frame.thread.journal.touch(owner)
    if type(found) is property and found.fset is not None:
        call_value(frame, found.fset, (owner, value))
        return
    setter = python_method(type(found), "__set__")
    if type(setter) is FunctionType:
        call_special(frame, setter, found, owner, value)
    else:
        native(owner, name, value)


def _announce(frame: Frame, owner: Any, name: str, value: Any) -> bool:
    """Tell domain and journal; whether the domain did the write itself."""
    if traced(frame, owner, value):
        if frame.domain.setattr(frame, owner, name, value) is not NotImplemented:
            return True
    if frame.domain.observes:
        frame.domain.stored(frame, "attr", owner, name, value)
    if frame.thread.journal is not None:
        frame.thread.journal.touch(owner)
    return False


def del_attribute(frame: Frame, owner: Any, name: str) -> None:
    """``del owner.name``."""
    if frame.watched:
        if traced(frame, owner):
            if frame.domain.delattr(frame, owner, name) is not NotImplemented:
                return
        if frame.domain.observes:
            frame.domain.stored(frame, "attr", owner, name, MISSING)
        if frame.thread.journal is not None:
            frame.thread.journal.touch(owner)
    hook = python_method(type(owner), "__delattr__")
    if hook is not None:
        call_special(frame, hook, owner, name)
    else:
        generic_del(frame, owner, name, delattr)


def generic_del(frame: Frame, owner: Any, name: str, native: Any = object.__delattr__) -> None:
    """``object.__delattr__``."""
    note_class(owner, name)
    if frame.thread.journal is not None:
        frame.thread.journal.touch(owner)
    found = find(type(owner), name)
    deleter = MISSING if found is MISSING else python_method(type(found), "__delete__")
    if type(found) is property and found.fdel is not None:
        call_value(frame, found.fdel, (owner,))
    elif type(deleter) is FunctionType:
        call_special(frame, deleter, found, owner)
    else:
        native(owner, name)


# --- items --------------------------------------------------------------------------------------
def get_item(frame: Frame, owner: Any, key: Any) -> Any:
    """``owner[key]``."""
    if frame.watched:
        if traced(frame, owner, key) or type(key) is tuple and traced(frame, *key) \
                or type(key) is slice and traced(frame, key.start, key.stop, key.step):
            result = frame.domain.getitem(frame, owner, key)
            if result is not NotImplemented:
                return result
        if not frame.domain.observes:
            return _get_item(frame, owner, key)
        try:
            value = _get_item(frame, owner, key)
        except LookupError:
            frame.domain.missing(frame, owner, key)
            raise
        if type(key) is slice and type(owner) is list:
            born(frame, value)
        return frame.domain.loaded(frame, "item", owner, key, value)
    return _get_item(frame, owner, key)


def _get_item(frame: Frame, owner: Any, key: Any) -> Any:
    kind = type(owner)
    if is_native(kind):
        if is_class(owner):
            return _subscribe_class(frame, owner, key)
        return _get_or_make(frame, owner, key) if kind is defaultdict else owner[key]
    method = find(kind, "__getitem__")
    if type(method) is FunctionType:
        return call_special(frame, method, owner, key)
    if method is MISSING and is_class(owner):
        return _subscribe_class(frame, owner, key)
    missing = python_method(kind, "__missing__") if is_instance(owner, dict) else None
    if missing is not None and method is dict.__getitem__:
        value = dict.get(owner, key, MISSING)
        return call_special(frame, missing, owner, key) if value is MISSING else value
    return owner[key]  # the metaclass has __getitem__


def _get_or_make(frame: Frame, owner: defaultdict, key: Any) -> Any:
    """``owner[key]`` where a missing value is made by a factory."""
    value = owner.get(key, MISSING)
    factory = owner.default_factory
    if value is not MISSING or factory is None:
        return owner[key] if value is MISSING else value
    if frame.thread.journal is not None:
        frame.thread.journal.touch(owner)
    value = call_value(frame, factory, ())
    if frame.watched and frame.domain.observes:
        frame.domain.missing(frame, owner, key)
        frame.domain.stored(frame, "item", owner, key, value)
    if FACTORIES_MAY_SET_THE_VALUE:
        return owner.setdefault(key, value)
    owner[key] = value
    return value


def _subscribe_class(frame: Frame, owner: type, key: Any) -> Any:
    found = find(owner, "__class_getitem__")
    if type(found) is classmethod and type(found.__func__) is FunctionType:
        return call_special(frame, found.__func__, owner, key)
    return owner[key]  # type: ignore[index]  # the metaclass has __getitem__


def set_item(frame: Frame, owner: Any, key: Any, value: Any) -> None:
    """``owner[key] = value``."""
    if frame.watched:
        if traced(frame, owner, key, value) or type(key) is tuple and traced(frame, *key) \
                or type(key) is slice and traced(frame, key.start, key.stop, key.step):
            if frame.domain.setitem(frame, owner, key, value) is not NotImplemented:
                return
        if frame.domain.observes:
            frame.domain.stored(frame, "item", owner, key, value)
        if frame.thread.journal is not None:
            frame.thread.journal.touch(owner)
    method = python_method(type(owner), "__setitem__")
    if method is not None:
        call_special(frame, method, owner, key, value)
    else:
        owner[key] = value


def del_item(frame: Frame, owner: Any, key: Any) -> None:
    """``del owner[key]``."""
    if frame.watched:
        if traced(frame, owner, key):
            if frame.domain.delitem(frame, owner, key) is not NotImplemented:
                return
        if frame.thread.journal is not None:
            frame.thread.journal.touch(owner)
    method = python_method(type(owner), "__delitem__")
    if method is not None:
        call_special(frame, method, owner, key)
    else:
        del owner[key]

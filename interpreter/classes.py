"""Classes: the class statement, making instances, and super()."""
from __future__ import annotations

from types import CellType, FunctionType, resolve_bases
from typing import Any

from .calls import INTERCEPTS, Args, Kwargs, call_function, call_native, call_value, step_into
from .code import UNBOUND
from .decode import decode
from .frame import Frame
from .journal import EMPTY, born, cell_value
from .lookup import MISSING, find, find_init, is_class, is_native, python_method, subclass


def call_class(frame: Frame, cls: type, args: Args, kwargs: Kwargs) -> Any:
    """``cls(*args, **kwargs)``: the metaclass's ``__call__``, or `construct`."""
    intercept = INTERCEPTS.get(id(cls))
    if intercept is not None:
        return intercept(frame, tuple(args), kwargs or {})
    meta = type(cls)
    if meta is not type:
        method = find(meta, "__call__")
        if type(method) is FunctionType:
            return call_function(frame, method, (cls, *args), kwargs)
        if method is not type.__call__:         # a classmethod, a partial, something in C
            return call_native(frame, cls, args, kwargs)
    return construct(frame, cls, args, kwargs)


def make_instance(frame: Frame, cls: type, args: list) -> Any:
    """``cls(*args)`` of a class whose metaclass is `type`, where no domain is to be asked."""
    init = find_init(cls)
    if init is None:
        if is_native(cls) and id(cls) not in INTERCEPTS and not frame.watched and not subclass(cls, type):
            return cls(*args)
        return call_class(frame, cls, args, None)
    made: Any = object.__new__(cls, *args)      # which says no to some arguments that __init__ would take
    if frame.watched:
        born(frame, made)
    result = step_into(frame, init, [made, *args], None)
    if result is not None:
        raise TypeError(f"__init__() should return None, not {type(result).__name__!r}")
    return made


def construct(frame: Frame, cls: type, args: Args, kwargs: Kwargs) -> Any:
    """``type.__call__``: ``__new__``, then ``__init__`` if that made an instance."""
    if is_native(cls):
        if subclass(cls, type) and len(args) == 3:
            args = (args[0], args[1], with_module(frame, args[2]))
        return call_native(frame, cls, args, kwargs)
    new = find(cls, "__new__")
    init = find(cls, "__init__")
    if type(new) is not staticmethod and type(init) is not FunctionType \
            and python_method(type(init), "__get__") is None:
        if subclass(cls, type) and len(args) == 3:
            args = (args[0], args[1], with_module(frame, args[2]))
        return _callbacks_aside(frame, cls, args, kwargs)
    if type(new) is staticmethod:
        made = call_value(frame, new.__func__, (cls, *args), kwargs)
    elif type(new) is FunctionType:             # a function put there after the class was made
        made = call_value(frame, new, (cls, *args), kwargs)
    else:
        made = call_value(frame, cls.__new__, (cls, *args), kwargs)
        if new is object.__new__:
            born(frame, made)
    if subclass(type(made), cls):
        _initialise(frame, made, args, kwargs)
    return made


def _callbacks_aside(frame: Frame, cls: type, args: Args, kwargs: Kwargs) -> Any:
    """A subclass without constructors of its own of a C type that takes callbacks."""
    for base in cls.__mro__:
        adapt = ADAPTERS.get(id(base))
        if adapt is not None:
            args, kwargs = adapt(frame, tuple(args), kwargs or {})
            break
    return call_native(frame, cls, args, kwargs)


ADAPTERS: dict[int, Any] = {}       # by id of a C type: replaces what it would call back


def _initialise(frame: Frame, made: Any, args: Args, kwargs: Kwargs) -> None:
    init = find(type(made), "__init__")
    if type(init) is FunctionType:
        result = call_function(frame, init, (made, *args), kwargs)
    elif init is MISSING or init is object.__init__:
        type(made).__init__(made, *args, **kwargs or {})
        return
    else:
        from .operators import call_special
        if kwargs:
            result = call_value(frame, type(made).__init__, (made, *args), kwargs)
        else:
            result = call_special(frame, init, made, *args)
    if result is not None:
        raise TypeError(f"__init__() should return None, not {type(result).__name__!r}")


def with_module(frame: Frame, namespace: Any) -> Any:
    """The namespace of a class made by ``type(...)``, which looks for its caller's module."""
    if type(namespace) is dict and "__module__" not in namespace \
            and "__name__" in frame.globals:
        return {**namespace, "__module__": frame.globals["__name__"]}
    return namespace


# --- the class statement ------------------------------------------------------------------------
def build_class(frame: Frame, args: tuple, kwargs: dict[str, Any]) -> type:
    """``__build_class__(body, name, *bases, metaclass=..., **keywords)``."""
    if len(args) < 2 or type(args[0]) is not FunctionType or not isinstance(args[1], str):
        return __build_class__(*args, **kwargs)         # CPython's own error
    body, name, *given = args
    bases = _resolve_bases(frame, tuple(given))
    keywords = dict(kwargs)
    meta = _metaclass(keywords.pop("metaclass", None), bases)
    namespace = _prepare(frame, meta, name, bases, keywords)
    cell = _run_body(frame, body, namespace)
    if bases != tuple(given) and "__orig_bases__" not in namespace:
        from .attributes import set_item
        set_item(frame, namespace, "__orig_bases__", tuple(given))
    cls = call_value(frame, meta, (name, bases, namespace), keywords)
    born(frame, cls)
    if is_class(cls) and type(cell) is CellType:
        _check_class_cell(cls, name, cell_value(cell))
    return cls


def _resolve_bases(frame: Frame, given: tuple) -> tuple:
    """`given` with ``__mro_entries__`` of what is no class in place of it."""
    from .attributes import get_attribute
    bases: list[Any] = []
    for base in given:
        if is_class(base):
            bases.append(base)
            continue
        hook = python_method(type(base), "__mro_entries__")
        if hook is None:
            bases.extend(resolve_bases((base,)))
            continue
        entries = call_value(frame, get_attribute(frame, base, "__mro_entries__"), (given,))
        if not isinstance(entries, tuple):
            raise TypeError("__mro_entries__ must return a tuple")
        bases.extend(entries)
    return given if len(bases) == len(given) and all(map(_same, bases, given)) else tuple(bases)


def _same(left: Any, right: Any) -> bool:
    return left is right


def _metaclass(given: Any, bases: tuple) -> Any:
    if given is None:
        given = type(bases[0]) if bases else type
    if not is_class(given):
        return given
    winner = given
    for base in bases:
        kind = type(base)
        if subclass(winner, kind):
            continue
        if not subclass(kind, winner):
            raise TypeError("metaclass conflict: the metaclass of a derived class must be a "
                            "(non-strict) subclass of the metaclasses of all its bases")
        winner = kind
    return winner


def _prepare(frame: Frame, meta: Any, name: str, bases: tuple, keywords: dict) -> Any:
    from .attributes import get_attribute
    try:
        prepare = get_attribute(frame, meta, "__prepare__")
    except AttributeError:
        return {}
    namespace = call_value(frame, prepare, (name, bases), keywords)
    if not hasattr(type(namespace), "__getitem__"):
        shown = meta.__name__ if is_class(meta) else "<metaclass>"
        raise TypeError(f"{shown}.__prepare__() must return a mapping, not "
                        f"{type(namespace).__name__}")
    return namespace


def _run_body(frame: Frame, body: FunctionType, namespace: Any) -> Any:
    from .evaluate import run
    code = decode(body.__code__)
    callee = Frame(code, body, body.__globals__, body.__builtins__,  # type: ignore[attr-defined, unused-ignore]
                   [UNBOUND] * code.slot_count, frame.domain, frame, frame.thread, namespace)
    run(callee)
    return callee.result


def _check_class_cell(cls: type, name: str, found: Any) -> None:
    if found is EMPTY:
        raise RuntimeError(f"__class__ not set defining {name!r} as {cls!r}. "
                           f"Was __classcell__ propagated to type.__new__?")
    if found is not cls:
        raise TypeError(f"__class__ set to {found!r} defining {name!r} as {cls!r}")


# --- super() ------------------------------------------------------------------------------------
def make_super(frame: Frame, args: tuple, kwargs: dict[str, Any]) -> super:
    """``super()``: without arguments the class comes from ``__class__``, the object from slot 0."""
    if args or kwargs:
        return super(*args, **kwargs)
    code = frame.code
    if not code.argcount:
        raise RuntimeError("super(): no arguments")
    subject = frame.slots[0]
    if type(subject) is CellType and code.slot_names[0] in code.raw.co_cellvars:
        subject = cell_value(subject)
    if subject is UNBOUND or subject is EMPTY:
        raise RuntimeError("super(): arg[0] deleted")
    if "__class__" not in code.raw.co_freevars:
        raise RuntimeError("super(): __class__ cell not found")
    cell = frame.slots[code.free_start + code.raw.co_freevars.index("__class__")]
    owner = cell_value(cell) if type(cell) is CellType else cell
    if owner is EMPTY or owner is UNBOUND:
        raise RuntimeError("super(): empty __class__ cell")
    if not is_class(owner):
        raise RuntimeError(f"super(): __class__ is not a type ({type(owner).__name__})")
    return super(owner, subject)

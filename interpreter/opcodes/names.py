"""Opcodes for variables: locals, cells, globals, namespaces, attributes."""
from __future__ import annotations

from types import CellType, MethodType
from typing import Any

from .. import attributes
from ..code import NULL, UNBOUND
from ..frame import Frame
from ..journal import EMPTY, born, cell_value
from ..lookup import reads_natively
from ..names import LAZY, imported, load_global, load_name
from .registry import opcode


# --- locals -------------------------------------------------------------------------------------
@opcode("LOAD_FAST")
def load_fast(frame: Frame, stack: list, slot: int) -> None:
    """-- value"""
    value = frame.slots[slot]
    if value is UNBOUND:
        raise _unbound(frame.code.slot_names[slot])
    stack.append(value)


@opcode("LOAD_CLOSURE")
def load_closure(frame: Frame, stack: list, slot: int) -> None:
    """-- cell"""
    stack.append(frame.slots[slot])


@opcode("LOAD_FAST_AND_CLEAR")
def load_fast_and_clear(frame: Frame, stack: list, slot: int) -> None:
    """-- value (or UNBOUND: a comprehension saves the variable it hides)"""
    stack.append(frame.slots[slot])
    frame.slots[slot] = UNBOUND


@opcode("STORE_FAST")
def store_fast(frame: Frame, stack: list, slot: int) -> None:
    """value --"""
    frame.slots[slot] = stack.pop()


@opcode("DELETE_FAST")
def delete_fast(frame: Frame, stack: list, slot: int) -> None:
    """--"""
    if frame.slots[slot] is UNBOUND:
        raise _unbound(frame.code.slot_names[slot])
    frame.slots[slot] = UNBOUND


def _unbound(name: str) -> UnboundLocalError:
    return UnboundLocalError(
        f"cannot access local variable {name!r} where it is not associated with a value")


# --- cells --------------------------------------------------------------------------------------
@opcode("MAKE_CELL")
def make_cell(frame: Frame, stack: list, slot: int) -> None:
    """--"""
    value = frame.slots[slot]
    frame.slots[slot] = cell = CellType() if value is UNBOUND else CellType(value)
    born(frame, cell)


@opcode("COPY_FREE_VARS")
def copy_free_vars(frame: Frame, stack: list, count: int) -> None:
    """--"""
    frame.slots[-count:] = frame.function.__closure__  # type: ignore[union-attr, assignment]


@opcode("LOAD_DEREF")
def load_deref(frame: Frame, stack: list, slot: int) -> None:
    """-- value"""
    cell = frame.slots[slot]
    value = cell_value(cell)
    if value is EMPTY:
        raise _empty(frame, slot)
    if frame.watched:
        value = frame.domain.loaded(frame, "closure", cell, frame.code.slot_names[slot], value)
    stack.append(value)


@opcode("STORE_DEREF")
def store_deref(frame: Frame, stack: list, slot: int) -> None:
    """value --"""
    cell = frame.slots[slot]
    if frame.watched:
        _announce(frame, "closure", cell, frame.code.slot_names[slot], stack[-1])
    cell.cell_contents = stack.pop()


@opcode("DELETE_DEREF")
def delete_deref(frame: Frame, stack: list, slot: int) -> None:
    """--"""
    cell = frame.slots[slot]
    if cell_value(cell) is EMPTY:
        raise _empty(frame, slot)
    if frame.thread.journal is not None:
        frame.thread.journal.touch(cell)
    del cell.cell_contents


def _empty(frame: Frame, slot: int) -> NameError:
    name = frame.code.slot_names[slot]
    if slot < frame.code.free_start:
        return _unbound(name)
    return NameError(f"cannot access free variable {name!r} where it is not associated with a "
                     f"value in enclosing scope", name=name)


def _announce(frame: Frame, kind: str, owner: Any, key: Any, value: Any) -> None:
    if frame.domain.observes:
        frame.domain.stored(frame, kind, owner, key, value)
    if frame.thread.journal is not None:
        frame.thread.journal.touch(owner)


# --- globals and namespaces ---------------------------------------------------------------------
@opcode("LOAD_GLOBAL")
def load_global_name(frame: Frame, stack: list, name: str) -> None:
    """-- value"""
    namespace = frame.globals
    if type(namespace) is dict:
        kind = "global"
        if name not in namespace:
            namespace, kind = frame.builtins, "builtin"
        value = namespace.get(name, NULL) if type(namespace) is dict else load_global(frame, name)
        if value is NULL:
            raise NameError(f"name {name!r} is not defined", name=name)
        if type(value) is LAZY:
            value = imported(namespace, name, value)
    else:
        value, kind = load_global(frame, name), "global"
    if frame.watched:
        value = frame.domain.loaded(frame, kind, namespace, name, value)
    stack.append(value)


@opcode("LOAD_GLOBAL_CALLABLE")
def load_global_callable(frame: Frame, stack: list, name: str) -> None:
    """-- NULL value"""
    stack.append(NULL)
    namespace = frame.globals
    if not frame.watched and type(namespace) is dict:
        if name not in namespace:
            namespace = frame.builtins
        if type(namespace) is dict and name in namespace:
            value = namespace[name]
            stack.append(imported(namespace, name, value) if type(value) is LAZY else value)
            return
    load_global_name(frame, stack, name)


@opcode("STORE_GLOBAL")
def store_global(frame: Frame, stack: list, name: str) -> None:
    """value --"""
    if frame.watched:
        _announce(frame, "global", frame.globals, name, stack[-1])
    frame.globals[name] = stack.pop()


@opcode("DELETE_GLOBAL")
def delete_global(frame: Frame, stack: list, name: str) -> None:
    """--"""
    if name not in frame.globals:
        raise NameError(f"name {name!r} is not defined", name=name)
    if frame.thread.journal is not None:
        frame.thread.journal.touch(frame.globals)
    del frame.globals[name]


@opcode("LOAD_NAME")
def load_local_name(frame: Frame, stack: list, name: str) -> None:
    """-- value"""
    value = load_name(frame, name)
    if frame.watched:
        kind, namespace = _holder(frame, name)
        value = frame.domain.loaded(frame, kind, namespace, name, value)
    stack.append(value)


def _holder(frame: Frame, name: str) -> tuple[str, Any]:
    """Which kind of namespace `name` stands in, and the namespace."""
    if type(frame.names) is not dict or type(frame.globals) is not dict or name in frame.names:
        return "name", frame.names
    return ("global", frame.globals) if name in frame.globals else ("builtin", frame.builtins)


@opcode("STORE_NAME")
def store_name(frame: Frame, stack: list, name: str) -> None:
    """value --"""
    names = _namespace(frame, f"no locals found when storing {name!r}")
    if frame.watched:
        _announce(frame, "name", names, name, stack[-1])
    value = stack.pop()
    if type(names) is dict:
        names[name] = value
    else:
        attributes.set_item(frame, names, name, value)


@opcode("DELETE_NAME")
def delete_name(frame: Frame, stack: list, name: str) -> None:
    """--"""
    names = _namespace(frame, f"no locals when deleting {name!r}")
    try:
        attributes.del_item(frame, names, name)
        return
    except KeyError:
        pass                    # raised outside: our own KeyError is no context of the user's
    raise NameError(f"name {name!r} is not defined", name=name)


def _namespace(frame: Frame, complaint: str) -> Any:
    if frame.names is None:
        raise SystemError(complaint)
    return frame.names


@opcode("LOAD_LOCALS")
def load_locals(frame: Frame, stack: list, _: Any) -> None:
    """-- namespace"""
    stack.append(_namespace(frame, "no locals"))


@opcode("LOAD_FROM_DICT_OR_GLOBALS")
def load_from_dict_or_globals(frame: Frame, stack: list, name: str) -> None:
    """namespace -- value"""
    try:
        value = attributes.get_item(frame, stack.pop(), name)
    except KeyError:
        value = NULL
    stack.append(load_global(frame, name) if value is NULL else value)


@opcode("LOAD_FROM_DICT_OR_DEREF")
def load_from_dict_or_deref(frame: Frame, stack: list, slot: int) -> None:
    """namespace -- value"""
    try:
        value = attributes.get_item(frame, stack.pop(), frame.code.slot_names[slot])
    except KeyError:
        value = NULL
    if value is NULL:
        load_deref(frame, stack, slot)
    else:
        stack.append(value)


@opcode("SETUP_ANNOTATIONS")
def setup_annotations(frame: Frame, stack: list, _: Any) -> None:
    """--"""
    names = _namespace(frame, "no locals found when setting up annotations")
    try:
        attributes.get_item(frame, names, "__annotations__")
        return
    except KeyError:
        pass
    attributes.set_item(frame, names, "__annotations__", {})


# --- attributes ---------------------------------------------------------------------------------
@opcode("LOAD_ATTR")
def load_attr(frame: Frame, stack: list, name: str) -> None:
    """owner -- value"""
    owner = stack.pop()
    if not frame.watched and reads_natively(type(owner), name):
        stack.append(getattr(owner, name))
    else:
        stack.append(attributes.get_attribute(frame, owner, name))


@opcode("LOAD_METHOD")
def load_method(frame: Frame, stack: list, name: str) -> None:
    """owner -- function owner, or NULL value"""
    stack += method_of(frame, stack.pop(), name)


def method_of(frame: Frame, owner: Any, name: str) -> tuple[Any, Any]:
    """What `load_method` pushes."""
    if not frame.watched:
        if reads_natively(type(owner), name):
            value = getattr(owner, name)
            return (value.__func__, value.__self__) if type(value) is MethodType else (NULL, value)
        pair = attributes.load_method(frame, owner, name)
        if pair is not None:
            return pair
    return NULL, attributes.get_attribute(frame, owner, name)


@opcode("STORE_ATTR")
def store_attr(frame: Frame, stack: list, name: str) -> None:
    """value owner --"""
    owner, value = stack.pop(), stack.pop()
    attributes.set_attribute(frame, owner, name, value)


@opcode("DELETE_ATTR")
def delete_attr(frame: Frame, stack: list, name: str) -> None:
    """owner --"""
    attributes.del_attribute(frame, stack.pop(), name)


@opcode("LOAD_SUPER_ATTR")
def load_super_attr(frame: Frame, stack: list, arg: tuple[str, bool, bool]) -> None:
    """super class self -- value, or NULL value"""
    from ..calls import call_value
    name, as_method, two_arguments = arg
    function, *args = frame.popn(3)
    exact = two_arguments or function is super
    owner = call_value(frame, function, args if exact else ())
    value = attributes.get_attribute(frame, owner, name)
    if as_method:
        stack.append(NULL)
    stack.append(value)

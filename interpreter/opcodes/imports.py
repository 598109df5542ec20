"""Opcodes of the import statement."""
from __future__ import annotations

import builtins
import sys
from typing import Any

from ..assembly import native_import_from
from ..attributes import get_attribute
from ..calls import call_value
from ..frame import Frame
from ..names import LAZY, builtin
from ..versions import INTRINSICS_LEAVE_NONE
from .registry import opcode


@opcode("IMPORT_NAME")
def import_name(frame: Frame, stack: list, arg: tuple[str, str]) -> None:
    """level names -- module, or what stands for one that is imported at its first use"""
    name, lazy = arg
    names, level = stack.pop(), stack.pop()
    if lazy and _is_lazy(frame, name, lazy):
        function = builtin(frame, "__lazy_import__")
        stack.append(call_value(frame, function, (name, frame.globals, frame.names, names,
                                                  level)))
        return
    function = builtin(frame, "__import__")
    if function is None:
        raise ImportError("__import__ not found")
    if function is builtins.__import__:
        stack.append(function(name, frame.globals, frame.names, names, level))
    else:
        stack.append(call_value(frame, function, (name, frame.globals, frame.names, names,
                                                  level)))


def _is_lazy(frame: Frame, name: str, lazy: str) -> bool:
    """A program can wish for it at the statement, by `__lazy_modules__` or for all of them."""
    mode = sys.get_lazy_imports()  # type: ignore[attr-defined]
    return mode != "none" and (lazy == "lazy" or mode == "all"
                               or name in frame.globals.get("__lazy_modules__", ()))


@opcode("IMPORT_FROM")
def import_from(frame: Frame, stack: list, name: str) -> None:
    """module -- module value"""
    module = stack[-1]
    if type(module) is LAZY:
        stack.append(native_import_from(name)(module))
        return
    try:
        stack.append(get_attribute(frame, module, name))
        return
    except AttributeError:
        pass
    package = getattr(module, "__name__", None)
    found = sys.modules.get(f"{package}.{name}") if isinstance(package, str) else None
    if found is None:
        raise _cannot_import(module, name)
    stack.append(found)


def _cannot_import(module: Any, name: str) -> ImportError:
    """CPython's own words."""
    package = getattr(module, "__name__", None)
    path = getattr(module, "__file__", None)
    shown = "<unknown module name>" if package is None else package
    if getattr(getattr(module, "__spec__", None), "_initializing", False):
        source = f"partially initialized module {shown!r} (most likely due to a circular import)"
    else:
        source = repr(shown)
    error = ImportError(f"cannot import name {name!r} from {source} ({path or 'unknown location'})",
                        name=package, path=path)
    error.name_from = name  # type: ignore[attr-defined]  # since 3.12
    return error


@opcode("IMPORT_STAR")
def import_star(frame: Frame, stack: list, _: Any) -> None:
    """module -- (3.12 and later leave a None)"""
    module = stack.pop()
    if frame.names is None:
        raise SystemError("no locals found during 'import *'")
    for name in _exported(frame, module):
        frame.names[name] = get_attribute(frame, module, name)
    if INTRINSICS_LEAVE_NONE:
        stack.append(None)


def _exported(frame: Frame, module: Any) -> list[str]:
    try:
        names = get_attribute(frame, module, "__all__")
        return [_checked(name, module, "Item in", "__all__") for name in names]
    except AttributeError:
        pass
    namespace = getattr(module, "__dict__", None)
    if namespace is None:
        raise ImportError("from-import-* object has no __dict__ and no __all__")
    return [name for name in map(lambda n: _checked(n, module, "Key in", "__dict__"),
                                 list(namespace)) if not name.startswith("_")]


def _checked(name: Any, module: Any, what: str, where: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{what} {module.__name__}.{where} must be str, not "
                        f"{type(name).__name__}")
    return name


@opcode("PRINT_EXPR")
def print_expr(frame: Frame, stack: list, _: Any) -> None:
    """value -- (3.12 and later leave a None)"""
    call_value(frame, sys.displayhook, (stack.pop(),))
    if INTRINSICS_LEAVE_NONE:
        stack.append(None)

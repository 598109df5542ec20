"""Opcodes for raising, handling, with."""
from __future__ import annotations

from typing import Any

from ..attributes import get_attribute
from ..calls import call_value
from ..code import NULL
from ..errors import Passing, Unsupported
from ..frame import Frame, current_exception
from ..generators import stop_error
from ..lookup import MISSING, find, is_exception, is_exception_class, is_instance, subclass
from ..operators import call_special
from ..tracebacks import record, replace_context, traceback_of
from ..versions import WRAPPED_GROUPS_SHOW_THE_HANDLER, no_manager
from .registry import opcode


@opcode("RAISE_VARARGS")
def raise_varargs(frame: Frame, stack: list, count: int) -> None:
    """[exception [cause]] --"""
    if count == 0:
        handled = current_exception(frame)
        if handled is None:
            raise RuntimeError("No active exception to reraise")
        raise handled
    cause = stack.pop() if count == 2 else NULL
    error = _instance(frame, stack.pop(), "exceptions must derive from BaseException")
    if cause is not NULL:
        error.__cause__ = None if cause is None else _instance(
            frame, cause, "exception causes must derive from BaseException")
    replace_context(error, current_exception(frame))
    raise error


def _instance(frame: Frame, value: Any, complaint: str) -> BaseException:
    if type(value) in frame.domain.types:
        value = frame.domain.convert(frame, "exception", value)
    if is_exception_class(value):
        made = call_value(frame, value, ())
        if not is_exception(made):
            raise TypeError(f"calling {value!r} should have returned an instance of "
                            f"BaseException, not {type(made)}")
        return made
    if not is_exception(value):
        raise TypeError(complaint)
    return value


@opcode("RERAISE")
def reraise(frame: Frame, stack: list, depth: int) -> None:
    """[instruction ...] exception --"""
    error = stack.pop()
    if depth:               # the frame shows where the exception was first raised
        frame.lasti = stack[-depth]
    raise error


@opcode("PUSH_EXC_INFO")
def push_exc_info(frame: Frame, stack: list, _: Any) -> None:
    """exception -- previous exception"""
    error = stack.pop()
    stack += frame.handled, error
    frame.handled = error


@opcode("POP_EXCEPT")
def pop_except(frame: Frame, stack: list, _: Any) -> None:
    """previous --"""
    ended, frame.handled = frame.handled, stack.pop()
    if isinstance(ended, (Passing, Unsupported)):  # no handler of the program's makes good what could not be done
        raise ended


@opcode("CHECK_EXC_MATCH")
def check_exc_match(frame: Frame, stack: list, _: Any) -> None:
    """exception pattern -- exception bool"""
    pattern = stack.pop()
    if is_exception_class(pattern):
        stack.append(subclass(type(stack[-1]), pattern))
        return
    for kind in pattern if isinstance(pattern, tuple) else (pattern,):
        if not is_exception_class(kind):
            raise TypeError("catching classes that do not inherit from BaseException is not "
                            "allowed")
    stack.append(_matches(stack[-1], pattern))


def _matches(error: BaseException, pattern: Any) -> bool:
    """By the real MRO: except clauses do not ask ``__instancecheck__``."""
    kinds = pattern if isinstance(pattern, tuple) else (pattern,)
    return any(subclass(type(error), kind) for kind in kinds)


@opcode("CHECK_EG_MATCH")
def check_eg_match(frame: Frame, stack: list, _: Any) -> None:
    """exception pattern -- rest match"""
    pattern, error = stack.pop(), stack.pop()
    _check_group_pattern(pattern)
    if _matches(error, pattern):
        if not is_instance(error, BaseExceptionGroup):
            group = BaseExceptionGroup("", [error])
            if WRAPPED_GROUPS_SHOW_THE_HANDLER:
                record(frame, group, frame.pc - 1)
            else:
                group.__traceback__ = traceback_of(error)
            error = group
        rest, match = None, error
    elif is_instance(error, BaseExceptionGroup):
        pair = call_value(frame, get_attribute(frame, error, "split"), (pattern,))
        if not isinstance(pair, tuple):
            raise TypeError(f"{type(error).__name__}.split must return a tuple, not "
                            f"{type(pair).__name__}")
        if len(pair) < 2:
            raise TypeError(f"{type(error).__name__}.split must return a 2-tuple, got tuple of "
                            f"size {len(pair)}")
        match, rest = pair[:2]
    else:
        match, rest = None, error
    stack += rest, match
    if match is not None:
        frame.handled = match


def _check_group_pattern(pattern: Any) -> None:
    for kind in pattern if isinstance(pattern, tuple) else (pattern,):
        if not is_exception_class(kind):
            raise TypeError("catching classes that do not inherit from BaseException is not "
                            "allowed")
        if subclass(kind, BaseExceptionGroup):
            raise TypeError("catching ExceptionGroup with except* is not allowed. "
                            "Use except instead.")


# --- with ---------------------------------------------------------------------------------------
@opcode("BEFORE_WITH")
def before_with(frame: Frame, stack: list, _: Any) -> None:
    """manager -- exit value"""
    manager = stack.pop()
    enter = _special(manager, "__enter__")
    leave = _special(manager, "__exit__")
    stack.append(bound(frame, leave, manager))
    stack.append(call_special(frame, enter, manager))


@opcode("BEFORE_ASYNC_WITH")
def before_async_with(frame: Frame, stack: list, _: Any) -> None:
    """manager -- exit awaitable"""
    manager = stack.pop()
    enter = _special(manager, "__aenter__")
    leave = _special(manager, "__aexit__")
    stack.append(bound(frame, leave, manager))
    stack.append(call_special(frame, enter, manager))


def _special(manager: Any, name: str) -> Any:
    found = find(type(manager), name)
    if found is MISSING:
        raise TypeError(no_manager(type(manager), name))
    return found


def bound(frame: Frame, found: Any, owner: Any) -> Any:
    """A special method of `owner` as ``owner.method`` would give it."""
    get = find(type(found), "__get__")
    return found if get is MISSING else \
        call_value(frame, get, (found, owner, type(owner)))


@opcode("LOAD_SPECIAL")
def load_special(frame: Frame, stack: list, name: str) -> None:
    """owner -- method NULL"""
    owner = stack.pop()
    found = _special(owner, name)
    stack += bound(frame, found, owner), NULL


@opcode("WITH_EXCEPT_START")
def with_except_start(frame: Frame, stack: list, depth: int) -> None:
    """exit [self] instruction previous exception -- ... exception result"""
    error = stack[-1]
    leave, args = stack[-depth], [type(error), error, traceback_of(error)]
    if depth == 5 and stack[-4] is not NULL:
        args.insert(0, stack[-4])
    stack.append(call_value(frame, leave, args))


@opcode("STOPITERATION_ERROR")
def stopiteration_error(frame: Frame, stack: list, _: Any) -> None:
    """exception -- exception, a RuntimeError if it was a StopIteration"""
    error = stack.pop()
    replacement = stop_error(frame, error)
    if replacement is not error:
        replacement.__cause__ = replacement.__context__ = error
    stack.append(replacement)

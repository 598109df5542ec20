"""Opcodes of generators, coroutines and async generators."""
from __future__ import annotations

from types import CoroutineType
from typing import Any

from .. import operators
from ..evaluate import RETURNED, YIELDED
from ..frame import Frame
from ..generators import ITERABLE_COROUTINE, Wrapped, awaitable, make_generator, send
from ..lookup import MISSING, find
from .registry import opcode


@opcode("RETURN_GENERATOR")
def return_generator(frame: Frame, stack: list, _: Any) -> int:
    """--"""
    frame.result = make_generator(frame)
    return RETURNED


@opcode("YIELD_VALUE")
def yield_value(frame: Frame, stack: list, delegates: bool) -> int:
    """value -- sent"""
    frame.result = stack.pop()
    if frame.code.flags & 0x200 and not delegates and type(frame.result) is not Wrapped:
        frame.result = Wrapped(frame.result)
    return YIELDED


@opcode("ASYNC_GEN_WRAP")
def async_gen_wrap(frame: Frame, stack: list, _: Any) -> None:
    """value -- wrapped"""
    stack.append(Wrapped(stack.pop()))


@opcode("SEND")
def send_value(frame: Frame, stack: list, target: int) -> None:
    """receiver value -- receiver yielded; exhausted: result"""
    value = stack.pop()
    done, result = send(frame, stack[-1], value)
    if done:
        stack[-1] = result
        frame.pc = target
    else:
        stack.append(result)


@opcode("CLEANUP_THROW")
def cleanup_throw(frame: Frame, stack: list, _: Any) -> None:
    """receiver sent exception -- result"""
    error = stack[-1]
    if not isinstance(error, StopIteration):
        raise error
    del stack[-3:]
    stack.append(error.value)


@opcode("GET_YIELD_FROM_ITER")
def get_yield_from_iter(frame: Frame, stack: list, _: Any) -> None:
    """iterable -- iterator"""
    value = stack.pop()
    if type(value) is CoroutineType:
        if not frame.code.flags & (0x80 | ITERABLE_COROUTINE):
            raise TypeError("cannot 'yield from' a coroutine object in a non-coroutine generator")
        stack.append(value)
    else:
        stack.append(operators.iterate(frame, value))


@opcode("GET_AWAITABLE")
def get_awaitable(frame: Frame, stack: list, where: int) -> None:
    """value -- iterator"""
    value = stack.pop()
    iterator = awaitable(frame, value, ("", "__aenter__", "__aexit__")[where])
    if type(iterator) is CoroutineType and iterator.cr_await is not None:
        raise RuntimeError("coroutine is being awaited already")
    stack.append(iterator)


@opcode("GET_AITER")
def get_aiter(frame: Frame, stack: list, _: Any) -> None:
    """iterable -- async iterator"""
    value = stack.pop()
    method = find(type(value), "__aiter__")
    if method is MISSING:
        raise TypeError("'async for' requires an object with __aiter__ method, got "
                        f"{type(value).__name__}")
    iterator = operators.call_special(frame, method, value)
    if find(type(iterator), "__anext__") is MISSING:
        raise TypeError("'async for' received an object from __aiter__ that does not implement "
                        f"__anext__: {type(iterator).__name__}")
    stack.append(iterator)


@opcode("GET_ANEXT")
def get_anext(frame: Frame, stack: list, _: Any) -> None:
    """async iterator -- async iterator awaitable"""
    iterator = stack[-1]
    method = find(type(iterator), "__anext__")
    if method is MISSING:
        raise TypeError("'async for' requires an iterator with __anext__ method, got "
                        f"{type(iterator).__name__}")
    pending = operators.call_special(frame, method, iterator)
    if hasattr(iterator, "ag_code"):        # an async generator's step is awaitable as it is
        stack.append(pending)
        return
    try:
        stack.append(awaitable(frame, pending))
    except Exception as error:
        raise TypeError("'async for' received an invalid object from __anext__: "
                        f"{type(pending).__name__}") from error


@opcode("END_ASYNC_FOR")
def end_async_for(frame: Frame, stack: list, _: Any) -> None:
    """async iterator exception --"""
    error = stack.pop()
    stack.pop()
    if not isinstance(error, StopAsyncIteration):
        raise error

"""Tracebacks: exceptions of interpreted code show the user's frames and none of ours."""
from __future__ import annotations

import opcode
import os
from collections.abc import Generator
from types import CodeType, FrameType, GeneratorType, TracebackType
from typing import Any, cast

from .code import Code
from .frame import Frame, current_exception
from .names import slot_values

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_attributes = BaseException.__dict__        # a user's __setattr__ must not see what we do
_traceback_of = _attributes["__traceback__"].__get__
_context_of = _attributes["__context__"].__get__
_set_context = _attributes["__context__"].__set__
_STUB = compile("", "<stub>", "exec")
_NOP, _RAISE = (bytes((opcode.opmap[name], 0)) for name in ("NOP", "DELETE_GLOBAL"))
_BEGIN = _STUB.co_code[:2 + len(_STUB.co_code[2:]) - len(_STUB.co_code[2:].lstrip(b"\0"))]     # RESUME with its caches
_NO_NAME = ("<nothing of this name>",)
_STUBS: set[int] = set()                    # ids of the stubs' code objects, which stay alive


def _stub_code(code: Code, offset: int) -> CodeType:
    """Code that raises at `offset` and looks like `code` to whoever reads a traceback.

    It has the length of `code`: CPython's tracing walks the line table without checking. A frame
    exists from RESUME on, so the first place that can raise is behind it.
    """
    found = code.stubs.get(offset)
    if found is None:
        raw = code.raw
        text = _BEGIN + _NOP * ((offset - len(_BEGIN)) // 2) + _RAISE
        text += _NOP * ((len(raw.co_code) - len(text)) // 2)
        found = code.stubs[offset] = _STUB.replace(
            co_code=text, co_names=_NO_NAME, co_filename=raw.co_filename, co_name=raw.co_name,
            co_qualname=raw.co_qualname, co_firstlineno=raw.co_firstlineno,
            co_linetable=raw.co_linetable)
        _STUBS.add(id(found))
    return found


def real_frame(frame: Frame, offset: int) -> FrameType:
    """A frame object of CPython's own that shows the user's function, line and locals."""
    names = slot_values(frame) if frame.names is None else frame.names
    bare = "__builtins__" not in frame.globals
    thread = frame.thread
    stage = thread.stage
    if stage is None or not stage.gi_suspended:     # in use by what a finalizer interrupted, or interrupted itself
        stage = thread.stage = cast("GeneratorType[None, Any, None]", _stage())
        next(stage)
    made: list[FrameType] = []
    stage.send((_stub_code(frame.code, offset), frame.globals, names, made))
    if bare:                    # exec put it there
        del frame.globals["__builtins__"]
    return made[0]


def _stage() -> Generator[None, tuple[CodeType, dict[str, Any], Any, list[FrameType]], None]:
    """Runs stubs. Their frames keep their caller alive for as long as the exception lives: here
    it is a suspended generator, which holds nothing, instead of the evaluator with all it runs.
    """
    while True:
        code, namespace, names, made = yield
        try:
            exec(code, namespace, names)
        except NameError as error:
            entry: Any = error.__traceback__
            made.append(entry.tb_next.tb_frame)
        del code, namespace, names, made, entry


def record(frame: Frame, error: BaseException, pc: int) -> None:
    """Put the frame, at `pc`, before what the traceback of `error` shows already."""
    rest = strip(_traceback_of(error))
    code = frame.code
    if not code.hidden:
        offset = code.offsets[pc]
        line = code.positions[offset // 2][0] or code.raw.co_firstlineno
        rest = TracebackType(rest, real_frame(frame, offset), offset, line)
    BaseException.with_traceback(error, rest)


def record_again(frame: Frame, error: BaseException, pc: int) -> None:
    """Show the frame as it is on leaving it, at `pc`; the entry keeps the line of the raise."""
    entry = strip(_traceback_of(error))
    own = frame.code.stubs.values()
    if entry is not None and any(entry.tb_frame.f_code is stub for stub in own):
        last = real_frame(frame, frame.code.offsets[pc])
        entry = TracebackType(entry.tb_next, last, entry.tb_lasti, entry.tb_lineno)
    BaseException.with_traceback(error, entry)


def clean(error: BaseException) -> None:
    """Take our own frames out of the traceback of `error`."""
    BaseException.with_traceback(error, strip(_traceback_of(error)))


def is_stub(code: CodeType) -> bool:
    """Whether `code` only stands for a user's code in tracebacks."""
    return id(code) in _STUBS


def seen(error: BaseException) -> bool:
    """Whether `error` has passed an interpreted frame: its context was set there."""
    traceback = _traceback_of(error)
    while traceback is not None:
        if id(traceback.tb_frame.f_code) in _STUBS:
            return True
        traceback = traceback.tb_next
    return False


def strip(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without our own frames."""
    kept: list[TracebackType] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if id(code) in _STUBS:              # everything below was cleaned when this was made
            break
        if not code.co_filename.startswith(HERE):
            kept.append(traceback)
        traceback = traceback.tb_next
    for entry in reversed(kept):
        if entry.tb_next is not traceback:
            entry.tb_next = traceback
        traceback = entry
    return traceback


# --- context ------------------------------------------------------------------------------------
def replace_context(error: BaseException, handled: BaseException | None) -> None:
    """Set ``__context__`` as a raise statement does, breaking a cycle where one would arise."""
    if handled is None or handled is error:
        return
    _break_cycle(error, handled)
    _set_context(error, handled)


def extend_context(frame: Frame, error: BaseException) -> None:
    """Hang the exception being handled below the context that C code gave to `error`."""
    handled = current_exception(frame)
    if handled is None or handled is error:
        return
    last, seen = error, {id(error)}
    while (context := _context_of(last)) is not None:
        if context is handled or id(context) in seen:
            return
        seen.add(id(context))
        last = context
    _break_cycle(error, handled)
    _set_context(last, handled)


def _break_cycle(error: BaseException, handled: BaseException) -> None:
    node, seen = handled, set()
    while (context := _context_of(node)) is not None and id(context) not in seen:
        if context is error:
            _set_context(node, None)
            return
        seen.add(id(context))
        node = context


def traceback_of(error: BaseException) -> Any:
    """``error.__traceback__`` without the user's own attribute hooks."""
    return _traceback_of(error)

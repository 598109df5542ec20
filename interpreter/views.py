"""FrameView: what ``sys._getframe()`` gives in interpreted code."""
from __future__ import annotations

from types import CodeType, FrameType
from typing import Any

from .frame import Frame
from .names import frame_locals


class FrameView:
    """Looks like a frame object of CPython and reads one of ours."""

    __slots__ = ("_frame", "f_trace", "f_trace_lines", "f_trace_opcodes")

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.f_trace = None
        self.f_trace_lines = True
        self.f_trace_opcodes = False

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """``inspect`` accepts what claims to be a frame."""
        return FrameType

    @property
    def f_back(self) -> FrameView | None:
        outer = next(self._frame.callers(), None)
        return None if outer is None else FrameView(outer)

    @property
    def f_code(self) -> CodeType:
        return self._frame.code.raw

    @property
    def f_globals(self) -> dict[str, Any]:
        return self._frame.globals

    @property
    def f_builtins(self) -> dict[str, Any]:
        return self._frame.builtins

    @property
    def f_locals(self) -> Any:
        return frame_locals(self._frame)

    @property
    def f_lineno(self) -> int | None:
        return self._frame.location().line

    @property
    def f_lasti(self) -> int:
        return self._frame.instruction.offset

    def clear(self) -> None:
        """Frames that are being run cannot be cleared."""
        raise RuntimeError("cannot clear an executing frame")

    def __eq__(self, other: object) -> bool:
        return type(other) is FrameView and other._frame is self._frame

    def __hash__(self) -> int:
        return id(self._frame)

    def __repr__(self) -> str:
        return (f"<frame at {id(self._frame):#x}, file {self.f_code.co_filename!r}, "
                f"line {self.f_lineno}, code {self.f_code.co_name}>")

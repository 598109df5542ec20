"""Errors show the user's frames, lines and carets, and nothing of ours."""
import io
import opcode
import pdb
import pickle
import sys
import traceback
import types

import pytest

import interpreter
from interpreter import UNBOUND, Frame, LocatedError, Location, PlainDomain, Unsupported, call, decode
from interpreter.thread import current_thread
from interpreter.tracebacks import record


def outer(value):
    extra = value * 2
    return inner(extra)


def inner(value):
    return (value +
            [][value])


def entries(error):
    return [(entry.name, entry.line) for entry in traceback.extract_tb(error.__traceback__)][1:]


def test_a_traceback_is_the_users():
    with pytest.raises(IndexError) as ours:
        call(outer, 1)
    with pytest.raises(IndexError) as plain:
        outer(1)
    assert entries(ours.value) == entries(plain.value)
    assert [p for p in traceback.format_exception(ours.value)][2:] == \
        [p for p in traceback.format_exception(plain.value)][2:]


def test_post_mortem_sees_locals_and_lines():
    with pytest.raises(IndexError) as caught:
        call(outer, 3)
    frames = [entry for entry in traceback.walk_tb(caught.value.__traceback__)][1:]
    assert [frame.f_locals for frame, _ in frames] == [{"value": 3, "extra": 6}, {"value": 6}]
    assert [frame.f_lineno for frame, _ in frames] == [line for _, line in frames]


def test_argument_errors_have_cpythons_text():
    with pytest.raises(TypeError) as ours:
        call(outer)
    with pytest.raises(TypeError) as plain:
        outer()
    assert str(ours.value) == str(plain.value)
    assert call(lambda: [*map(str, range(2))]) == ["0", "1"]


@pytest.mark.parametrize("callable_, args, expected", [
    (len, ([1, 2],), 2), (int, ("7",), 7), (str.upper, ("a",), "A"), ([].append, (1,), None)])
def test_anything_callable_can_be_called(callable_, args, expected):
    assert call(callable_, *args) == expected


def test_what_is_not_callable_is_refused_like_cpython_does():
    with pytest.raises(TypeError, match="'int' object is not callable"):
        call(3)


def test_recursion_has_the_users_limit():
    def depth(n):
        try:
            return depth(n + 1)
        except RecursionError:
            return n
    limit = sys.getrecursionlimit()
    assert limit * 0.8 < call(depth, 0) <= limit
    assert sys.getrecursionlimit() == limit


def test_a_located_error_says_what_where_why_and_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "regression.py").write_text("def predict(x, w):\n    return x @ w + 1\n")
    where = Location(str(tmp_path / "regression.py"), 2, 2, 11, 16, "predict")
    caller = Location(str(tmp_path / "regression.py"), 9, 9, 0, 1, "loss")
    error = Unsupported("shapes do not align", location=where, calls=(caller,),
                        why="3 is not 4", hint="transpose w")
    assert str(error) == """\
shapes do not align
  regression.py:2, in predict
    return x @ w + 1
           ^^^^^
  called from regression.py:9, in loss
Why: 3 is not 4
Try: transpose w"""
    assert isinstance(error, NotImplementedError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_located_error_without_a_place_is_one_line():
    assert str(LocatedError("plainly")) == "plainly"


def test_frames_know_where_they_are_called_from():
    class Where(interpreter.Domain):
        observes = True

        def call(self, frame, fn, args, kwargs):
            if fn is len:
                self.here, self.calls = frame.location(), frame.calls()
            return NotImplemented

    def low(x):
        return len(x)

    def high(x):
        return low(x) + 1

    domain = Where()
    assert interpreter.evaluate(high, ([1],), {}, domain) == 2
    assert domain.here.source_line() == "return len(x)"
    assert [(c.function, c.source_line()) for c in domain.calls] == [
        ("high", "return low(x) + 1")]


# --- debuggers ----------------------------------------------------------------------------------
def divides(a):
    b = a * 2
    return b / (a - 5)


def asks(x):
    items = [x]
    return [divides(x + z) for z in (0 * items[0], 1)]


COMMANDS = "p a, b\nup\np [x + 1 for x in (a, b)] if 'a' in dir() else x\ndown\nwhatis b\nlist\nq\n"


def session(run):
    """What pdb shows after the crash."""
    with pytest.raises(ZeroDivisionError) as caught:
        run(asks, 5)
    shown = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO(COMMANDS), stdout=shown, nosigint=True, readrc=False)
    debugger.reset()
    debugger.interaction(None, caught.value.__traceback__)
    return shown.getvalue()


def test_post_mortem_debugging_is_as_in_cpython():
    assert session(interpreter.call) == session(lambda fn, *args: fn(*args))


def test_frames_of_a_traceback_keep_none_of_ours_alive():
    with pytest.raises(ZeroDivisionError) as caught:
        interpreter.call(asks, 5)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__) if frame.f_code.co_name == "divides"]
    assert [frame.f_locals for frame in frames] == [{"a": 5, "b": 10}]
    assert frames[0].f_back.f_back is None


def test_an_error_before_the_first_line_has_a_place_too():
    def makes():
        yield 1
    code = decode(makes.__code__)
    frame = Frame(code, makes, globals(), {}, [UNBOUND] * code.slot_count, PlainDomain(), None, current_thread())
    error = ValueError("interrupted while the generator was made")
    record(frame, error, 0)
    assert [entry.name for entry in traceback.extract_tb(error.__traceback__)] == ["makes"]


# --- code that is none --------------------------------------------------------------------------
@pytest.mark.parametrize("instruction", [("JUMP_FORWARD", 200), ("LOAD_CONST", 99), ("LOAD_NAME", 99)])
def test_code_of_another_version_is_refused(instruction):
    def harmless():
        return 1
    raw = harmless.__code__
    name, arg = instruction
    strange = raw.replace(co_code=raw.co_code + bytes([opcode.opmap[name], arg]))
    foreign = types.FunctionType(strange, globals())
    with pytest.raises(interpreter.Unsupported, match="no bytecode of Python") as caught:
        interpreter.call(foreign)
    assert "in harmless" in str(caught.value)

"""Programs for the evaluator: raising, handling, context, groups, with."""
# ruff: noqa: B018
import sys
from contextlib import ExitStack, contextmanager, suppress


def finally_runs_on_every_way():
    trace = []

    def f(how):
        try:
            if how == "raise":
                raise KeyError(how)
            if how == "return":
                return "returned"
            trace.append("body")
        except KeyError as error:
            trace.append(repr(error))
        else:
            trace.append("else")
        finally:
            trace.append("finally")
        return "end"

    return [f(how) for how in ("raise", "return", "")], trace


def return_in_finally_swallows():
    for _ in range(2):
        try:
            raise ValueError
        finally:
            break
    return "swallowed"


def context_and_cause():
    try:
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise ValueError("bad") from error
    except ValueError as error:
        first = type(error.__cause__), type(error.__context__), error.__suppress_context__
    try:
        try:
            {}["missing"]
        except KeyError:
            int("x")
    except ValueError as error:
        return first, repr(error.__context__), error.__cause__, error.__suppress_context__


def bare_raise_and_exc_info():
    seen = []
    try:
        try:
            raise TypeError("inner")
        except TypeError:
            seen.append(sys.exc_info()[0])
            try:
                pass
            finally:
                raise
    except TypeError as error:
        seen.append(str(error))
    seen.append(sys.exc_info())
    return seen


def raise_nothing():
    raise


def raise_a_non_exception():
    raise 3


def catch_a_non_exception():
    try:
        raise ValueError
    except 3:
        pass


def groups():
    caught = []
    try:
        try:
            raise ExceptionGroup("g", [ValueError(1), TypeError(2), ExceptionGroup("h", [OSError(3)])])
        except* ValueError as group:
            caught.append(group.exceptions)
        except* OSError as group:
            caught.append([type(e) for e in group.exceptions])
            raise KeyError("new") from None
    except ExceptionGroup as rest:
        caught.append(str(rest.exceptions))
    return repr(caught)


def context_managers():
    trace = []

    @contextmanager
    def managed(name):
        trace.append(f"enter {name}")
        try:
            yield name
        except ZeroDivisionError:
            trace.append("swallowed")
        finally:
            trace.append(f"exit {name}")

    with managed("a") as a, managed("b") as b:
        trace.append(a + b)
        1 / 0
    with suppress(KeyError), ExitStack() as stack:
        stack.callback(trace.append, "callback")
        {}["k"]
    return trace


class Manager:
    def __init__(self, swallow):
        self.swallow = swallow

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        self.seen = kind, str(error), traceback is not None
        return self.swallow


def exit_sees_the_exception():
    with Manager(True) as manager:
        raise LookupError("x")
    return manager.seen


def no_context_manager():
    with 3:
        pass


def exception_from_a_nested_call():
    def inner(n):
        return inner(n - 1) if n else [][5]
    inner(4)


def recursion_is_limited():
    def down(n):
        return down(n + 1)
    try:
        down(0)
    except RecursionError as error:
        return str(error).split(" in comp")[0].split(" while")[0]


def assertion_message():
    assert not [1], f"not empty: {[1]}"


def stop_iteration_becomes_runtime_error():
    def generator():
        yield 1
        raise StopIteration(5)
    return list(generator())

"""Every program is run by CPython and by the evaluator; value, output and exception must agree."""
import contextlib
import importlib.util
import io
import sys
import warnings
from pathlib import Path
from types import FunctionType

import pytest

import interpreter

FOLDER = Path(__file__).with_name("programs")


def programs():
    for path in sorted(FOLDER.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"programs_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[module.__name__] = module       # dataclasses look there
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):   # of a break in finally
            spec.loader.exec_module(module)
        for name, value in vars(module).items():
            if type(value) is FunctionType and value.__module__ == module.__name__ \
                    and not value.__code__.co_argcount:
                yield pytest.param(value, id=f"{path.stem}-{name}")


def outcome(entry, program):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        try:
            result = repr(entry(program))
        except Exception as error:
            result = type(error), str(error), repr(error.__cause__), repr(error.__context__)
    return result, output.getvalue()


@pytest.mark.parametrize("program", list(programs()))
def test_evaluator_agrees_with_cpython(program):
    expected = outcome(lambda fn: fn(), program)
    assert outcome(interpreter.call, program) == expected

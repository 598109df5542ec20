"""A fast part of CPython's own tests, run through the evaluator (all of it has its own command)."""
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import interpreter

SCRIPT = Path(__file__).with_name("own_tests.py")
ROOT = Path(interpreter.__path__[0]).parent
WHOLE = ["test_augassign", "test_compare", "test_contextlib", "test_decorators", "test_dictcomps",
         "test_except_star", "test_funcattrs", "test_keywordonlyarg", "test_named_expressions",
         "test_positional_only_arg", "test_property", "test_scope", "test_super", "test_unpack", "test_with"]

# a C context manager interrupts the thread: our own code is the next to run, not the with block
KNOWN = {"test.test_with.InterruptDuringEnter.test_exit_called_after_interrupt"}


@pytest.mark.skipif(importlib.util.find_spec("test.test_with") is None,
                    reason="this Python does not ship its tests")
@pytest.mark.parametrize("name", WHOLE)
def test_a_module_passes_whole(name):
    done = subprocess.run([sys.executable, SCRIPT, name, "interpreted"], capture_output=True, text=True,
                          env={"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}, timeout=120)
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["run"]
    assert set(report["bad"]) <= KNOWN

"""Run a module of CPython's test package, every test method through the evaluator.

``python own_tests.py test_with plain`` is the control. Prints the ids that did not pass, as JSON.
"""
import functools
import importlib
import json
import sys
import unittest


def cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases(item)
        else:
            yield item


def through(entry, method):
    @functools.wraps(method)
    def run():
        return entry(method)
    return run


def main(name, how):
    from interpreter import call
    module = importlib.import_module(f"test.{name}")
    suite = unittest.TestSuite()
    for case in cases(unittest.TestLoader().loadTestsFromModule(module)):
        if how == "interpreted" and hasattr(case, "_testMethodName"):
            method = getattr(case, case._testMethodName)
            if not method.__code__.co_flags & 0x80:             # a coroutine runs itself
                setattr(case, case._testMethodName, through(call, method))
        suite.addTest(case)
    result = unittest.TestResult()
    suite.run(result)
    bad = sorted({case.id() for case, _ in result.errors + result.failures})
    print(json.dumps({"run": result.testsRun, "bad": bad}))


if __name__ == "__main__":
    main(*sys.argv[1:])

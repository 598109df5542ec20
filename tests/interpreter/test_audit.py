"""What runs natively behind the evaluator's back is counted."""
import bisect
import functools
import gc

from interpreter import Audit, call


class Key:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return self.value == other.value

    def __lt__(self, other):
        return self.value < other.value


def leaks(program):
    gc.disable()  # others' callbacks of the collector run when it runs
    try:
        with Audit() as audit:
            call(program)
    finally:
        gc.enable()
    return set(audit.leaks)


def test_what_is_stepped_into_is_no_leak():
    def program():
        a, b = Key(1), Key(2)
        return (a == b, a < b, sorted([3, 1], key=lambda x: -x), [*map(lambda x: x, [1])],
                functools.reduce(lambda x, y: x + y, [1, 2]), max([a.value, b.value]),
                functools.partial(Key, 3)().value, list(x for x in range(2)))

    assert leaks(program) == set()


def test_callbacks_of_unknown_c_code_are_counted():
    def program():
        return bisect.bisect([Key(1)], Key(2))

    assert leaks(program) == {f"{__name__}:Key.__lt__"}

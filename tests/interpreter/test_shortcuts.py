"""Shorter ways for frequent cases: what they assume may change, positions stay exact."""
import traceback

import pytest

from interpreter import Frame, call, decode, hot
from interpreter.code import UNBOUND
from interpreter.domain import PlainDomain
from interpreter.opcodes import fuse
from interpreter.thread import current_thread


def hooks_that_come_later():
    class Base:
        pass

    class Thing(Base):
        def method(self):
            return "method"

    thing, seen = Thing(), []
    thing.x = 1

    def read():
        seen.append((thing.x, getattr(thing, "y", None), thing.method()))

    read()
    thing.method = lambda: "own"
    read()
    del thing.method
    Thing.y = property(lambda self: "property")
    read()
    Base.__getattr__ = lambda self, name: f"fallback {name}"
    del thing.x
    read()
    Thing.__getattribute__ = lambda self, name: lambda: name
    seen.append(thing.anything())
    del Thing.__getattribute__
    del Base.__getattr__
    Thing.__setattr__ = lambda self, name, value: object.__setattr__(self, name, (value,))
    thing.x = 2
    read()
    del Thing.__setattr__
    Thing.x = property(lambda self: "data", lambda self, value: seen.append(value))
    thing.x = 3
    read()
    return seen


def hooks_in_place_of_others():
    class Thing:
        pass

    thing, seen = Thing(), []
    thing.x = 1
    Thing.spare = None
    seen.append(thing.x)
    del Thing.spare
    Thing.__getattribute__ = lambda self, name: name        # as many names as before
    seen.append(thing.x)
    return seen


def bases_that_change():
    class A:
        def name(self):
            return "A"

    class B:
        def name(self):
            return "B"

    class C(A):
        pass

    c = C()
    before = c.name()
    C.__bases__ = (B,)
    return before, c.name()


def metaclasses_that_compare():
    class Meta(type):
        def __eq__(cls, other):
            return True

        def __hash__(cls):
            return 1

    class A(metaclass=Meta):
        x = 1

    class B(metaclass=Meta):
        x = 2
    return A().x, B().x


def inplace_operators_of_containers():
    class Reflects:
        def __init__(self, items):
            self.items = items

        def __iter__(self):
            return iter(self.items)

        def keys(self):
            return self.items

        def __getitem__(self, key):
            return key

        def __radd__(self, other):
            return "radd"

        def __ror__(self, other):
            return "ror"

    values, mapping = [1], {1: 1}
    values += Reflects([2])
    mapping |= Reflects([2])
    return values, mapping


@pytest.mark.parametrize("program", [hooks_that_come_later, hooks_in_place_of_others, bases_that_change,
                                     metaclasses_that_compare, inplace_operators_of_containers])
def test_shortcuts_notice_changes(program):
    assert call(program) == program()


def line_of(entry, program, *args):
    with pytest.raises(Exception) as caught:
        entry(program, *args)
    last = traceback.extract_tb(caught.tb)[-1]
    return type(caught.value), str(caught.value), last.lineno, last.colno, last.end_colno


def divides(a, b):
    c = a
    c = (c
         + a / b)
    return c


def unbound(a, b):
    if a:
        c = b
    return (b,
            c)


@pytest.mark.parametrize(("program", "args"), [(divides, (1, 0)), (divides, (1, "b")), (unbound, (0, 1))])
def test_errors_inside_a_sequence_show_their_own_place(program, args):
    plain = line_of(lambda fn, *args: fn(*args), program, *args)
    assert line_of(call, program, *args) == plain


def test_sequences_keep_every_instruction_in_its_place():
    def program(n):
        total = 0
        for i in range(n):
            total = total + i * 2
        return total
    code = decode(program.__code__)
    fused = fuse(code)
    assert len(fused) == len(code.steps)
    assert fused != code.steps
    for (_, arg), (_, own) in zip(fused, code.steps):
        spot = arg[1] if type(arg) is tuple and type(arg[-1]) is hot.Spot else arg
        if type(spot) is hot.Spot:
            assert spot.target == own or arg[0] == own
        else:
            assert arg is own or arg == own or arg[0] is own or arg[0] == own


def test_stops_inside_a_sequence_are_not_run_over():
    def program(a, b):
        return a + b
    code = decode(program.__code__)
    first = next(i.index for i in code.instructions if i.opcode == "LOAD_FAST")
    frame = Frame(code, program, globals(), {}, [2, 3, *[UNBOUND] * (code.slot_count - 2)], PlainDomain(), None,
                  current_thread())
    outcome = frame.run_until([first + 1])
    assert (outcome.kind, outcome.pc, frame.stack) == ("reached", first + 1, [2])

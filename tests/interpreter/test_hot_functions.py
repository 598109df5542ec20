"""Functions and generators that became hot: frames appear, and disappear, without anybody noticing."""
import inspect
import sys
import traceback

import pytest

from interpreter import Journal, call, decode, hot
from interpreter.audit import Audit


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Functions are compiled at their second call, loops at their second round."""
    monkeypatch.setattr(hot, "HOT", 1)


def outcome(run, fn, *args):
    try:
        return "value", run(fn, *args)
    except Exception as caught:
        shown, error = [], caught
        while error is not None:
            shown.append((type(error), str(error), [
                (entry.name, entry.lineno, entry.colno) for entry in traceback.extract_tb(error.__traceback__)
                if entry.filename == __file__ and entry.name not in ("outcome", "plainly")]))
            error = error.__context__
        return "raised", shown


def plainly(fn, *args):
    return fn(*args)


class Vector:
    LIMIT = 3
    __slots__ = ("x", "log")

    def __init__(self, x):
        self.x = x
        self.log = []

    def get(self):
        return self.x

    def clipped(self):
        return self.LIMIT if self.x > self.LIMIT else self.x

    def __add__(self, other):
        return Vector(self.x + other.x)

    def __getitem__(self, key):
        return self.x * key

    @property
    def twice(self):
        return self.x + self.x


def add(a, b):
    return a + b


def divide(a, b):
    return a / b


def clip(x, low, high):
    if x < low:
        return low
    if x > high:
        return high
    return x


def checked(x):
    if x > 7:
        raise ValueError(f"{x} is too much")
    return x - 1


def swapped(pair):
    a, b = pair
    a, b = b, a
    return [a, (b, a)]


def unbound(x):
    if x > 3:
        y = x
    return y


def chooses(a, b, c):
    return (a if b else c, a and b or c, [a < b < c, not a, a is None, -b], a if a < b else (b if b < c else c))


def writes(target, key, value):
    target[key] = value
    return key in target, value is None


# --- programs: n small numbers -------------------------------------------------------------------
def calls_of_many_kinds(n):
    seen = []
    for i in range(n):
        seen += [add(i, 1), add("a", "b"), add([i], [i]), clip(i, 2, 5), swapped((i, -i)), swapped([i, 1]),
                 chooses(i, 3, 5), chooses(3, i % 2, -0.0), chooses(0.0, i, 2)]
    return seen


def mixes_numbers_and_objects(n):
    total, seen = Vector(0), []
    for i in range(n):
        total = add(total, Vector(i)) if i % 2 else total
        seen.append((total.get(), total.clipped(), total.twice, total[i], add(i, 0.5)))
    return seen


def raises_inside(n):
    seen = []
    for i in range(n):
        try:
            seen.append(checked(i))
        except ValueError as error:
            entry = traceback.extract_tb(error.__traceback__)[-1]
            seen.append((str(error), entry.name, entry.lineno))
    return seen


def divides(n):
    return [divide(12, 8 - i) for i in range(n)]


def reads_unbound(n):
    return [unbound(9 - i) for i in range(n)]


def wrong_arguments(n):
    for i in range(n):
        add(i, *[1] * (1 + i // 5))
    return n


def attribute_errors(n):
    things = [Vector(i) if i != 8 else i for i in range(n)]
    return [Vector.get(thing) for thing in things]


def replaces_code(n):
    def f(a, b):
        return a - b

    def g(a, b):
        return a * b

    seen = []
    for i in range(n):
        seen.append(f(i, 2))
        if i == 6:
            f.__code__ = g.__code__
    return seen


def replaces_the_class(n):
    class Thing:
        def __init__(self, x):
            self.x = x

        def name(self):
            return self.x

        def __add__(self, other):
            return self.x

    thing, seen = Thing(1), []
    for i in range(n):
        seen.append((thing.name(), thing.x, thing + thing, Thing(i).x))
        if i == 4:
            Thing.name = lambda self: "patched"
        if i == 5:
            Thing.__add__ = lambda self, other: NotImplemented
            Thing.__radd__ = lambda self, other: "reflected"
            Thing.__add__ = lambda self, other: "new"
        if i == 6:
            thing.name = lambda: "own"
        if i == 7:
            Thing.__init__ = lambda self, x: setattr(self, "x", x * 100)
        if i == 8:
            Thing.x = property(lambda self: "property", lambda self, value: None)
    return seen


def dunder_on_the_instance(n):
    vector, seen = Vector(1), []
    for i in range(n):
        if i == 5:
            Vector.LIMIT = -1
        seen.append(vector.clipped())
    Vector.LIMIT = 3
    return seen


def containers(n):
    table, seen, items = {}, set(), []
    for i in range(n):
        table[i % 3] = table.get(i % 3, 0) + 1
        seen.add(i % 4)
        items.append(len(table) + len(items) + len(seen) + abs(-i) + max(i, 3) + min(i, 2.5))
        items.extend("ab")
        if i in table and "a" in items:
            items.remove("a")
        if (i, i) not in seen:
            items.insert(0, str(i).zfill(3))
        writes(table, str(i), None)
    return table, seen, items, sorted(items, key=lambda x: str(x))


def replaces_builtins(n):
    seen = []
    for i in range(n):
        seen.append(len("abc"))
        if i == 5:
            globals()["len"] = lambda x: -1
    globals().pop("len", None)
    return seen


def looks_at_frames(n):
    def where(x):
        if x > 4:
            frame = sys._getframe(1)
            return frame.f_code.co_name, frame.f_lineno, frame.f_locals["i"]
        return x

    def middle(i):
        return where(i)

    return [middle(i) for i in range(n)]


def recursion(n):
    def fibonacci(k):
        return k if k < 2 else fibonacci(k - 1) + fibonacci(k - 2)

    def down(k):
        return 0 if k == 0 else 1 + down(k - 1)
    return fibonacci(n), down(n * 10)


def defaults_and_keywords(n):
    def f(a, b=2, *rest, c=3, **more):
        return a, b, rest, c, more

    def g(a, b=5):
        return a + b
    return [(f(i), f(i, i), f(i, 1, 2, c=i), f(i, d=i), g(i), g(i, 1), g(b=i, a=1)) for i in range(n)]


def closures(n):
    def counter():
        count = 0

        def step(k):
            nonlocal count
            count += k
            return count
        return step
    steps = [counter(), counter()]
    return [step(i) for i in range(n) for step in steps]


# --- generators ----------------------------------------------------------------------------------
def squares(n):
    for i in range(n):
        yield i * i


def echo(n):
    got = []
    for i in range(n):
        sent = yield i
        got.append(sent)
        try:
            got.append((yield len(got)))
        except KeyError as error:
            got.append(str(error))
        finally:
            got.append("finally")
    return got


def plain_generators(n):
    return sum(squares(n)), list(x + y for x in squares(n) for y in squares(x)), dict(enumerate(squares(n)))


def sends(n):
    generator = echo(n)
    seen = [next(generator, None)]
    try:
        for i in range(3 * n):
            if i % 5 == 4:
                seen.append(generator.throw(KeyError, KeyError(i)))
            else:
                seen.append(generator.send(i))
    except StopIteration as stop:
        seen.append(stop.value)
    except KeyError as error:
        seen.append(str(error))
    return seen


def closes(n):
    log = []

    def numbers():
        try:
            for i in range(100):
                yield i + 1
        except GeneratorExit:
            log.append("closed")
            raise
        finally:
            log.append("finally")

    def stubborn():
        for i in range(100):
            try:
                yield i
            except GeneratorExit:
                if "ignored" in log:
                    raise
                log.append("ignored")

    for make in (numbers, stubborn):
        generator = make()
        for _ in range(n):
            next(generator)
        try:
            generator.close()
        except RuntimeError as error:
            log.append(str(error))
    return log


def throws_at_the_loop(n):
    generator = squares(100)
    for _ in range(n + 1):
        next(generator)
    generator.throw(ZeroDivisionError("thrown"))


def stop_iteration_inside(n):
    def numbers():
        items = iter(range(n))
        while True:
            yield next(items)
    return list(numbers())


def raises_in_a_generator(n):
    def quotients():
        for i in range(n):
            yield 12 // (7 - i)
    return sum(quotients())


def delegates(n):
    def outer():
        for i in range(n):
            result = yield from echo(2)
            yield result

    generator, seen = outer(), []
    try:
        value = None
        for i in range(6 * n):
            seen.append(generator.send(value))
            value = i
    except StopIteration:
        seen.append("stop")
    return seen


def generators_look_at_frames(n):
    def lines():
        for i in range(n):
            yield sys._getframe().f_lineno, sys._getframe(1).f_code.co_name, i
    return list(lines()), [x for x in lines()], next(lines(), None)


def suspended_generators_can_be_inspected(n):
    generator, seen = squares(n), []
    for value in generator:
        seen.append((value, inspect.getgeneratorstate(generator)))
    return seen, inspect.getgeneratorstate(generator)


def exception_state(n):
    def numbers():
        for i in range(n):
            yield sys.exc_info()[0], i
            try:
                raise KeyError(i)
            except KeyError:
                yield sys.exc_info()[0], i
    generator, seen = numbers(), []
    for i in range(2 * n):
        try:
            raise ValueError
        except ValueError:
            seen.append(next(generator, None))
        seen.append(next(generator, None))
    return seen


def generator_errors_have_context(n):
    def numbers():
        for i in range(n):
            yield i
            if i == 5:
                raise ValueError("inside")
    generator = numbers()
    for i in range(n):
        try:
            raise KeyError(i)
        except KeyError:
            next(generator)


PROGRAMS = [calls_of_many_kinds, mixes_numbers_and_objects, raises_inside, divides, reads_unbound, wrong_arguments,
            attribute_errors, replaces_code, replaces_the_class, dunder_on_the_instance, containers, replaces_builtins,
            looks_at_frames, recursion, defaults_and_keywords, closures, plain_generators, sends, closes,
            throws_at_the_loop, stop_iteration_inside, raises_in_a_generator, delegates, generators_look_at_frames,
            suspended_generators_can_be_inspected, exception_state, generator_errors_have_context]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda fn: fn.__name__)
@pytest.mark.parametrize("n", [0, 1, 2, 7, 12])
def test_hot_functions_do_what_cpython_does(program, n):
    expected = outcome(plainly, program, n)
    for _ in range(3):
        assert outcome(call, program, n) == expected


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda fn: fn.__name__)
def test_the_same_with_more_and_more_compiled(program, monkeypatch):
    monkeypatch.setattr(hot, "HOT", 4)
    monkeypatch.setattr(hot, "FRUITLESS", 2)
    expected = outcome(plainly, program, 12)
    for code in (program, add, clip, checked, swapped, unbound, writes, divide, squares, echo):
        decode(code.__code__).cool()
    for _ in range(8):
        assert outcome(call, program, 12) == expected


@pytest.mark.parametrize("function, args", [(clip, (1, 2, 3)), (swapped, ((1, 2),)), (unbound, (5,)), (chooses, (1, 2, 3)), (Vector.clipped, (Vector(1),))],
                         ids=lambda x: getattr(x, "__name__", ""))
def test_short_functions_need_no_frame(function, args):
    decode(function.__code__).cool()
    for _ in range(3):
        call(function, *args)
    assert decode(function.__code__).heat.quick


def test_a_function_that_needs_its_frame_often_gets_one(monkeypatch):
    monkeypatch.setattr(hot, "FRUITLESS", 5)

    def both(a, b):
        return a + b
    assert [call(both, i, 1) for i in range(5)] == [1, 2, 3, 4, 5]
    heat = decode(both.__code__).heat
    assert heat.quick
    assert [call(both, "a", "b") for _ in range(20)] == ["ab"] * 20
    assert heat.quick is None and heat.body
    assert call(both, 1, 2) == 3


def test_nothing_hot_runs_behind_the_evaluators_back():
    for program in (calls_of_many_kinds, mixes_numbers_and_objects, replaces_the_class, containers, plain_generators):
        call(program, 10)
        with Audit() as audit:
            call(program, 10)
        ours = [name for name in audit.leaks if not name.startswith("hypothesis.")]  # it watches the garbage collector
        assert not ours, program


def test_recursion_ends_where_it_would():
    def deep(k):
        return 1 + deep(k + 1)

    def leaf(k):
        return k

    def to_the_limit(k):
        try:
            return to_the_limit(k + 1)
        except RecursionError:
            return leaf(k)
    with pytest.raises(RecursionError):
        call(deep, 0)
    with pytest.raises(RecursionError):
        call(deep, 0)
    assert call(to_the_limit, 0) > 100


def test_a_journal_that_begins_later_is_told():
    things = [0]

    def numbers(n):
        for i in range(n):
            things[0] += i
            yield i

    generator = call(numbers, 20)
    for _ in range(8):
        next(generator)

    def change():
        things[0] = -1
        return things[0]
    call(change)
    call(change)
    call(change)
    before = things[0]
    with Journal():
        call(change)
        things[0] = -1
    assert things[0] == before


def test_an_error_in_a_quick_function_shows_its_variables():
    def falling(x, steps):
        return x[steps]

    items = [1, 2, 3]
    assert [call(falling, items, i) for i in range(3)] == items
    with pytest.raises(IndexError) as caught:
        call(falling, items, 9)
    last = caught.tb
    while last.tb_next:
        last = last.tb_next
    assert last.tb_frame.f_code.co_name == "falling"
    assert last.tb_frame.f_locals["steps"] == 9

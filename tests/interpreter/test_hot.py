"""Loops that became hot: the same results, errors, places and lifetimes as before they did."""
import sys
import traceback
import weakref

import pytest

from interpreter import Journal, call, decode, hot
from interpreter.audit import Audit

LIMIT = 10


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Loops are compiled the first time they jump back."""
    monkeypatch.setattr(hot, "HOT", 1)


def spots(fn):
    """The jumps back of a function whose loop has been compiled, and the function if it is as a whole."""
    code = decode(fn.__code__)
    return [arg for _, arg in code.fast_steps if type(arg) is hot.Spot and arg.run] \
        + [found for found in (code.heat.body, code.heat.quick) if found]


def outcome(run, fn, *args):
    try:
        return "value", run(fn, *args)
    except Exception as error:
        lines = [(entry.name, entry.lineno, entry.colno) for entry in traceback.extract_tb(error.__traceback__)
                 if entry.filename == __file__ and entry.name not in ("outcome", "plainly")]
        return type(error), str(error), lines


def plainly(fn, *args):
    return fn(*args)


# --- programs: what they need comes in as arguments --------------------------------------------
def counts(n):
    i = total = 0
    while i < n:
        if i % 3 == 0:
            total += i
        elif i % 5 == 0 and i > 7 or i == 11:
            total -= 1
        i += 1
    return total


def nests(n):
    seen = []
    for i in range(n):
        for j in range(i):
            if j == 3:
                continue
            if i + j == 12:
                break
            seen.append((i, j))
        else:
            seen.append(i)
        k = 0
        while k < i:
            k += 2
            if k == 4:
                break
    return seen, k


def leaves_two_loops(n):
    for i in range(n):
        for j in range(n):
            if i * j == 12:
                return i, j
    return None


def catches_inside(n):
    caught = []
    for i in range(n):
        for j in (2, 1, 0):
            try:
                caught.append(i // j)
            except ZeroDivisionError as error:
                caught.append(str(error))
            finally:
                caught.append(j)
    return caught


def raises_late(n):
    total = 0
    for i in range(n):
        total += 10 // (7 - i)
    return total


def mixes_types(n):
    value, kinds = 1, []
    for i in range(n):
        if i == 5:
            value = "text"
        if i == 7:
            value = [1]
        value = value * 2 if i < 8 else value + value
        kinds.append(type(value).__name__)
    return kinds, value


def chains(n):
    return [0 < i < n - 2 for i in range(n)] + [(i if i % 2 else -i) or "zero" for i in range(n)]


def unbinds(n):
    found = []
    for i in range(n):
        if i % 2:
            late = i
        try:
            found.append(late)
        except UnboundLocalError as error:
            found.append(str(error))
        if i % 3 == 1:
            try:
                del late
            except UnboundLocalError:
                found.append("gone")
    return found


def inplace_errors(n):
    x = 1.5
    for _ in range(n):
        x <<= 2
    return x


def grows_the_list(n):
    items = [0]
    for x in items:
        if len(items) < n:
            items.append(x + 1)
    return items


def changes_the_dict(n):
    table = {i: i for i in range(n)}
    for key in table:
        table[key + n] = key
    return table


def uses_globals(n):
    global LIMIT
    seen = []
    for i in range(n):
        if i == 4:
            LIMIT = "changed"
        seen.append(LIMIT)
    LIMIT = 10
    return seen


def misses_a_global(n):
    for i in range(n):
        if i == 5:
            no_such_name  # noqa: B018, F821
    return n


def closes_over(n):
    def add(k):
        nonlocal total
        total += k
    total = 0
    for i in range(n):
        add(i)
        total *= 2
    return total, [f() for f in [lambda i=i: i for i in range(n)]]


class Ring:
    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return Ring((self.value + other.value) % 7)

    def __lt__(self, other):
        return self.value < other.value

    def __bool__(self):
        return self.value != 3

    def __getitem__(self, index):
        return self.value * index

    def __iter__(self):
        yield self.value
        yield 1


def uses_objects(n):
    ring, log = Ring(1), []
    for i in range(n):
        ring = ring + Ring(i)
        if ring:
            log.append(ring.value)
        if ring < Ring(2):
            ring.value += 1
        log.append(ring[i])
        for part in ring:
            log.append(part)
    return log


def zips(n):
    total = 0
    for i, (j, k) in enumerate(zip(range(n), (x * x for x in range(n)))):
        total += i * j - k
    return total


def swaps(n):
    a, b, c = 1, 2, 3
    items = [1, 2, 3]
    for i in range(n):
        a, b = b, a + b
        a, b, c = c, a, b
        items[i % 3], items[0] = items[0], items[i % 3] + 1
        items[-1] += items[i % 3]
    return a, b, c, items


def reads_its_frame(n):
    seen = []
    for i in range(n):
        seen.append((sys._getframe().f_lineno, dict(locals(), seen=None)))
    return seen


def contains(n):
    table, hits = {i * 3: str(i) for i in range(n)}, []
    for i in range(n):
        if i in table and i not in (3, 6):
            hits.append(table[i])
        x = None if i % 2 else i
        if x is None:
            continue
        if x is not None:
            hits.append(-x)
    return hits


PROGRAMS = [counts, nests, leaves_two_loops, catches_inside, raises_late, mixes_types, chains, unbinds,
            inplace_errors, grows_the_list, changes_the_dict, uses_globals, misses_a_global, closes_over,
            uses_objects, zips, swaps, reads_its_frame, contains]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda fn: fn.__name__)
@pytest.mark.parametrize("n", [0, 1, 2, 9, 17])
def test_hot_loops_do_what_cpython_does(program, n):
    assert outcome(call, program, n) == outcome(plainly, program, n)
    assert outcome(call, program, n) == outcome(plainly, program, n)      # compiled from the start


@pytest.mark.parametrize("program", [counts, nests, raises_late, mixes_types, swaps, contains],
                         ids=lambda fn: fn.__name__)
def test_the_loops_are_compiled(program):
    outcome(call, program, 20)
    assert spots(program)


def test_a_loop_becomes_hot_only_after_a_while(monkeypatch):
    monkeypatch.setattr(hot, "HOT", 50)

    def program(n):
        i = 0
        while i < n:
            i += 1
        return i
    assert call(program, 40) == 40
    assert not spots(program)
    assert call(program, 40) == 40
    assert spots(program)


def test_objects_die_when_they_would():
    class Thing:
        pass

    def program(n):
        alive = []
        for _ in range(n):
            thing = Thing()
            ref = weakref.ref(thing)
            items = [thing]
            alive.append(items[0] is thing)
            thing = None
            items[0] = None
            alive.append(ref() is None)
        return alive
    assert call(program, 10) == [True, True] * 10


def test_nothing_is_run_behind_the_evaluators_back():
    with Audit() as audit:
        call(uses_objects, 20)
        call(closes_over, 20)
    assert not audit.leaks


def test_a_loop_that_is_hot_is_interpreted_under_a_journal():
    things = [0]

    def program(n):
        for i in range(n):
            things[0] += i
        return things[0]
    assert call(program, 20) == 190
    assert spots(program)
    things[0] = 0
    with Journal():
        assert call(program, 20) == 190
    assert things == [0]


def test_an_interrupt_finds_the_frame_in_order():
    def interrupt(i):
        if i == 7:
            raise KeyboardInterrupt
        return i

    def program(n):
        done = []
        for i in range(n):
            try:
                done.append(interrupt(i))
            except KeyboardInterrupt:
                done.append("interrupted")
        return done
    assert call(program, 10) == [0, 1, 2, 3, 4, 5, 6, "interrupted", 8, 9]


def test_a_loop_whose_iterator_runs_python_shows_the_right_line():
    def lines(n):
        for _ in range(n):
            yield sys._getframe(1).f_lineno

    def program(n):
        seen = []
        for line in lines(n):
            seen.append(line)
        return seen
    assert call(program, 10) == program(10)


def test_entries_that_lead_nowhere_are_given_up(monkeypatch):
    monkeypatch.setattr(hot, "FRUITLESS", 3)

    def program(things):
        total = 0
        for thing in things:
            total += thing
        return total
    assert call(program, [1, 2, 3]) == 6
    assert spots(program)

    class Things:
        def __iter__(self):
            return self

        def __init__(self):
            self.left = 20

        def __next__(self):
            self.left -= 1
            if self.left < 0:
                raise StopIteration
            return self.left
    assert call(program, Things()) == sum(range(20))
    assert not spots(program)
    assert call(program, [1, 2, 3]) == 6


def test_recursion_inside_hot_loops_ends_as_in_cpython():
    def dive(n):
        deepest = 0
        for _ in range(2):
            deepest = max(deepest, dive(n + 1) if n < 2000 else 0)
        return deepest
    with pytest.raises(RecursionError):
        call(dive, 0)

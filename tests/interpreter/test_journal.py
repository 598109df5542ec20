"""Heap writes of interpreted code are remembered and put back exactly."""
import collections
import gc
import sys

import numpy as np
import pytest

import interpreter
from interpreter import EMPTY, Journal, Unsupported

GLOBAL = "before"


class Slotted:
    __slots__ = ("a", "b")


class Holder:
    limit = 3

    def __init__(self):
        self.x = 1
        self.items = [1]

    @property
    def double(self):
        return self.x * 2

    @double.setter
    def double(self, value):
        self.x = value // 2


def change_list(box):
    box.append(1)
    box += [2]
    box[0] = 9
    del box[1]
    box.sort(reverse=True)
    list.extend(box, (3, 4))
    box *= 2


def change_dict(box):
    box["new"] = 1
    box.pop("old")
    box.update(k=3)
    box |= {"z": 4}
    dict.__setitem__(box, "w", 5)


def change_set(box):
    box.add(9)
    box.discard(1)
    box ^= {2, 8}


def change_deque(box):
    box.appendleft(0)
    box.rotate(1)


def change_bytes(box):
    box[0] = 65
    box.extend(b"zz")


def change_array(box):
    box[0] = 7
    box += 1
    np.add(box, 1, out=box)
    box.sort()
    box[...] = box[::-1]


def change_object(box):
    box.double = 50
    box.items.append(2)
    setattr(box, "y", 1)
    object.__setattr__(box, "z", 2)
    del box.items
    Holder.limit = 8


def change_slots(box):
    box.a = 5
    box.b = 6
    del box.a


@pytest.mark.parametrize("make, change", [
    (lambda: [5, 6, 7], change_list),
    (lambda: {"old": 1, "k": 2}, change_dict),
    (lambda: {1, 2}, change_set),
    (lambda: collections.deque([1, 2], maxlen=2), change_deque),
    (lambda: bytearray(b"abc"), change_bytes),
    (lambda: np.array([3.0, 1.0, 2.0]), change_array),
], ids=["list", "dict", "set", "deque", "bytearray", "ndarray"])
def test_containers_come_back(make, change):
    box = make()
    with Journal() as journal:
        interpreter.call(change, box)
        assert repr(box) != repr(make())
        assert [obj for obj, _ in journal.written()] == [box] or len(list(journal.written())) == 1
    assert repr(box) == repr(make())


def test_objects_and_classes_come_back():
    box = Holder()
    items = box.items
    with Journal():
        interpreter.call(change_object, box)
        assert vars(box) == {"x": 25, "y": 1, "z": 2}
    assert vars(box) == {"x": 1, "items": [1]}
    assert box.items is items
    assert Holder.limit == 3


def test_slots_come_back():
    box = Slotted()
    box.a = 1
    with Journal():
        interpreter.call(change_slots, box)
    assert box.a == 1
    assert not hasattr(box, "b")


def test_globals_and_cells_come_back():
    cell = "before"

    def program():
        nonlocal cell
        global GLOBAL
        cell = GLOBAL = "after"
        return cell, GLOBAL

    with Journal() as journal:
        assert interpreter.call(program) == ("after", "after")
        contents = [snapshot.contents for _, snapshot in journal.written()]
        assert "before" in contents
    assert (cell, GLOBAL) == ("before", "before")


def test_function_attributes_come_back():
    def target(a=1):
        return a

    def program():
        target.note = "x"
        target.__defaults__ = (2,)

    with Journal():
        interpreter.call(program)
        assert target() == 2
    assert target() == 1
    assert vars(target) == {}


def test_a_journal_nests_and_commits_keep_the_older_snapshot():
    box = [1]
    with Journal() as outer:
        interpreter.call(box.append, 2)
        with Journal() as inner:
            interpreter.call(box.append, 3)
            inner.commit()
        assert box == [1, 2, 3]
        assert [snapshot.contents for _, snapshot in outer.written()] == [[1]]
    assert box == [1]


def test_native_iterators_are_set_back_and_others_refused():
    iterator = iter([1, 2, 3])
    next(iterator)
    with Journal():
        assert interpreter.call(next, iterator) == 2
    assert list(iterator) == [2, 3]
    with Journal(), pytest.raises(Unsupported, match="cannot be undone"):
        interpreter.call(next, zip([1], [2]))


def test_touch_of_an_empty_cell_is_remembered():
    from types import CellType
    cell = CellType()
    with Journal() as journal:
        journal.touch(cell)
        cell.cell_contents = 1
        (_, snapshot), = journal.written()
        assert snapshot.contents is EMPTY
    assert cell == CellType()


def test_iterators_made_inside_are_advanced_freely():
    def program():
        pairs = zip([1, 2], [3, 4])
        first = next(pairs)
        return first, list(pairs), [x for x in enumerate(reversed([5]))]

    with Journal():
        assert interpreter.call(program) == ((1, 3), [(2, 4)], [(0, 5)])


def test_using_up_an_iterator_from_outside_is_refused():
    restartable, other = iter([1, 2, 3]), zip([1], [2])
    with Journal(), pytest.raises(Unsupported):     # once exhausted, CPython forgets the list
        interpreter.call(lambda: [x for x in restartable])
    assert list(restartable) == [1, 2, 3]
    with Journal(), pytest.raises(Unsupported):
        interpreter.call(lambda: [x for x in other])
    with Journal(), pytest.raises(Unsupported):
        interpreter.call(lambda: list(other))
    assert list(other) == [(1, 2)]


# --- generators ---------------------------------------------------------------------------------
LOG: list = []


def counting(tag):
    try:
        yield 0
        yield 1
    finally:
        LOG.append(tag)


def started(tag):
    generator = counting(tag)
    next(generator)
    return generator


@pytest.fixture
def log():
    LOG.clear()
    yield LOG
    LOG.clear()


@pytest.fixture
def unraisable(monkeypatch):
    """What was raised where nobody could catch it."""
    found = []
    monkeypatch.setattr(sys, "unraisablehook", lambda info: found.append(info.exc_value))
    yield found
    assert not found


def test_a_generator_dropped_under_a_journal_is_finished_at_once(log, unraisable):
    def program():
        any(x == 1 for x in counting("any"))
        for _ in counting("loop"):
            break
        return list(LOG)

    with Journal():
        assert interpreter.call(program) == ["any", "loop"]
    assert log == []


def test_a_generator_of_an_abandoned_journal_is_never_finished(log, unraisable):
    with Journal():
        with Journal():
            kept = interpreter.call(started, "inner")
        with pytest.raises(Unsupported, match="another branch"):
            next(kept)
        del kept
        gc.collect()
        assert log == []
    assert log == []


def test_a_generator_from_outside_is_finished_although_a_journal_is_rolled_back(log, unraisable):
    kept = interpreter.call(started, "outside")
    with Journal():
        del kept                # as when a collection happens to fall into a speculation
        gc.collect()
        assert log == ["outside"]
    assert log == ["outside"]


def test_a_generator_from_outside_is_finished_under_its_own_journal(log, unraisable):
    with Journal():
        kept = interpreter.call(started, "outer")
        with Journal():
            del kept
            gc.collect()
        assert log == ["outer"]
    assert log == []


def test_closing_a_generator_from_outside_is_refused(log, unraisable):
    kept = interpreter.call(started, "outside")
    with Journal(), pytest.raises(Unsupported):
        interpreter.call(lambda: kept.close())
    assert log == []
    assert next(kept) == 1
    kept.close()
    assert log == ["outside"]


def test_a_committed_generator_lives_on(log, unraisable):
    with Journal() as journal:
        kept = interpreter.call(started, "kept")
        journal.commit()
    assert next(kept) == 1
    kept.close()
    assert log == ["kept"]


def test_coroutines_of_an_abandoned_journal_die_in_silence(unraisable, recwarn):
    async def never():
        pass

    with Journal():
        kept = [interpreter.call(never)]
    kept.clear()
    gc.collect()
    assert not recwarn.list


def test_read_only_slots_of_classes_made_in_c():
    """A scanner of json's has members that nothing may be assigned to: they are left alone."""
    import json

    scanner = json.JSONDecoder().scan_once
    with Journal() as journal:
        journal.touch(scanner)
    assert scanner('[1, 2]', 0) == ([1, 2], 6)

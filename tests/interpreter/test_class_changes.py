"""Classes that change while they are in use, from interpreted code and behind its back: results stay CPython's."""
import threading

import pytest

from interpreter import call, hot


def in_a_thread(change):
    """Threads' own functions run natively."""
    thread = threading.Thread(target=change)
    thread.start()
    thread.join()


def at_once(change):
    change()


def make():
    class Base:
        pass

    class Thing(Base):
        LIMIT = 1

        def __init__(self, x):
            self.x = x

        def get(self):
            return self.x

        def __add__(self, other):
            return self.x + other.x

        def __lt__(self, other):
            return self.x < other.x

        def __bool__(self):
            return True

        def __getitem__(self, key):
            return key

        def __len__(self):
            return 2

        def __iter__(self):
            return iter([self.x])

        def __contains__(self, value):
            return True

        def __call__(self):
            return self.x

        def __neg__(self):
            return -self.x

        def __eq__(self, other):
            return True

    return Base, Thing


def writes(thing):
    thing.y = 4
    return thing.y


def enters(thing):
    with thing as value:
        return value


PROBES = [lambda thing: thing.x, lambda thing: thing.get(), lambda thing: thing + thing, lambda thing: thing < thing,
          lambda thing: 1 if thing else 0, lambda thing: thing[3], len, lambda thing: list(thing),
          lambda thing: [v for v in thing], lambda thing: 3 in thing, lambda thing: thing(), lambda thing: -thing,
          lambda thing: (thing == thing, thing != thing), lambda thing: thing.LIMIT, lambda thing: type(thing)(5).x,
          writes, enters]

CHANGES = [
    lambda base, cls: setattr(cls, "get", lambda self: "get"),
    lambda base, cls: setattr(cls, "__add__", lambda self, other: "add"),
    lambda base, cls: setattr(cls, "__add__", staticmethod(lambda other: "static")),
    lambda base, cls: setattr(cls, "__init__", lambda self, x: self.__dict__.update(x="init")),
    lambda base, cls: setattr(cls, "__new__", lambda kind, x: object.__new__(kind)),
    lambda base, cls: setattr(cls, "x", property(lambda self: "property", lambda self, value: None)),
    lambda base, cls: delattr(cls, "x"),
    lambda base, cls: setattr(base, "__getattr__", lambda self, name: f"fallback {name}"),
    lambda base, cls: setattr(cls, "__getattribute__",
                              lambda self, name: object.__getattribute__(self, name) if name != "x" else "hook"),
    lambda base, cls: delattr(cls, "__getattribute__"),
    lambda base, cls: setattr(cls, "__setattr__", lambda self, name, value: object.__setattr__(self, name, ("set", value))),
    lambda base, cls: delattr(cls, "__setattr__"),
    lambda base, cls: setattr(cls, "__lt__", lambda self, other: "less"),
    lambda base, cls: setattr(cls, "__bool__", lambda self: False),
    lambda base, cls: delattr(cls, "__bool__"),
    lambda base, cls: setattr(cls, "__len__", lambda self: 0),
    lambda base, cls: setattr(cls, "__getitem__", lambda self, key: "item"),
    lambda base, cls: setattr(cls, "__iter__", lambda self: iter("ab")),
    lambda base, cls: delattr(cls, "__contains__"),
    lambda base, cls: setattr(cls, "__call__", lambda self: "call"),
    lambda base, cls: setattr(cls, "LIMIT", property(lambda self: "limit")),
    lambda base, cls: setattr(cls, "__eq__", lambda self, other: NotImplemented),
    lambda base, cls: setattr(cls, "__bases__", (type("Other", (base,), {
        "__enter__": lambda self: "enter", "__exit__": lambda self, *rest: None, "more": 1}),)),
    lambda base, cls: delattr(cls, "__add__"),
    lambda base, cls: delattr(cls, "get"),
    lambda base, cls: setattr(cls, "__radd__", lambda self, other: "reflected"),
    lambda base, cls: delattr(cls, "__init__"),
    lambda base, cls: delattr(cls, "__new__"),          # type(...)(5) is refused from now on, as by CPython
]


def session(change):
    base, cls = make()
    thing, seen = cls(1), []

    def look():
        for probe in PROBES:
            try:
                seen.append(probe(thing))
            except Exception as error:
                seen.append((type(error).__name__, str(error)))
    for _ in range(3):
        look()
    for step in CHANGES:
        change(lambda step=step: step(base, cls))
        look()
        look()
    return seen


@pytest.mark.parametrize("change", [at_once, in_a_thread])
@pytest.mark.parametrize("limit", [1, 5, 10**9])
def test_what_changes_is_seen_at_once(change, limit, monkeypatch):
    monkeypatch.setattr(hot, "HOT", limit)
    expected = session(at_once)
    assert call(session, change) == expected
    assert call(session, change) == expected


def test_arguments_are_refused_after_a_constructor_was_taken_away():
    class Thing:
        def __init__(self, x):
            self.x = x

    def makes():
        before = Thing(1).x
        Thing.__new__ = lambda cls, x: object.__new__(cls)
        between = Thing(2).x
        del Thing.__new__
        return before, between, Thing(3).x

    with pytest.raises(TypeError, match="takes exactly one argument|takes no arguments"):
        call(makes)

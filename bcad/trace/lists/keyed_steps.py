"""What dicts and sets in arrays do, as Python that is stepped into: `table` has their ``keys``, ``values`` and ``is_dense``."""

from __future__ import annotations

from ..places import stepped


@stepped
def find(table, key):
    keys = table.keys
    if type(key) is tuple:
        k = 0
        while k < len(keys) and differ(keys[k], key):
            k += 1
        return k
    if table.is_dense:
        return key if 0 <= key < len(keys) else len(keys)
    k = 0
    while k < len(keys) and keys[k] != key:
        k += 1
    return k


@stepped
def differ(a, b):
    found = a[0] != b[0]
    for k in range(1, len(a)):
        found = found or a[k] != b[k]
    return found


@stepped
def append(table, key, value):
    table.is_dense = type(key) is not tuple and table.is_dense and key == len(table.keys)
    table.keys.append(key)
    table.values.append(value)


@stepped
def has(table, key):
    return find(table, key) < len(table.keys)


@stepped
def put(table, key, value):
    place = find(table, key)
    if place < len(table.keys):
        table.values[place] = value
    else:
        append(table, key, value)


@stepped
def take(table, key):
    place = find(table, key)
    if place >= len(table.keys):
        raise KeyError(key)
    return table.values[place]


@stepped
def get(table, key, default):
    place = find(table, key)
    return table.values[place] if place < len(table.keys) else default


@stepped
def get_or_set(table, key, value):
    place = find(table, key)
    if place >= len(table.keys):
        append(table, key, value)
    return table.values[place]


@stepped
def pop(table, key):
    place = find(table, key)
    if place >= len(table.keys):
        raise KeyError(key)
    table.is_dense = False
    table.keys.pop(place)
    return table.values.pop(place)


@stepped
def pop_last(table):
    if len(table.keys) == 0:
        raise KeyError("popitem(): dictionary is empty")
    return table.keys.pop(), table.values.pop()


@stepped
def add(table, key):
    if find(table, key) >= len(table.keys):
        append(table, key, 0)


@stepped
def discard(table, key):
    place = find(table, key)
    if place < len(table.keys):
        table.is_dense = False
        table.keys.pop(place)
        table.values.pop(place)


@stepped
def clear(table):
    table.keys.clear()
    table.values.clear()
    table.is_dense = True

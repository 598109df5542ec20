"""LLVM IR text -> a builtin function: parsing, optimisation, machine code, and a CPython method around it."""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from . import cache

METH_FASTCALL = 0x80
FORMAT = "3"  # of cached code; to be changed with the pipeline below
LONG = 30_000  # lines of IR from which less is optimised
MANY_LOOPS = 48  # from here on loops are not interleaved: code half as long
_lock = threading.Lock()  # LLVM's global state is not made for several threads
_alive: list[Any] = []


class _MethodDef(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("call", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p)]


@functools.cache
def _binding() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


def _machine(level: int) -> Any:
    """A machine for this CPU; an engine takes it over, so each needs its own."""
    llvm = _binding()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=level, reloc="default",
        codemodel="jitdefault", jit=True,
    )


def _parsed(text: str, machine: Any) -> Any:
    llvm = _binding()
    module = llvm.parse_assembly(text)
    module.verify()  # LLVM aborts the process later if it is not
    module.triple, module.data_layout = llvm.get_process_triple(), str(machine.target_data)
    return module


def optimized(text: str, level: int = 3) -> Any:
    """The module of an IR text, optimised."""
    llvm = _binding()
    machine = _machine(level)
    module = _parsed(text, machine)
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = level > 1
    options.loop_interleaving = level > 1 and text.count("\nbody") < MANY_LOOPS
    options.slp_vectorization = options.loop_unrolling = False  # twice the time to compile, for little
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    module.verify()  # what its passes leave: where that is wrong, making code of it ends the process
    return module


def tidied(text: str) -> Any:
    """The module of an IR text without loops to improve: numbers in registers, called functions in their places."""
    llvm = _binding()
    machine = _machine(1)
    module = _parsed(text, machine)
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1)))
    module.verify()
    return module


class Loaded(NamedTuple):
    """Compiled code in memory.

    Attributes
    ----------
    run : builtin function
        The C function that was asked for.
    strict : builtin function
        The same with an object as ``self``: see `bcad.backends.numba_entry`.
    symbol : callable
        The address of another function by its name.
    """

    run: Any
    strict: Any
    symbol: Callable[[str], int]


def load_module(text: str, symbol: str, table: list[tuple[int, Any]], straight: str = "") -> Loaded:
    """The compiled text; `symbol` is a METH_FASTCALL function of it.  `straight` is the text of functions that it calls."""
    llvm = _binding()
    key = cache.key_of(text, straight, *_versions())
    with _lock:
        level = 3 if text.count("\n") + straight.count("\n") < LONG else 1
        code = cache.load(key)
        if code is None:
            module = optimized(text, level)
            if straight:
                module.link_in(tidied(straight))
            code = _machine(level).emit_object(module)
            cache.save(key, code)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(level))
        engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
        engine.finalize_object()
        return _loaded(engine, symbol, table)


@functools.cache
def _versions() -> tuple[str, ...]:
    """What machine code depends on beside its text."""
    import sys

    import llvmlite
    import numpy

    llvm = _binding()
    abi = f"{sys.implementation.cache_tag} {numpy.__version__.split('.')[0]} {object.__basicsize__}"
    return (FORMAT, llvmlite.__version__, str(llvm.llvm_version_info), llvm.get_host_cpu_name(),
            llvm.get_host_cpu_features().flatten(), abi)


def _loaded(engine: Any, symbol: str, table: list[tuple[int, Any]]) -> Loaded:
    places = (ctypes.c_int64 * len(table)).from_address(engine.get_global_value_address("bcad_table"))
    places[:] = [address for address, _ in table]
    address, keep = engine.get_function_address(symbol), (engine, [keep for _, keep in table])
    return Loaded(make_builtin(address, keep), make_builtin(address, keep, True), engine.get_function_address)


def make_builtin(address: int, keep: Any, of: Any = None) -> Any:
    """A Python builtin around a C function, with `of` as its self (NULL for None); `keep` and the function live for ever."""
    method = _MethodDef(b"compiled", address, METH_FASTCALL, None)
    new = ctypes.pythonapi.PyCMethod_New
    new.restype = ctypes.py_object
    new.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    function = new(ctypes.addressof(method), None if of is None else id(of), None, None)
    _alive.append((method, keep))
    return function

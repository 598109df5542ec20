"""Array loops around the vector functions, compiled by llvmlite alone; tests and benchmarks measure with them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from typing import Any

from . import arity, ir_module, symbol
from .library import DTYPES


def loop_text(name: str, dtype: str) -> str:
    """IR of ``void loop_<symbol>(pointer in..., pointer out, i64 n)``."""
    t, callee, count = DTYPES[dtype].llvm, symbol(name, dtype), arity(name)
    inputs = "".join(f"ptr noalias %in{k}, " for k in range(count))
    loads = "\n".join(f"  %p{k} = getelementptr {t}, ptr %in{k}, i64 %i\n  %x{k} = load {t}, ptr %p{k}" for k in range(count))
    arguments = ", ".join(f"{t} %x{k}" for k in range(count))
    return f"""
define void @loop_{callee}({inputs}ptr noalias %out, i64 %n) alignstack(64) {{
entry:
  %some = icmp sgt i64 %n, 0
  br i1 %some, label %body, label %done
body:
  %i = phi i64 [ 0, %entry ], [ %next, %body ]
{loads}
  %y = call {t} @{callee}({arguments})
  %q = getelementptr {t}, ptr %out, i64 %i
  store {t} %y, ptr %q
  %next = add nsw i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %body, label %done
done:
  ret void
}}
"""


class Loops:
    """Compiled loops: ``loops(name, x, ...)`` fills a new array; `assembly` is the text of their machine code.

    Parameters
    ----------
    wanted : iterable of (name, dtype name)
    features : str
        LLVM target features added to the host's, such as ``"-avx512f"``.
    """

    def __init__(self, wanted: Iterable[tuple[str, str]], features: str = ""):
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        wanted = list(wanted)
        module = llvm.parse_assembly(ir_module(wanted) + "".join(loop_text(n, d) for n, d in wanted))
        machine = self._machine(llvm, features)
        tuning = llvm.create_pipeline_tuning_options(3)
        tuning.loop_vectorization = True
        passes = llvm.create_pass_builder(machine, tuning)
        passes.getModulePassManager().run(module, passes)
        self.optimised, self.assembly = str(module), machine.emit_assembly(module)
        self._engine = llvm.create_mcjit_compiler(module, self._machine(llvm, features))
        self._engine.finalize_object()

    @staticmethod
    def _machine(llvm: Any, features: str) -> Any:
        host = llvm.get_host_cpu_features().flatten()
        return llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=",".join(filter(None, [host, features])), opt=3)

    def function(self, name: str, dtype: str) -> Callable:
        """The ctypes function of one loop."""
        address = self._engine.get_function_address(f"loop_{symbol(name, dtype)}")
        return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (arity(name) + 1), ctypes.c_int64)(address)

    def __call__(self, name: str, *arrays: Any) -> Any:
        out = arrays[0].copy()
        self.function(name, str(out.dtype))(*(a.ctypes.data for a in arrays), out.ctypes.data, out.size)
        return out

    def body(self, name: str, dtype: str) -> str:
        """The machine code of one loop."""
        text = self.assembly[self.assembly.index(f"\nloop_{symbol(name, dtype)}:"):]
        return text[:text.index(".Lfunc_end")]

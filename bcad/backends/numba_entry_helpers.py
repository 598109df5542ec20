"""What every compiled module brings along, in LLVM IR: its table of addresses, workspaces, arrays given and made, and the ways out.

A workspace (*frame*) has a place for each storage: a pointer and how many bytes are there.  Threads that call at once have one each.
"""

FRAMES = 4  # workspaces kept for threads that call at once; further ones make their own

_HELPERS = """
declare noalias ptr @malloc(i64)
declare noalias ptr @calloc(i64, i64)
declare ptr @realloc(ptr, i64)
declare void @free(ptr)
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
declare ptr @PyList_New(i64)
declare i32 @PyList_SetItem(ptr, i64, ptr)
declare ptr @PyFloat_FromDouble(double)
declare ptr @PyLong_FromLongLong(i64)
declare ptr @PyBool_FromLong(i64)
declare ptr @PyComplex_FromDoubles(double, double)
declare i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)
declare ptr @PyErr_NoMemory()
declare ptr @PyErr_Occurred()
declare void @PyErr_Clear()
declare ptr @PyType_GenericAlloc(ptr, i64)
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)

@bcad_frames = internal global [{frames} x i64] zeroinitializer
@bcad_table = global [{table} x i64] zeroinitializer

define internal ptr @bcad_room(ptr %slot, i64 %bytes, i1 %keep) alwaysinline {{
  %old = load ptr, ptr %slot
  %place = getelementptr i64, ptr %slot, i64 1
  %size = load i64, ptr %place
  %enough = icmp uge i64 %size, %bytes
  %made = icmp ne ptr %old, null
  %ready = and i1 %enough, %made
  br i1 %ready, label %have, label %grow
have:
  ret ptr %old
grow:
  %new = call ptr @bcad_grow(ptr %slot, i64 %bytes, i1 %keep)
  ret ptr %new
}}

define internal ptr @bcad_grow(ptr %slot, i64 %bytes, i1 %keep) noinline cold {{
  %old = load ptr, ptr %slot
  %place = getelementptr i64, ptr %slot, i64 1
  %least = call i64 @llvm.umax.i64(i64 %bytes, i64 64)
  br i1 %keep, label %again, label %anew
again:
  %more = shl i64 %least, 1
  %bigger = call ptr @realloc(ptr %old, i64 %more)
  br label %check
anew:
  call void @free(ptr %old)
  store ptr null, ptr %slot
  store i64 0, ptr %place
  %new = call ptr @malloc(i64 %least)
  br label %check
check:
  %pointer = phi ptr [ %bigger, %again ], [ %new, %anew ]
  %got = phi i64 [ %more, %again ], [ %least, %anew ]
  %failed = icmp eq ptr %pointer, null
  br i1 %failed, label %none, label %keepit
keepit:
  store ptr %pointer, ptr %slot
  store i64 %got, ptr %place
  br label %none
none:
  ret ptr %pointer
}}

define internal ptr @bcad_given(ptr %args, i64 %count, i64 %position, i32 %rank, ptr %dims) {{
  %some = icmp sgt i64 %count, %position
  br i1 %some, label %look, label %none
look:
  %slot = getelementptr ptr, ptr %args, i64 %position
  %object = load ptr, ptr %slot
  %nothing = load ptr, ptr getelementptr (i64, ptr @bcad_table, i64 {nothing})
  %absent = icmp eq ptr %object, %nothing
  br i1 %absent, label %none, label %compare
compare:
  %place = getelementptr i8, ptr %object, i64 {dimensions}
  %found = load ptr, ptr %place
  br label %axis
axis:
  %k = phi i32 [ 0, %compare ], [ %k1, %next ]
  %more = icmp slt i32 %k, %rank
  br i1 %more, label %next, label %fits
next:
  %a = getelementptr i64, ptr %dims, i32 %k
  %b = getelementptr i64, ptr %found, i32 %k
  %wanted = load i64, ptr %a
  %given = load i64, ptr %b
  %k1 = add i32 %k, 1
  %same = icmp eq i64 %wanted, %given
  br i1 %same, label %axis, label %none
fits:
  ret ptr %object
none:
  ret ptr null
}}

define internal ptr @bcad_array(i32 %rank, ptr %dims, ptr %descr, ptr %thread, ptr %given) {{
  %state = load ptr, ptr %thread
  %held = icmp eq ptr %state, null
  br i1 %held, label %choose, label %get
get:
  call void @PyEval_RestoreThread(ptr %state)
  br label %choose
choose:
  %anew = icmp eq ptr %given, null
  br i1 %anew, label %make, label %take
take:
  call void @Py_IncRef(ptr %given)
  br label %got
make:
  call void @Py_IncRef(ptr %descr)
  %where = load ptr, ptr getelementptr (i64, ptr @bcad_table, i64 {empty})
  %made = call ptr %where(i32 %rank, ptr %dims, ptr %descr, i32 0)
  br label %got
got:
  %array = phi ptr [ %given, %take ], [ %made, %make ]
  br i1 %held, label %done, label %give
give:
  %again = call ptr @PyEval_SaveThread()
  store ptr %again, ptr %thread
  br label %done
done:
  ret ptr %array
}}

define {linkage} ptr @bcad_take() {{
  br label %try
try:
  %k = phi i64 [ 0, %0 ], [ %k1, %next ]
  %place = getelementptr i64, ptr @bcad_frames, i64 %k
  %taken = atomicrmw xchg ptr %place, i64 0 acq_rel
  %none = icmp eq i64 %taken, 0
  br i1 %none, label %next, label %have
have:
  %kept = inttoptr i64 %taken to ptr
  ret ptr %kept
next:
  %k1 = add i64 %k, 1
  %more = icmp ult i64 %k1, {frames}
  br i1 %more, label %try, label %create
create:
  %zeroed = call ptr @calloc(i64 {slots}, i64 16)
  ret ptr %zeroed
}}

define internal void @bcad_no_memory() noinline {{
  %said = call ptr @PyErr_Occurred()
  %silent = icmp eq ptr %said, null
  br i1 %silent, label %say, label %done
say:
  %nothing = call ptr @PyErr_NoMemory()
  br label %done
done:
  ret void
}}

define internal void @bcad_drop(ptr %objects, i64 %count) noinline {{
  br label %next
next:
  %k = phi i64 [ 0, %0 ], [ %k1, %drop ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %drop, label %done
drop:
  %slot = getelementptr ptr, ptr %objects, i64 %k
  %object = load ptr, ptr %slot
  call void @Py_DecRef(ptr %object)
  %k1 = add i64 %k, 1
  br label %next
done:
  ret void
}}

define {linkage} void @bcad_give_back(ptr %frame) {{
  %none = icmp eq ptr %frame, null
  %mine = ptrtoint ptr %frame to i64
  br i1 %none, label %done, label %try
try:
  %j = phi i64 [ 0, %0 ], [ %j1, %full ]
  %place = getelementptr i64, ptr @bcad_frames, i64 %j
  %swapped = cmpxchg ptr %place, i64 0, i64 %mine acq_rel monotonic
  %kept = extractvalue {{ i64, i1 }} %swapped, 1
  br i1 %kept, label %done, label %full
full:
  %j1 = add i64 %j, 1
  %room = icmp ult i64 %j1, {frames}
  br i1 %room, label %try, label %drop
drop:
  %k = phi i64 [ 0, %full ], [ %k1, %drop ]
  %slot = getelementptr [2 x i64], ptr %frame, i64 %k
  %pointer = load ptr, ptr %slot
  call void @free(ptr %pointer)
  %k1 = add i64 %k, 1
  %more = icmp ult i64 %k1, {slots}
  br i1 %more, label %drop, label %end
end:
  call void @free(ptr %frame)
  br label %done
done:
  ret void
}}
"""


ORDER = """
define internal ptr @bcad_in_order(ptr %array, ptr %copy, i64 %bytes) alwaysinline {{
  %flags_at = getelementptr i8, ptr %array, i64 {flags}
  %flags = load i32, ptr %flags_at
  %bit = and i32 %flags, 1
  %apart = icmp eq i32 %bit, 0
  br i1 %apart, label %size, label %there
there:
  %data_at = getelementptr i8, ptr %array, i64 {data}
  %data = load ptr, ptr %data_at
  ret ptr %data
size:
  %large = icmp ugt i64 %bytes, {small}
  br i1 %large, label %none, label %make
make:
  %where = load ptr, ptr getelementptr (i64, ptr @bcad_table, i64 {copied})
  %made = call ptr %where(ptr %array, i32 0)
  store ptr %made, ptr %copy
  %lacking = icmp eq ptr %made, null
  br i1 %lacking, label %refuse, label %have
have:
  %new_at = getelementptr i8, ptr %made, i64 {data}
  %new = load ptr, ptr %new_at
  ret ptr %new
refuse:
  call void @PyErr_Clear()
  br label %none
none:
  ret ptr null
}}
"""  # where the items of an array stand in C order: there, or in a copy


def helper_text(*, table: int, slots: int, empty: int, nothing: int, dimensions: int, shared: bool) -> str:
    """The helpers of one module.

    Parameters
    ----------
    table, slots : int
        How many places the table of addresses and a workspace have.
    empty, nothing : int
        Where in the table PyArray_Empty and None stand.
    dimensions : int
        Offset of an array's dimensions.
    shared : bool
        Whether others may call what hands out workspaces.
    """
    return _HELPERS.format(table=table, slots=slots, frames=FRAMES, linkage="" if shared else "internal", empty=empty,
                           nothing=nothing, dimensions=dimensions)

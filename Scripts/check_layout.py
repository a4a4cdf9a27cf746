"""Compares Sources/CWasmtime/cwasmtime.h with the declarations that the wasmtime wheel carries.

Every struct's size, alignment and offsets, and every function's parameter and result classes, must agree;
prints what does not and exits with 1. Needs Vendor/ (Scripts/setup.sh) and the clang of the Swift toolchain.
"""

import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import types

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADER = os.path.join(ROOT, "Sources", "CWasmtime", "cwasmtime.h")


def bindings() -> types.ModuleType:
    """The wheel's ctypes declarations, bound to the library in Vendor/ instead of the wheel's own copy."""
    package = types.ModuleType("wasmtime")
    package.__path__ = [os.path.join(ROOT, "Vendor", "wasmtime")]
    sys.modules["wasmtime"] = package
    ffi = types.ModuleType("wasmtime._ffi")
    ffi.dll = ctypes.CDLL(os.path.join(ROOT, "Vendor", "lib", "libwasmtime.so"))

    class wasm_ref_t(ctypes.Structure):
        pass

    class value_union(ctypes.Union):
        _fields_ = [
            ("i32", ctypes.c_int32), ("i64", ctypes.c_int64), ("f32", ctypes.c_float),
            ("f64", ctypes.c_double), ("ref", ctypes.POINTER(wasm_ref_t)),
        ]

    class wasm_val_t(ctypes.Structure):
        _fields_ = [("kind", ctypes.c_uint8), ("of", value_union)]

    ffi.wasm_ref_t = wasm_ref_t
    ffi.wasm_val_t = wasm_val_t
    sys.modules["wasmtime._ffi"] = ffi
    import wasmtime._bindings as declared

    return declared


def clang() -> str:
    return os.path.join(os.path.dirname(os.path.realpath(shutil.which("swiftc") or "swiftc")), "clang")


def layout_assertions(declared: types.ModuleType, source: str) -> list[str]:
    lines = []
    for name in re.findall(r"typedef (?:struct|union) (\w+) \{", source):
        model = getattr(declared, name, None) or getattr(declared, name + "_t", None)
        if model is None or not hasattr(model, "_fields_"):
            sys.exit(f"check_layout: the wheel does not describe {name}; compare it by hand.")
        ours = name if name.endswith("_t") else name + "_t"
        lines.append(f'_Static_assert(sizeof({ours}) == {ctypes.sizeof(model)}, "size of {name}");')
        lines.append(f'_Static_assert(_Alignof({ours}) == {ctypes.alignment(model)}, "alignment of {name}");')
        for field in model._fields_:
            member = {"global_": "global"}.get(field[0], field[0])
            if not member.startswith("_anon"):
                offset = getattr(model, field[0]).offset
                lines.append(f'_Static_assert(offsetof({ours}, {member}) == {offset}, "offset of {name}.{member}");')
    return lines


def class_of_c(text: str) -> str:
    text = text.replace("_Nullable", "").replace("_Nonnull", "").strip()
    if "*" in text:
        return "pointer"
    plain = {
        "bool": "bool", "_Bool": "bool", "size_t": "u64", "uint64_t": "u64", "int64_t": "i64",
        "uint32_t": "u32", "uint8_t": "u8", "int": "i32", "void": "void",
    }
    return plain.get(text, "pointer" if text.endswith("callback_t") else text)


def class_of_ctypes(model: object) -> str:
    simple = {
        None: "void", ctypes.c_bool: "bool", ctypes.c_size_t: "u64", ctypes.c_uint64: "u64",
        ctypes.c_int64: "i64", ctypes.c_uint32: "u32", ctypes.c_uint8: "u8", ctypes.c_int: "i32",
    }
    return simple.get(model, "pointer")


def signature_differences(declared: types.ModuleType, tree: dict) -> tuple[int, list[str]]:
    count, problems = 0, []
    for node in tree["inner"]:
        if node.get("kind") != "FunctionDecl" or node.get("isImplicit"):
            continue
        count += 1
        theirs = getattr(declared, "_" + node["name"], None)
        if theirs is None:
            problems.append(f"{node['name']} is not in the library")
            continue
        parameters = [p for p in node.get("inner", []) if p["kind"] == "ParmVarDecl"]
        ours = [class_of_c(p["type"]["qualType"]) for p in parameters]
        ours.append(class_of_c(re.split(r"\s*\(", node["type"]["qualType"])[0]))
        expected = [class_of_ctypes(a) for a in theirs.argtypes] + [class_of_ctypes(theirs.restype)]
        if ours != expected:
            problems.append(f"{node['name']}: the header says {ours}, the library {expected}")
    return count, problems


def main() -> None:
    declared = bindings()
    with open(HEADER) as file:
        source = file.read()
    assertions = layout_assertions(declared, source)
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "check.c")
        with open(program, "w") as file:
            file.write(f'#include "{HEADER}"\n' + "\n".join(assertions) + "\n")
        compiled = subprocess.run([clang(), "-fsyntax-only", program], capture_output=True, text=True)
        if compiled.returncode != 0:
            sys.exit("check_layout: layouts differ:\n" + compiled.stderr)
        dump = subprocess.run(
            [clang(), "-Xclang", "-ast-dump=json", "-fsyntax-only", program],
            capture_output=True, text=True, check=True)
    count, problems = signature_differences(declared, json.loads(dump.stdout))
    if problems:
        sys.exit("check_layout: signatures differ:\n" + "\n".join(problems))
    print(f"{len(assertions)} layout facts and {count} signatures agree with the library")


main()

"""Unpacks libwasmtime.so, its licence and the ctypes declarations from a wasmtime wheel into Vendor/.

Usage: unpack_wasmtime.py FOLDER SHA256, where FOLDER holds the wheel and SHA256 is the library's digest.
"""

import glob
import hashlib
import os
import sys
import zipfile


def put(path: str, content: bytes) -> None:
    """Writes a file so that a reader sees either the old content or the whole new one."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = path + ".tmp"
    with open(temporary, "wb") as file:
        file.write(content)
    os.rename(temporary, path)


def main() -> None:
    folder, expected = sys.argv[1], sys.argv[2]
    wheel = zipfile.ZipFile(glob.glob(os.path.join(folder, "wasmtime-*.whl"))[0])
    library = wheel.read("wasmtime/linux-x86_64/_libwasmtime.so")
    found = hashlib.sha256(library).hexdigest()
    if found != expected:
        sys.exit(
            f"setup: libwasmtime.so has sha256 {found}, expected {expected}; "
            "the package index served another file, nothing was installed."
        )
    # The ctypes declarations are what Tests/ compare the hand-written header with.
    for name in ("_bindings.py",):
        put("Vendor/wasmtime/" + name, wheel.read("wasmtime/" + name))
    # Who gets the library gets its terms.
    terms = next(name for name in wheel.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
    put("Vendor/wasmtime/LICENSE", wheel.read(terms))
    put("Vendor/lib/libwasmtime.so", library)


main()

"""Import wgpu without parsing its C header in Python at every start.

wgpu-py binds its library through cffi's in-line mode: the header of 2,500 lines is parsed by pycparser at
import, and every C type that is named for the first time is parsed again behind 400 typedefs, some 30 ms
each. On a 2-core machine that is 1.5 s from import to the first frame. cffi's out-of-line mode compiles the
same header once to a table that loads in milliseconds:
https://cffi.readthedocs.io/en/stable/cdef.html#ffi-emit-python-code-generating-python-code-for-abi-mode

`import_wgpu` makes that table at the first start, keeps it in the user's cache folder under the header's
hash, and lets wgpu-py use it. Whatever goes wrong, wgpu is imported in its own way.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import tempfile
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

from vaevis_tui.cache import cache_folder, keep, read_own

_lock = threading.Lock()


def import_wgpu() -> ModuleType:
    """The ``wgpu`` module with its native backend loaded, by the fast way where that works.

    Raises:
        ImportError: wgpu is not installed.
        OSError: Its native library cannot be loaded.
        RuntimeError: Its native library is missing.
    """
    with _lock:
        import wgpu

        if "wgpu.backends.wgpu_native" not in sys.modules:
            _import_backend()
        module: ModuleType = wgpu
    return module


def _import_backend() -> None:
    cffi: Any = importlib.import_module("cffi")

    backend = "wgpu.backends.wgpu_native"
    original = cffi.FFI
    cffi.FFI = _TableFFI
    try:
        importlib.import_module(backend)
    except Exception:  # whatever the table broke, the plain way has not been tried yet
        for name in [name for name in sys.modules if name.startswith(backend)]:
            del sys.modules[name]
    finally:
        cffi.FFI = original
    importlib.import_module(backend)


class _TableFFI:
    """Stands in for ``cffi.FFI`` while wgpu-py's ``_ffi.py`` is imported: the same calls, from a table."""

    def __init__(self) -> None:
        self._ffi: Any = None

    def cdef(self, source: str) -> None:
        self._ffi = load_table(source, cache_folder())

    def set_source(self, *arguments: Any) -> None:
        """In wgpu-py this only gives the in-line parser a name."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._ffi, name)
        setattr(self, name, value)
        return value


def load_table(source: str, folder: Path) -> Any:
    """The compiled ``ffi`` of a C header.

    Args:
        source: The header.
        folder: Where compiled tables are kept; a table that cannot be kept is made anew.
    """
    cffi: Any = importlib.import_module("cffi")

    key = hashlib.sha256(f"{cffi.__version__}\n{source}".encode()).hexdigest()[:32]
    path = folder / f"wgpu-header-{key}.py"
    code = read_own(path)
    if code is None:
        code = _compile(source)
        keep(path, code)
    namespace: dict[str, Any] = {}
    exec(compile(code, str(path), "exec"), namespace)
    return namespace["ffi"]


def _compile(source: str) -> bytes:
    cffi: Any = importlib.import_module("cffi")

    ffi = cffi.api.FFI()
    ffi.cdef(source)
    ffi.set_source("wgpu_header", None, compiler_verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wgpu_header.py"
        ffi.emit_python_code(str(path))
        return path.read_bytes()

"""Keep what native libraries print off the screen.

While an instance or a device is made, the Vulkan loader and the libraries it loads print to file descriptor
2. So does onnxruntime while it is imported, where a graphics card has no PCI vendor (WSL, Raspberry Pi; its
issue 26763). A full-screen program draws there, so a line in between spoils the image.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.RLock()


@contextmanager
def native_stderr_silenced() -> Iterator[None]:
    """Send file descriptor 2 to nowhere while the body runs, where that can hurt nobody.

    A redirection counts for the whole process. In the main thread nothing else can be drawing. In another
    thread the main one may be drawing on descriptor 2 at this moment, as Textual does, and would draw
    nowhere: there the descriptor is left alone if it is a terminal. A full-screen program is safe from both
    by drawing on a duplicate of the descriptor and pointing descriptor 2 itself elsewhere while it runs.
    """
    # libwayland complains on every connection attempt if this is unset. The null device is no folder, so that
    # no socket lies in it; in the temporary folder somebody else's might, and there may be no such folder.
    os.environ.setdefault("XDG_RUNTIME_DIR", os.devnull)
    with _lock:
        saved = _redirect()
        try:
            yield
        finally:
            if saved is not None:
                os.dup2(saved, 2)
                os.close(saved)


def _redirect() -> int | None:
    """Point descriptor 2 at the null device; returns what it was, or None where it was left alone."""
    try:
        shared = threading.current_thread() is not threading.main_thread() and os.isatty(2)
        saved = None if shared else os.dup(2)
    except OSError:  # closed, as daemons have it
        return None
    if saved is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
    return saved

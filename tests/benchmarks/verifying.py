"""What verifying a GPU's first image costs when a model is opened: ``python -m tests.benchmarks.verifying``.

The model is no shipped one, whose image would be cached. Its images come from whatever adapter there is, a
software one included.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from vaevis_tui.engine.decoder import Decoder
from vaevis_tui.engine.decoder_process import IsolatedDecoder
from vaevis_tui.engine.verify import check_images, open_verified
from vaevis_tui.models.bundle import Bundle, open_bundle

TIMES = 5


def not_at_all(bundle: Bundle, open_it: Callable[[], Decoder]) -> Decoder:
    """Open a decoder and decode its first image."""
    decoder = open_it()
    decoder.decode(bundle.space.first_look[None])
    return decoder


def afterwards(bundle: Bundle, open_it: Callable[[], Decoder]) -> Decoder:
    """The same, and then let onnxruntime decode it too."""
    decoder, z = open_it(), bundle.space.first_look[None]
    check_images(bundle, z, decoder.decode(z))
    return decoder


def main() -> None:
    """Print medians in seconds, measured by turns."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = open_bundle(shutil.copytree(open_bundle("mnist").path, Path(folder) / "mnist"))
        open_it = partial(IsolatedDecoder, bundle, "measured", tuning="cached", software=True)
        seconds: dict[str, list[float]] = {}
        for _ in range(TIMES):
            for name, way in (("not", not_at_all), ("beside", open_verified), ("afterwards", afterwards)):
                began = time.perf_counter()
                way(bundle, open_it).close()
                seconds.setdefault(name, []).append(time.perf_counter() - began)
    for name, times in seconds.items():
        print(f"verified {name:12}{statistics.median(times):6.2f} s")


if __name__ == "__main__":
    main()

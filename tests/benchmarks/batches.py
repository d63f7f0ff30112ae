"""What a batch of 64 tiles in flight costs a key's frame: ``python -m tests.benchmarks.batches``."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import numpy as np

from vaevis_tui.engine.decoder import Images, Latents
from vaevis_tui.engine.select import decoder_source
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.models.bundle import open_bundle

TILES = 64
KEYS = 100


@dataclass(slots=True)
class Delays:
    """Milliseconds from `DecodeService.submit` to the frame, in turns alone and with a batch in flight."""

    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    all_tiles: float = 0.0


def measure(model: str, backend: str) -> Delays:
    """Submit keys at random times, every other one while tiles are decoded."""
    bundle = open_bundle(model)
    rng = np.random.default_rng(0)
    z = bundle.space.sample(rng, TILES)
    arrived, opened, delays = threading.Event(), threading.Event(), Delays()

    def failed(error: Exception) -> None:
        raise SystemExit(str(error))

    with DecodeService(
        decoder_source(bundle, backend, "off"), lambda frame: arrived.set(), failed, lambda info: opened.set()
    ) as service:
        opened.wait()

        def key(index: int) -> float:
            arrived.clear()
            began = time.perf_counter()
            service.submit(z[index % TILES])
            arrived.wait()
            return 1e3 * (time.perf_counter() - began)

        pause = threading.Event()
        key(0)
        for index in range(KEYS):
            for times in (delays.alone, delays.beside):
                service.submit_batch("tiles", z[:0], lambda start, images: None)
                pause.wait(2e-3 * (20 + 10 * rng.random()))
                if times is delays.beside:
                    service.submit_batch("tiles", z, lambda start, images: None)
                    pause.wait(2e-3 * 10 * rng.random())
                times.append(key(index))
        delays.all_tiles = 1e3 * _all_tiles(service, z)
    return delays


def _all_tiles(service: DecodeService, z: Latents) -> float:
    complete = threading.Event()

    def came(start: int, images: Images) -> None:
        if start + len(images) == TILES:
            complete.set()

    began = time.perf_counter()
    service.submit_batch("tiles", z, came)
    complete.wait()
    return time.perf_counter() - began


def main() -> None:
    """Print a table of medians."""
    print(f"{'model':8}{'backend':14}{'key, ms':>10}{'with tiles':>12}{'later':>8}{f'{TILES} tiles':>12}")
    for model, backend in (("dog", "onnxruntime"), ("mnist", "onnxruntime"), ("dog", "wgpu")):
        delays = measure(model, backend)
        alone, beside = float(np.median(delays.alone)), float(np.median(delays.beside))
        times = f"{alone:10.2f}{beside:12.2f}{beside / alone - 1:8.0%}{delays.all_tiles:12.0f}"
        print(f"{model:8}{backend:14}{times}")


if __name__ == "__main__":
    main()

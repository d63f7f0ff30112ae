"""Verify a GPU's images against onnxruntime's: drivers may compile shaders wrongly."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from vaevis_tui.cache import cache_folder, keep, read_own
from vaevis_tui.engine.decoder import Decoder, EngineError, Images, Latents
from vaevis_tui.engine.decoder_process import IsolatedDecoder
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.models.identity import decoder_hash

CLOSE_LEVELS = 8
"""Levels of 255; reordering float32 sums has never caused such a difference. See `compare`."""

FAR_SHARE = 1e-3
"""Share of values that may differ by more, for networks with steps; one wrong column exceeds it."""


def open_verified(bundle: Bundle, open_it: Callable[[], Decoder]) -> Decoder:
    """Open a decoder and verify its first image, which onnxruntime decodes at the same time.

    Raises:
        EngineError: The images differ; the decoder is closed.
        Exception: Whatever ``open_it`` raises.
    """
    z = bundle.space.first_look[None]
    with ThreadPoolExecutor(1, "reference") as beside:
        expected = beside.submit(_expected, bundle, z)
        decoder = open_it()
        try:
            compare(decoder.decode(z), expected.result())
        except BaseException:
            decoder.close()
            raise
    return decoder


def check_images(bundle: Bundle, z: Latents, images: Images) -> None:
    """Verify a device's images of z; passes if onnxruntime cannot decode the model.

    Raises:
        EngineError: The images differ.
    """
    compare(images, _expected(bundle, z))


def compare(images: Images, expected: Images | None) -> None:
    """Compare a device's images with onnxruntime's; passes if those are None.

    Raises:
        EngineError: They differ.
    """
    if expected is None:
        return
    difference = np.abs(expected.astype(np.int16) - images)
    far = float(np.mean(difference > CLOSE_LEVELS))
    if far > FAR_SHARE:
        raise EngineError(
            f"the GPU's images are wrong: {100 * far:.0f} % of the values are not onnxruntime's"
        )


def _expected(bundle: Bundle, z: Latents) -> Images | None:
    """The images that onnxruntime decodes from z, float32 (n, d); None if it cannot.

    It runs in another process, so that its 35 MB are not kept while a GPU decodes. That takes 0.25 s of one
    core, so the first image of a shipped model is cached between starts.
    """
    shape = (len(z), bundle.image_height, bundle.image_width, 3)
    path = _cache_file(bundle, z)
    if path is not None and (found := _read(path, shape)) is not None:
        return found
    try:
        with IsolatedDecoder(bundle, backend="onnxruntime") as reference:
            images = reference.decode(z)
    except (EngineError, UserError):
        return None
    if path is not None:
        data = images.tobytes()
        keep(path, hashlib.sha256(data).digest() + data)
    return images


def _cache_file(bundle: Bundle, z: Latents) -> Path | None:
    """The cache file of the images of z, named by the hash of decoder and z; None if they are not cached."""
    if not bundle.shipped or not np.array_equal(z, bundle.space.first_look[None]):
        return None
    digest = hashlib.sha256(decoder_hash(bundle).encode() + z.tobytes()).hexdigest()
    return cache_folder() / f"images-{digest[:32]}.bin"


def _read(path: Path, shape: tuple[int, ...]) -> Images | None:
    content = read_own(path) or b""
    digest, data = content[:32], content[32:]
    if len(data) != np.prod(shape) or hashlib.sha256(data).digest() != digest:
        return None
    return np.frombuffer(data, np.uint8).reshape(shape)

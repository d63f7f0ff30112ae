"""Whether a device makes the images that onnxruntime makes: drivers may compile shaders wrongly."""

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

CLOSE_LEVELS = 8
"""Levels of 255 that float32 sums in another order never came near; see `check_images`."""

FAR_SHARE = 1e-3
"""Share of the values that may differ by more, where a network has steps; a wrong column has more."""


def agreeing(bundle: Bundle, open_it: Callable[[], Decoder]) -> Decoder:
    """Open a decoder whose first image is onnxruntime's.

    Both are asked at the same time.

    Raises:
        EngineError: It makes another image; then it is closed.
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
    """See that a device made of z what onnxruntime makes of it.

    What onnxruntime cannot decode is taken as it is.

    Raises:
        EngineError: The device's images are others.
    """
    compare(images, _expected(bundle, z))


def compare(images: Images, expected: Images | None) -> None:
    """See that a device's images are those of onnxruntime; None where that cannot decode.

    Raises:
        EngineError: They are others.
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
    """What onnxruntime makes of z, float32 (n, d); None where it cannot.

    It is asked in another process, so that who decodes on a GPU need not keep its 35 MB. That takes a quarter
    of a second of one core, so a shipped model's first look is kept between starts.
    """
    shape = (len(z), bundle.image_height, bundle.image_width, 3)
    path = _kept(bundle, z)
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


def _kept(bundle: Bundle, z: Latents) -> Path | None:
    """Where the images of z are kept, by what the decoder is, to the bit; None where they are not."""
    if not bundle.shipped or not np.array_equal(z, bundle.space.first_look[None]):
        return None
    try:
        with bundle.decoder_path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError:
        return None
    digest.update(z.tobytes())
    return cache_folder() / f"images-{digest.hexdigest()[:32]}.bin"


def _read(path: Path, shape: tuple[int, ...]) -> Images | None:
    content = read_own(path) or b""
    digest, data = content[:32], content[32:]
    if len(data) != np.prod(shape) or hashlib.sha256(data).digest() != digest:
        return None
    return np.frombuffer(data, np.uint8).reshape(shape)

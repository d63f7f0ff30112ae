"""The backend that runs everywhere: onnxruntime, on the best provider that the installed wheel has."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import (
    Closing,
    DecoderInfo,
    DecodeTimes,
    EngineError,
    Images,
    Latents,
    checked_latents,
)
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle, open_bundle
from vaevis_tui.onnx_model.runtime import CPU, cores, open_session, reason_of, run_options, threads

if TYPE_CHECKING:
    import onnxruntime

_CHUNK = 4
"""Latent vectors decoded at once on the CPU: there a larger batch is no faster (mnist 0.37 ms an image at 4,
0.79 at 128) and takes its size in memory."""

_CHUNK_WORK = 400_000_000
"""Multiply-adds from which a larger chunk of a batch saves nothing any more: smaller ones take as long each
and end together, where a thread that began a large one late keeps the others waiting."""

_MOST_IN_CHUNK = 32
"""Latent vectors in such a chunk at most (mnist: 0.29 ms of a core an image, 0.31 at 16, 0.40 at 4)."""

_MOST_WORKERS = 8
"""Threads that decode a batch on the CPU, a chunk each: a core's worth of memory and work for each."""

_OWN_SESSION_FROM = 32
"""Latent vectors from which a batch is worth a session whose runs keep to one thread each."""

_ACCELERATOR_CHUNK = 64
"""The same where a device has to be kept busy."""


class OnnxRuntimeDecoder(Closing):
    """Decodes through onnxruntime. Keeps the contract of `vaevis_tui.engine.decoder.Decoder`.

    A shipped model is opened directly. Any other was checked (`onnx_model.adapter.checked`),
    and must decode one image before it is accepted.

    Args:
        model: A bundle, or the path of one or of a bare .onnx file.
        reason: Why this backend was taken, for `DecoderInfo.reason`.

    Raises:
        UserError: the model is not one that is supported.
    """

    def __init__(self, model: Bundle | Path, reason: str = "") -> None:
        bundle = model if isinstance(model, Bundle) else open_bundle(model)
        session = open_session(_model(bundle), bundle.decoder_path, bundle.multiply_adds)
        self._bundle = bundle
        self._session: onnxruntime.InferenceSession | None = session
        self._batch_session: onnxruntime.InferenceSession | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._run_options = run_options()
        self._interruptible = run_options()
        provider = session.get_providers()[0]
        latent = session.get_inputs()[0]
        self._input: str = latent.name
        at_once = _CHUNK if provider == CPU else _ACCELERATOR_CHUNK
        self._chunk = 1 if latent.shape[0] == 1 else at_once
        self._workers = min(cores(), _MOST_WORKERS) if provider == CPU else 1
        self._image_shape = (bundle.channels, bundle.image_height, bundle.image_width)
        self._controls = bundle.settings
        self.times = DecodeTimes()
        self.info = DecoderInfo(
            backend="onnxruntime",
            adapter=provider,
            precision="float32",
            latent_dim=bundle.latent_dim,
            image_height=bundle.image_height,
            image_width=bundle.image_width,
            channels=bundle.channels,
            reason=reason,
        )
        if not bundle.shipped:
            self._try(bundle.decoder_path)

    def _try(self, path: Path) -> None:
        try:
            self.decode(np.zeros((1, self.info.latent_dim), np.float32))
        except EngineError as error:
            self.close()
            raise UserError(f"{path}: cannot be decoded: {error}") from None

    def decode(self, z: Latents) -> Images:
        """Decode float32 (n, d) to uint8 (n, h, w, 3); see `vaevis_tui.engine.decoder.Decoder.decode`."""
        if self._workers > 1 and len(z) > 2 * self._chunk:
            return self._decode_beside(z)
        return self._decode(z, self._run_options)

    def decode_unless_interrupted(self, z: Latents) -> Images | None:
        """The same, or None; see `vaevis_tui.engine.decoder.Interruptible`."""
        options = self._interruptible = run_options()
        try:
            return self._decode(z, options)
        except EngineError:
            if options.terminate and not self._run_options.terminate:
                return None
            raise

    def interrupt(self) -> None:
        """Stop a running `decode_unless_interrupted` at the next operator."""
        self._interruptible.terminate = True

    def _decode(self, z: Latents, options: onnxruntime.RunOptions) -> Images:
        z = checked_latents(z, self.info.latent_dim, self._controls)
        _, height, width = self._image_shape
        images = np.empty((len(z), height, width, 3), np.uint8)
        compute = unpack = 0.0
        for start in range(0, len(z), self._chunk):
            began = time.perf_counter()
            values = self._run(self._session, z[start : start + self._chunk], options)
            computed = time.perf_counter()
            write_images(values, images[start : start + self._chunk])
            compute += computed - began
            unpack += time.perf_counter() - computed
        self.times = DecodeTimes(compute=compute, unpack=unpack)
        return images

    def _decode_beside(self, z: Latents) -> Images:
        """Many at once, in threads: while one chunk's floats become bytes, another is computed."""
        z = checked_latents(z, self.info.latent_dim, self._controls)
        _, height, width = self._image_shape
        images = np.empty((len(z), height, width, 3), np.uint8)

        most = max(self._chunk, min(_MOST_IN_CHUNK, _CHUNK_WORK // max(self._bundle.multiply_adds, 1)))
        size = 1 if self._chunk == 1 else even_chunk(len(z), most, self._workers)
        session = self._session if len(z) < _OWN_SESSION_FROM else self._session_for_batches()

        def decode(start: int) -> None:
            chunk = slice(start, start + size)
            write_images(self._run(session, z[chunk], self._run_options), images[chunk])

        began = time.perf_counter()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._workers, "decode")
        waiting = [self._pool.submit(decode, start) for start in range(0, len(z), size)]
        try:
            for done in waiting:
                done.result()
        finally:  # after an interrupt or a failure, what was not begun is not wanted
            for done in waiting:
                done.cancel()
        self.times = DecodeTimes(compute=time.perf_counter() - began)
        return images

    def _session_for_batches(self) -> onnxruntime.InferenceSession | None:
        """Runs of one thread each: where chunks are computed beside each other, more would be in the way."""
        if self._session is None or threads(self._bundle.multiply_adds, self._workers) == 1:
            return self._session
        if self._batch_session is None:
            model = _model(self._bundle)
            self._batch_session = open_session(model, self._bundle.decoder_path, 0, accelerated=False)
        return self._batch_session

    def _run(
        self, session: onnxruntime.InferenceSession | None, z: Latents, options: onnxruntime.RunOptions
    ) -> NDArray[np.float32]:
        if session is None:
            raise EngineError("the decoder is closed")
        try:
            images: NDArray[np.float32]
            (images,) = session.run(None, {self._input: z}, options)
        except Exception as error:  # onnxruntime's exceptions have no base of their own
            raise EngineError(reason_of(error)) from error
        expected = (len(z), *self._image_shape)
        if images.dtype != np.float32 or images.shape != expected:
            raise EngineError(
                f"onnxruntime: the model made {images.dtype} of shape {images.shape}, not {expected}"
            )
        return images

    def cancel(self) -> None:
        """Make a decode that runs in another thread, and every later one, raise EngineError soon."""
        self._run_options.terminate = True
        self._interruptible.terminate = True

    def close(self) -> None:
        """Free the sessions; closing twice is harmless."""
        self._session = self._batch_session = None
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def even_chunk(count: int, most: int, workers: int) -> int:
    """Into how large chunks a batch of `count` is cut, of `most` each, so that every worker gets as many."""
    rounds = -(-count // (most * workers))
    return -(-count // (rounds * workers))


def write_images(floats: NDArray[np.float32], images: Images) -> None:
    """Float images (n, 1 or 3, h, w) to uint8 (n, h, w, 3), as `Decoder.decode` has it; NaN becomes black.

    The floats are used up: a copy would cost more than all the rest.
    """
    np.fmax(floats, np.float32(0), out=floats)  # fmax takes the number where there is one
    np.fmin(floats, np.float32(1), out=floats)
    floats *= np.float32(255)
    np.rint(floats, out=floats)
    for channel in range(3):  # one by one is twice as fast as a transposed copy
        images[..., channel] = floats[:, channel % floats.shape[1]]


def _model(bundle: Bundle) -> str | bytes:
    """What onnxruntime is to load: a shipped file as it is, anything else only after the checks.

    Importing onnx for the checks takes 70 ms and 13 MB, more than opening a small model.
    """
    if bundle.shipped:
        return str(bundle.decoder_path)
    model: bytes = bundle.read_decoder().model.SerializeToString()
    return model

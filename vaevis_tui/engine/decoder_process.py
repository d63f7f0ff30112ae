"""A decoder in a process of its own, so that a crash or hang of a driver does not take the program with it.

wgpu-native ends its process where a device is lost or a submission finds no memory: its functions panic, and
a Rust panic that reaches C aborts (seen in wgpuQueueSubmit and wgpuDevicePoll of wgpu-native 29 below a
Vulkan layer that returns VK_ERROR_DEVICE_LOST). Some drivers crash or hang when asked for adapters. A
terminal program that died this way would leave the terminal in the middle of a frame. Here only the child
process dies: the tail of its stderr becomes an `EngineError`, and another backend takes over.

It costs 0.1 ms an image; in return, wgpu's Python does not compete for the interpreter lock with drawing.

The child is `vaevis_tui.engine.decoder_child`, the messages are defined in
`vaevis_tui.engine.decoder_protocol`.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import IO, Any

import numpy as np

from vaevis_tui.engine.decoder import (
    Closing,
    DecoderInfo,
    DecodeTimes,
    EngineError,
    Images,
    Latents,
    TuningMode,
    checked_latents,
    in_plain_words,
)
from vaevis_tui.engine.decoder_protocol import ANSWER, BATCH, LENGTH
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.text import one_line

AT_ONCE = 64
"""Images in one request."""

AHEAD_BYTES = 8192
"""Largest request sent before the last images are read: it fits into a pipe, so neither side blocks."""

OPENING_TIMEOUT = 30.0
"""Seconds for a driver to start and compile; slow ones take ten."""

TIMEOUT = 10.0
"""Seconds for an image after the first; drivers reset a hung device after two to ten."""

REST = 30.0
"""Seconds without an image, by the clock on the wall, after which the first one is decoded again: the machine
may have slept, and a GPU's memory may have been lost."""

FAR_LEVELS, FAR_SHARE = 8, 1e-3
"""Levels of 255, and the share of values that may differ by more, of the same image decoded twice."""

EXIT_TIMEOUT = 2.0
"""Seconds to wait for the process to exit, and again after it was killed."""

_ENVIRONMENT = {"RUST_BACKTRACE": "0", "OPENBLAS_NUM_THREADS": "1", "XDG_RUNTIME_DIR": os.devnull}
"""For the child. It multiplies no matrices: numpy's threads would only spin while it starts. It draws on no
display: libwayland would connect to whatever socket lies in the runtime folder, and wait for its answer."""

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET")
"""Variables that the child does not get."""

_SILENT = "the GPU's driver does not answer any more"

_START = "import sys; sys.path[:] = {path!r}; from vaevis_tui.engine.decoder_child import main; main()"


def list_adapters(timeout: float = OPENING_TIMEOUT) -> list[str]:
    """Names of this machine's adapters, hardware first.

    Raises:
        EngineError: The driver crashed or did not answer in time.
    """
    child = _Child()
    try:
        answer = child.request({"kind": "adapters"}, timeout)
        return [str(adapter) for adapter in answer["adapters"]]
    finally:
        child.end()


class IsolatedDecoder(Closing):
    """Decodes in another process. Keeps the contract of `vaevis_tui.engine.decoder.Decoder`.

    Args:
        bundle: The model.
        reason: Why this backend was taken, for `DecoderInfo.reason`.
        tuning: Which of several kernels wgpu takes.
        backend: ``"wgpu"``, or ``"onnxruntime"`` to get all of its memory back when it is closed.
        software: Whether wgpu may use a software adapter.
        opening_timeout: Seconds for opening, the first image included.
        timeout: Seconds for each later image.

    Raises:
        UserError: there is no suitable adapter.
        EngineError: the adapter refuses the model, or the process died or did not answer in time.
    """

    def __init__(
        self,
        bundle: Bundle,
        reason: str = "",
        *,
        tuning: TuningMode = "cached",
        backend: str = "wgpu",
        software: bool = True,
        opening_timeout: float = OPENING_TIMEOUT,
        timeout: float = TIMEOUT,
    ) -> None:
        self._timeout = timeout
        self._first_until = time.monotonic() + opening_timeout
        self.times = DecodeTimes()
        self._controls = bundle.settings
        self._begun: Latents | None = None
        """The latents that were sent and whose images were not read yet."""
        self._first: tuple[Latents, Images] | None = None
        """The first image that was decoded alone, and its z."""
        self._decoded_at = 0.0
        self._child: _Child | None = _Child()
        try:
            answer = self._child.request(
                {
                    "kind": backend,
                    "bundle": str(bundle.path),
                    "decoder": bundle.decoder_request(),
                    "tuning": tuning,
                    "software": software,
                },
                opening_timeout,
            )
            self.info = replace(DecoderInfo(**answer["info"]), reason=reason)
            self._check_sizes(bundle)
        except BaseException:
            self.close()
            raise

    def _check_sizes(self, bundle: Bundle) -> None:
        found = (self.info.latent_dim, self.info.image_height, self.info.image_width)
        if found != (bundle.latent_dim, bundle.image_height, bundle.image_width):
            raise EngineError(f"{bundle.decoder_path} was changed since it was opened")

    def decode(self, z: Latents) -> Images:
        """Decode float32 (n, d) to uint8 (n, h, w, 3); see `vaevis_tui.engine.decoder.Decoder.decode`."""
        return self.decode_on(z, lambda: None)

    def decode_on(self, z: Latents, following: Callable[[], Latents | None]) -> Images:
        """Decode, and begin with what follows; see `vaevis_tui.engine.decoder.Pipelined.decode_on`."""
        z = checked_latents(z, self.info.latent_dim, self._controls)
        if self._first is not None and abs(time.time() - self._decoded_at) > REST:
            self._check_first(*self._first)
        images = self._decode(z, following)
        self._decoded_at = time.time()
        if self._first is None and len(z) == 1:
            self._first = z.copy(), images.copy()
        return images

    def _check_first(self, z: Latents, images: Images) -> None:
        """See that the device makes of the first z what it made before."""
        far = np.abs(images.astype(np.int16) - self._decode(z, lambda: None)) > FAR_LEVELS
        if (share := float(np.mean(far))) > FAR_SHARE:
            raise EngineError(
                f"the GPU's images have changed: {100 * share:.0f} % of the first one's values are others"
            )

    def _decode(self, z: Latents, following: Callable[[], Latents | None]) -> Images:
        images = np.empty((len(z), *self.info.image_size, 3), np.uint8)
        began = time.perf_counter()
        submit = compute = 0.0
        for start in range(0, len(z), AT_ONCE):
            batch = slice(start, start + AT_ONCE)
            self._begin(z[batch])
            times = self._finish(images[batch], following if start + AT_ONCE >= len(z) else lambda: None)
            submit += times.submit
            compute += times.compute
        rest = time.perf_counter() - began - submit - compute
        # Transfer between the processes counts as unpacking.
        self.times = DecodeTimes(submit, compute, max(0.0, rest))
        return images

    def _begin(self, z: Latents) -> None:
        """Send z to the child, unless it is decoding that already."""
        if self._begun is not None:
            if np.array_equal(self._begun, z):
                return
            obsolete = np.empty((len(self._begun), *self.info.image_size, 3), np.uint8)
            self._finish(obsolete, lambda: None)
        self._open_child().write(BATCH.pack(*z.shape) + z.tobytes())
        self._begun = z

    def _finish(self, images: Images, following: Callable[[], Latents | None]) -> DecodeTimes:
        """Read the images of what was sent; once the device is free, send what follows."""
        child = self._open_child()
        # One more second for each image of a batch; the first image may include compilation.
        timeout = max(self._timeout + len(images) - 1, self._first_until - time.monotonic())
        until = time.monotonic() + timeout
        failed, submit, compute, unpack = ANSWER.unpack(child.read(ANSWER.size, until))
        self._begun = None
        if failed:
            raise EngineError(child.read(failed, until).decode())
        self._begin_ahead(child, following())
        child.read_into(images.data.cast("B"), until)
        self._first_until = 0.0
        return DecodeTimes(submit, compute, unpack)

    def _begin_ahead(self, child: _Child, z: Latents | None) -> None:
        if z is None:
            return
        try:
            z = checked_latents(z, self.info.latent_dim, self._controls)
        except ValueError:
            return  # reported when its turn comes
        if not 0 < z.nbytes <= AHEAD_BYTES:
            return
        child.write(BATCH.pack(*z.shape) + z.tobytes())
        self._begun = z

    def _open_child(self) -> _Child:
        if self._child is None:
            raise EngineError("the decoder is closed")
        return self._child

    def cancel(self) -> None:
        """Make a decode that runs in another thread, and every later one, raise EngineError soon."""
        child = self._child
        if child is not None:
            child.kill()

    def close(self) -> None:
        """End the process, which takes up to a second in the background; closing twice is harmless."""
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Child:
    """The child process and its pipes."""

    def __init__(self) -> None:
        if not sys.executable or getattr(sys, "frozen", False):  # an embedded or a bundled one
            raise EngineError("there is no Python interpreter to start another process with")
        try:
            self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
        except OSError as error:
            raise EngineError(
                f"the decoder's process needs a temporary folder: {(error.strerror or str(error)).lower()}"
            ) from None
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START.format(path=sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,  # native libraries write here; it must not reach the screen
                bufsize=0,
                env={**{k: v for k, v in os.environ.items() if k not in _DISPLAYS}, **_ENVIRONMENT},
            )
        except OSError as error:
            self._stderr.close()
            raise EngineError(f"the decoder's process does not start: {error}") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout

    def request(self, message: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Send a request and wait for the answer."""
        until = time.monotonic() + timeout
        text = json.dumps(message).encode()
        self.write(LENGTH.pack(len(text)) + text)
        (length,) = LENGTH.unpack(self.read(LENGTH.size, until))
        answer: dict[str, Any] = json.loads(self.read(length, until))
        if "problem" in answer:
            raise (UserError if answer["is_user_error"] else EngineError)(answer["problem"])
        return answer

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._requests.write(view) :]
        except (OSError, ValueError):  # ValueError where it was closed meanwhile
            raise self._exit_error() from None

    def read(self, count: int, until: float) -> bytes:
        data = bytearray(count)
        self.read_into(memoryview(data), until)
        return bytes(data)

    def read_into(self, view: memoryview, until: float) -> None:
        """Fill a buffer; EngineError if the process dies, or at ``until`` on the monotonic clock."""
        while view:
            self._await_answer(until)
            got = self._answers.readinto(view)  # type: ignore[attr-defined]
            if not got:
                raise self._exit_error()
            view = view[got:]

    def _await_answer(self, until: float) -> None:
        if sys.platform == "win32":
            return  # pipes cannot be polled there, so a hang is not detected
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        if not poll.poll(max(0.0, 1000 * (until - time.monotonic()))):
            self.kill()
            raise EngineError(_SILENT)

    def _exit_error(self) -> EngineError:
        """The error that says why the process died."""
        code = self._wait_exit()
        if code is None:
            self.kill()
            return EngineError(_SILENT)
        self._stderr.seek(0)
        stderr = self._stderr.read(1 << 16).decode(errors="replace")
        ended = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return EngineError(f"the GPU's driver failed ({ended}){_stderr_tail(stderr)}")

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()

    def end(self) -> None:
        """Close the pipes, at which the child exits, or kill it later; returns at once.

        Until then a driver may write compiled shaders to its cache, and a running measurement may finish.
        """
        for pipe in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()
        threading.Thread(target=self._cleanup, name="end-decoder", daemon=True).start()

    def _cleanup(self) -> None:
        if self._wait_exit() is None:
            self.kill()
            self._wait_exit()
        self._stderr.close()

    def _wait_exit(self) -> int | None:
        """The exit code; None if it does not exit, e.g. because it hangs in a driver."""
        try:
            return self._process.wait(EXIT_TIMEOUT)
        except subprocess.TimeoutExpired:
            return None


def _stderr_tail(stderr: str) -> str:
    """The cause named by a panic of wgpu-native, or the last line of stderr, after a colon."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    if "Caused by:" in lines:
        lines = lines[lines.index("Caused by:") + 1 :][:1]
    return f": {in_plain_words(one_line(lines[-1]))}" if lines else ""

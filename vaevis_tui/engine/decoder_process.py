"""A decoder in a process of its own: what crashes or hangs there takes nobody with it.

wgpu-native ends its process where a device is lost or a submission finds no memory: `wgpuQueueSubmit` and
`wgpuDevicePoll` panic, and a Rust panic that reaches C aborts (seen with wgpu-native 29 below a Vulkan layer
that returns VK_ERROR_DEVICE_LOST). Drivers crash or hang by themselves when asked for adapters. A terminal
program that died so would leave the terminal as it was in the middle of a frame. Here another process dies;
its last words become an `EngineError`, and the session goes on with another backend.

It costs 0.1 ms an image, and wgpu's Python does not share the interpreter lock with what draws.

The other side is `vaevis_tui.engine.decoder_child`; what they say to each other is in
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
"""Largest request that is sent while images are to be read: a pipe holds it, so neither side waits."""

OPENING_TIMEOUT = 30.0
"""Seconds for a driver to start and to compile; slow ones take ten."""

TIMEOUT = 10.0
"""Seconds for an image after the first; drivers reset a device that hangs after two to ten."""

EXIT_TIMEOUT = 2.0
"""Seconds for the process to end by itself, and again when it was killed."""

_ENVIRONMENT = {"RUST_BACKTRACE": "0", "OPENBLAS_NUM_THREADS": "1"}
"""Of the other process. No matrix is multiplied there: numpy's threads would only spin while it starts."""

_START = "import sys; sys.path[:] = {path!r}; from vaevis_tui.engine.decoder_child import main; main()"


def list_adapters(timeout: float = OPENING_TIMEOUT) -> list[str]:
    """The adapters of this machine in words, hardware first.

    Raises:
        EngineError: They cannot be listed; asking crashed, or did not end in time.
    """
    child = _Child()
    try:
        answer = child.order({"order": "adapters"}, timeout)
        return [str(adapter) for adapter in answer["adapters"]]
    finally:
        child.end()


class IsolatedDecoder(Closing):
    """Decodes in another process. Keeps the contract of `vaevis_tui.engine.decoder.Decoder`.

    Args:
        bundle: The model.
        reason: Why this backend was taken, for `DecoderInfo.reason`.
        tuning: Which of several kernels wgpu takes.
        backend: ``"wgpu"``, or ``"onnxruntime"`` where its memory is to be given back whole.
        software: Whether an adapter that is the processor itself will do for wgpu.
        opening_patience: Seconds until opening, the first image included, is given up.
        timeout: Seconds until a later image is given up.

    Raises:
        UserError: there is no adapter that will do.
        EngineError: the adapter refuses, the process died or did not answer in time.
    """

    def __init__(
        self,
        bundle: Bundle,
        reason: str = "",
        *,
        tuning: TuningMode = "cached",
        backend: str = "wgpu",
        software: bool = True,
        opening_patience: float = OPENING_TIMEOUT,
        timeout: float = TIMEOUT,
    ) -> None:
        self._patience = timeout
        self._first_until = time.monotonic() + opening_patience
        self._times = DecodeTimes()
        self._controls = bundle.settings
        self._begun: Latents | None = None
        """What the other process was sent and not asked the images of."""
        self._child: _Child | None = _Child()
        try:
            answer = self._child.order(
                {
                    "order": backend,
                    "bundle": str(bundle.path),
                    "decoder": bundle.decoder_order(),
                    "tuning": tuning,
                    "software": software,
                },
                opening_patience,
            )
            self._info = replace(DecoderInfo(**answer["info"]), reason=reason)
            self._compare(bundle)
        except BaseException:
            self.close()
            raise

    def _compare(self, bundle: Bundle) -> None:
        found = (self._info.latent_dim, self._info.image_height, self._info.image_width)
        if found != (bundle.latent_dim, bundle.image_height, bundle.image_width):
            raise EngineError(f"{bundle.decoder_path} was changed since it was opened")

    @property
    def info(self) -> DecoderInfo:
        """What decodes, and what it makes."""
        return self._info

    @property
    def times(self) -> DecodeTimes:
        """Where the last decode spent its time; the way between the processes counts as unpacking."""
        return self._times

    def decode(self, z: Latents) -> Images:
        """Decode float32 (n, d) to uint8 (n, h, w, 3); see `vaevis_tui.engine.decoder.Decoder.decode`."""
        return self.decode_on(z, lambda: None)

    def decode_on(self, z: Latents, following: Callable[[], Latents | None]) -> Images:
        """Decode, and begin with what follows; see `vaevis_tui.engine.decoder.Pipelined.decode_on`."""
        z = checked_latents(z, self._info.latent_dim, self._controls)
        images = np.empty((len(z), *self._info.image_size, 3), np.uint8)
        began = time.perf_counter()
        submit = compute = 0.0
        for start in range(0, len(z), AT_ONCE):
            batch = slice(start, start + AT_ONCE)
            self._begin(z[batch])
            times = self._finish(images[batch], following if start + AT_ONCE >= len(z) else lambda: None)
            submit += times.submit
            compute += times.compute
        rest = time.perf_counter() - began - submit - compute
        self._times = DecodeTimes(submit, compute, max(0.0, rest))
        return images

    def _begin(self, z: Latents) -> None:
        """Have the other process decode z, unless it does so already."""
        if self._begun is not None:
            if np.array_equal(self._begun, z):
                return
            unwanted = np.empty((len(self._begun), *self._info.image_size, 3), np.uint8)
            self._finish(unwanted, lambda: None)
        self._open_child().write(BATCH.pack(*z.shape) + z.tobytes())
        self._begun = z

    def _finish(self, images: Images, following: Callable[[], Latents | None]) -> DecodeTimes:
        """Read the images of what was begun; when the device is free, begin with what follows."""
        child = self._open_child()
        # A batch gets a second more an image; the first may have to be compiled for.
        timeout = max(self._patience + len(images) - 1, self._first_until - time.monotonic())
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
            z = checked_latents(z, self._info.latent_dim, self._controls)
        except ValueError:
            return  # said when its turn comes
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
        """Let the process end, which it does within a second; closing twice is harmless."""
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Child:
    """The other process and the pipes to it."""

    def __init__(self) -> None:
        if not sys.executable or getattr(sys, "frozen", False):  # an embedded or a bundled one
            raise EngineError("there is no Python interpreter to start another process with")
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START.format(path=sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,  # where native libraries write what must not get on the screen
                bufsize=0,
                env={**os.environ, **_ENVIRONMENT},
            )
        except OSError as error:
            self._said.close()
            raise EngineError(f"another process does not start: {error}") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout

    def order(self, order: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Send an order and wait for its answer."""
        until = time.monotonic() + timeout
        text = json.dumps(order).encode()
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
            raise self._death() from None

    def read(self, count: int, until: float) -> bytes:
        data = bytearray(count)
        self.read_into(memoryview(data), until)
        return bytes(data)

    def read_into(self, view: memoryview, until: float) -> None:
        """Fill a buffer, unless the process dies or it takes longer than ``until`` on the monotonic clock."""
        while view:
            self._await_answer(until)
            got = self._answers.readinto(view)  # type: ignore[attr-defined]
            if not got:
                raise self._death()
            view = view[got:]

    def _await_answer(self, until: float) -> None:
        if sys.platform == "win32":
            return  # pipes cannot be waited for there: what hangs is not told from what is slow
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        if not poll.poll(max(0.0, 1000 * (until - time.monotonic()))):
            self.kill()
            raise EngineError("the GPU's driver does not answer any more")

    def _death(self) -> EngineError:
        """What is known of why the process is gone."""
        code = self._wait_exit()
        if code is None:
            self.kill()
        self._said.seek(0)
        said = self._said.read(1 << 16).decode(errors="replace")
        ended = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        return EngineError(f"the GPU's driver failed ({ended}){_stderr_tail(said)}")

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()

    def end(self) -> None:
        """Close the pipes, at which it ends, or else kill it; nobody waits for that.

        A driver may still write compiled shaders to its cache, and a measurement that runs be finished.
        """
        for pipe in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()
        threading.Thread(target=self._cleanup, name="end-decoder", daemon=True).start()

    def _cleanup(self) -> None:
        if self._wait_exit() is None:
            self.kill()
            self._wait_exit()
        self._said.close()

    def _wait_exit(self) -> int | None:
        """Its exit code; None where it does not end, be it that a driver keeps the system from ending it."""
        try:
            return self._process.wait(EXIT_TIMEOUT)
        except subprocess.TimeoutExpired:
            return None


def _stderr_tail(said: str) -> str:
    """The cause that a panic of wgpu-native names, or the last line that was printed, behind a colon."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if "Caused by:" in lines:
        lines = lines[lines.index("Caused by:") + 1 :][:1]
    return f": {in_plain_words(one_line(lines[-1]))}" if lines else ""

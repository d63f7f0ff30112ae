"""The child of `vaevis_tui.engine.decoder_process`: opens a backend and decodes what it is sent."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from vaevis_tui.engine.decoder import Decoder, EngineError
from vaevis_tui.engine.decoder_protocol import ANSWER, BATCH, LENGTH
from vaevis_tui.errors import UserError

if TYPE_CHECKING:
    from vaevis_tui.engine.wgpu.device import AdapterSummary

ADAPTER_VARIABLE = "WGPU_ADAPTER_NAME"
"""Environment variable that names the adapter to take, as in other programs that use wgpu."""

_ADVICE = {
    "linux": "install a Vulkan loader and the GPU's driver (Debian: libvulkan1 mesa-vulkan-drivers)",
    "darwin": "Metal is needed, macOS 11 or newer",
    "win32": "install the GPU's driver",
}
"""What gives wgpu an adapter, by platform."""


def main() -> None:
    """Serve until the pipe is closed."""
    _forbid_core_dumps()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches a terminal's whole process group
    threading.Thread(target=_exit_with_parent, args=(os.getppid(),), daemon=True).start()
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what native libraries print there is no answer
        serve(sys.stdin.buffer, answers)


def _forbid_core_dumps() -> None:
    """Let a driver that crashes leave no core dump, which fills a disk and holds the person's images.

    More would stop drivers that work: they map far more memory than they use, share it by files, and find
    their device by sockets, so that neither memory, files nor the network can be taken from them.
    """
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Take one request, answer it, and decode whatever follows.

    Args:
        requests: What `vaevis_tui.engine.decoder_process` writes, in the form of `decoder_protocol`.
        answers: What that reads.
    """
    (length,) = LENGTH.unpack(requests.read(LENGTH.size))
    request = json.loads(requests.read(length))
    decoder: Decoder | None = None
    try:
        if request["kind"] == "adapters":
            answer: dict[str, Any] = {"adapters": [str(adapter) for adapter in _adapters()]}
        else:
            decoder = (
                _open_onnxruntime(request)
                if request["kind"] == "onnxruntime"
                else open_wgpu(request, _adapters)
            )
            answer = {"info": asdict(decoder.info)}
    except (UserError, EngineError) as error:
        answer = {"problem": str(error), "is_user_error": isinstance(error, UserError)}
    text = json.dumps(answer).encode()
    answers.write(LENGTH.pack(len(text)) + text)
    answers.flush()
    if decoder is not None:
        with decoder:
            while _decode(decoder, requests, answers):
                pass


def open_wgpu(request: Mapping[str, Any], adapters: Callable[[], Sequence[AdapterSummary]]) -> Decoder:
    """Open a model on the best adapter, on a software one only where that will do.

    Args:
        request: ``decoder``, see `Bundle.decoder_request`; ``tuning``, see
            `open_tuned`; ``software``, whether an adapter that is the processor itself will do.
        adapters: The adapters of this machine, hardware first.

    Raises:
        UserError: there is no such adapter, or the file is no decoder.
        EngineError: the adapter refuses the model.
    """
    try:
        from vaevis_tui.engine.wgpu import open_tuned

        found = adapters()
    except (EngineError, ImportError, OSError) as error:
        raise UserError(f"wgpu does not start ({error}); {advice()}") from None
    usable = [adapter for adapter in found if adapter.is_hardware or request["software"]]
    if not usable:
        names = f"only {found[0].name}, which is software" if found else "no adapter"
        raise UserError(f"wgpu finds {names}; {advice()}")
    adapter = chosen(usable, os.environ.get(ADAPTER_VARIABLE, ""))
    from vaevis_tui.models.bundle import open_requested

    return open_tuned(open_requested(request["decoder"]), request["tuning"], adapter=adapter.name)


def chosen(adapters: Sequence[AdapterSummary], requested: str) -> AdapterSummary:
    """The adapter that was asked for, by its number in the list, from 1, or by a part of its name.

    Raises:
        UserError: There is none such.
    """
    if not requested:
        return adapters[0]
    if requested.isdecimal() and 0 < int(requested) <= len(adapters):
        return adapters[int(requested) - 1]
    for adapter in adapters:
        if requested.casefold() in adapter.name.casefold():
            return adapter
    names = ", ".join(f"{number}: {adapter.name}" for number, adapter in enumerate(adapters, 1))
    raise UserError(f"no adapter {requested!r}; there are {names}")


def _open_onnxruntime(request: Mapping[str, Any]) -> Decoder:
    from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
    from vaevis_tui.models.bundle import open_bundle

    return OnnxRuntimeDecoder(open_bundle(request["bundle"], request["decoder"]))


def advice() -> str:
    """What a person can do where there is no adapter."""
    return _ADVICE.get(sys.platform, "install the GPU's driver")


def _adapters() -> Sequence[AdapterSummary]:
    from vaevis_tui.engine.wgpu import adapters

    return adapters()


def _decode(decoder: Decoder, requests: IO[bytes], answers: IO[bytes]) -> bool:
    """Answer one request; False when there are no more."""
    header = requests.read(BATCH.size)
    if len(header) < BATCH.size:
        return False
    n, dim = BATCH.unpack(header)
    z = np.frombuffer(requests.read(4 * n * dim), np.float32).reshape(n, dim)
    try:
        images = decoder.decode(z)
    except EngineError as error:
        text = str(error).encode()
        answers.write(ANSWER.pack(len(text), 0, 0, 0) + text)
    else:
        times = decoder.times
        answers.write(ANSWER.pack(0, times.submit, times.compute, times.unpack))
        answers.flush()  # so that the next request is there when the images are written
        answers.write(images.data.cast("B"))
    answers.flush()
    return True


def _exit_with_parent(parent: int) -> None:
    """Leave when whoever started us has gone, also from within a driver that hangs."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)

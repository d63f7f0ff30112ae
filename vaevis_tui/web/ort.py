"""onnxruntime-web, the page's CPU path: from a folder of the package's files, or from a pinned address."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from vaevis_tui.errors import UserError
from vaevis_tui.reading import typed_path

VERSION = "1.30.0"
"""Of onnxruntime-web, as pinned at the address."""

CDN = f"https://cdn.jsdelivr.net/npm/onnxruntime-web@{VERSION}/dist"

MODULE = "ort.wasm.bundle.min.mjs"
WASM = "ort-wasm-simd-threaded.wasm"

INTEGRITY = {
    "module": "sha384-PLWz+nHEVHpjwBsO0YVdvQj6n5814Iv8E3b8FG0Rp/uIAtjFMCKOpP66iPzedrIG",
    "wasm": "sha384-vjBJ1z7qrhkTyYsNqKeF6c7N+nOJSU94czEo+tvZcu8G75JparGq9kB+kTnEUNVM",
}
"""SHA-384 of the two files of that version: a browser refuses others from there."""


@dataclass(frozen=True, slots=True)
class OrtSource:
    """Where the page gets onnxruntime-web from.

    Attributes:
        module: The JavaScript; None where it comes from the address.
        wasm: The same of the WebAssembly.
    """

    module: bytes | None = None
    wasm: bytes | None = None

    @classmethod
    def open(cls, text: str) -> OrtSource:
        """What ``--ort`` says: ``cdn``, or a folder that holds the two files, itself or in ``dist``.

        Raises:
            UserError: The folder holds none.
        """
        if text == "cdn":
            return cls()
        folder = typed_path(text)
        for place in (folder, folder / "dist"):
            if (place / MODULE).is_file() and (place / WASM).is_file():
                return cls((place / MODULE).read_bytes(), (place / WASM).read_bytes())
        raise UserError(
            f"{text} holds no onnxruntime-web: {MODULE} and {WASM} are looked for there and in "
            f"{folder / 'dist'} (npm pack onnxruntime-web brings both), or say --ort cdn"
        )

    def record(self) -> dict[str, Any]:
        """As the page reads it."""
        if self.module is None or self.wasm is None:
            places, integrity = {"module": f"{CDN}/{MODULE}", "wasm": f"{CDN}/{WASM}"}, INTEGRITY
        else:
            places = {"module": f"ort/{MODULE}", "wasm": f"ort/{WASM}"}
            integrity = {"module": integrity_of(self.module), "wasm": integrity_of(self.wasm)}
        return {**places, "model": "decoder.onnx", "integrity": integrity}

    def files(self) -> dict[str, bytes]:
        """What lies beside the page, by path."""
        if self.module is None or self.wasm is None:
            return {}
        return {f"ort/{MODULE}": self.module, f"ort/{WASM}": self.wasm}

    def blocks(self) -> dict[str, bytes]:
        """What lies inside a page of one file, by the id of its element."""
        if self.module is None or self.wasm is None:
            return {}
        return {"ort-module": self.module, "ort-wasm": self.wasm}


def integrity_of(data: bytes) -> str:
    """The hash that a browser compares a file with (Subresource Integrity)."""
    return f"sha384-{base64.b64encode(hashlib.sha384(data).digest()).decode()}"

"""What a snapshot remembers, as text in its PNG: enough to stand at the same place again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.export.fields import Fields

KEYWORD = "vaevis-tui"
"""Keyword of the PNG text chunk that holds a `SnapshotInfo` as JSON."""

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """Where a picture comes from.

    Attributes:
        model: Name of the model or its absolute path, as ``--model`` takes it.
        version: Version of the model, as its card has it; empty if it has none.
        z: The latent vector; float32 numbers, written so that they are read back to the bit.
        seed: Seed that z was drawn with, or None if it was not drawn.
        backend: What decoded it, e.g. ``"onnxruntime"``.
        decoder_hash: SHA-256 of the decoder's file in hexadecimal digits; empty in older snapshots.
    """

    model: str
    version: str
    z: tuple[float, ...]
    seed: int | None
    backend: str
    decoder_hash: str = ""

    @property
    def latent(self) -> NDArray[np.float32]:
        """The latent vector as decoders take it, float32 (d,)."""
        return np.array(self.z, np.float32)

    def at(self, z: NDArray[np.float32]) -> Self:
        """The same model and backend at another latent vector (d,), not drawn with a seed."""
        return replace(self, z=tuple(float(value) for value in z), seed=self.seed if self._is(z) else None)

    def _is(self, z: NDArray[np.float32]) -> bool:
        return self.z == tuple(float(value) for value in z)

    def to_text(self) -> str:
        """One line of JSON, ASCII."""
        fields = {"format": _FORMAT, **asdict(self), "z": [float(value) for value in self.z]}
        if not self.decoder_hash:
            del fields["decoder_hash"]
        return json.dumps(fields, allow_nan=False)

    def to_metadata(self) -> dict[str, str]:
        """What `save_png` takes: this text under the keyword that `from_metadata` looks for."""
        return {"Software": KEYWORD, KEYWORD: self.to_text()}

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The inverse of `to_text`.

        Raises:
            UserError: the text is something else, or of a later format.
        """
        fields = Fields("snapshot", text, _FORMAT)
        return cls(
            model=fields.text("model"),
            version=fields.text("version"),
            z=fields.numbers("z"),
            seed=fields.optional_whole("seed"),
            backend=fields.text("backend"),
            decoder_hash=fields.text_or("decoder_hash", ""),
        )

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self:
        """From what `read_metadata` found in a PNG.

        Raises:
            UserError: it is not a snapshot of this program, or a damaged one.
        """
        if KEYWORD not in metadata:
            raise UserError(
                f"the picture is not a snapshot: it has no text {KEYWORD!r}; expected one saved by {KEYWORD}"
            )
        return cls.from_text(metadata[KEYWORD])

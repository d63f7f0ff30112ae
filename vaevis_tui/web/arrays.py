"""Arrays in one compressed file, for the page: weights as a device reads them, and statistics.

Numbers are stored by bytes of equal worth (all lowest bytes, then all next ones), which deflate makes a
seventh smaller than floats as they come, and the whole is one deflate stream, which browsers unpack.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Encoding = Literal["float32", "uint32", "float16", "int12", "int8", "uint8"]
"""How numbers are stored; ``float16``, ``int12`` and ``int8`` are for weights, float16 on the device."""


PIECE = 1 << 18
"""Bytes that are packed in one way: fewer would leave the way's own tables more of the file."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Weights as whole multiples of a float16 scale, which neighbours share.

    Attributes:
        most: Levels go from minus this to this.
        group: Weights of one scale.
        type: What a level is stored as; the bits that it does not need cost nothing once they are deflated.
    """

    most: int
    group: int
    type: type[np.signedinteger[Any]]


LEVELS: dict[str, Levels] = {"int12": Levels(2047, 64, np.int16), "int8": Levels(127, 32, np.int8)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One array in the file.

    Attributes:
        encoding: How its numbers are stored.
        count: Numbers.
        offset: First byte in the unpacked file.
        bytes: Length there.
    """

    encoding: Encoding
    count: int
    offset: int
    bytes: int


@dataclass
class ArrayFile:
    """Collects arrays; equal ones are stored once.

    Attributes:
        entries: What is in it, in order; the page finds arrays by their place.
    """

    entries: list[Entry] = field(default_factory=list)
    _parts: list[bytes] = field(default_factory=list)
    _known: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def add(self, array: NDArray[Any], encoding: Encoding) -> int:
        """Store an array, flattened.

        Args:
            array: float32, uint32 or uint8 as the encoding says; for encodings of weights float16 numbers, be
                they packed in pairs as uint32.
            encoding: How.

        Returns:
            Its place in `entries`.
        """
        numbers = _as_stored(array, encoding)
        key = encoding, hashlib.sha256(numbers.tobytes()).digest()
        if key not in self._known:
            data = _levels_and_scales(numbers, LEVELS[encoding]) if encoding in LEVELS else _planes(numbers)
            offset = self.entries[-1].offset + self.entries[-1].bytes if self.entries else 0
            self._known[key] = len(self.entries)
            self.entries.append(Entry(encoding, numbers.size, offset, len(data)))
            self._parts.append(data)
        return self._known[key]

    def pack(self, level: int = 6) -> bytes:
        """The file: a raw deflate stream (RFC 1951).

        Args:
            level: How well zlib looks for what repeats, as far as many small numbers do (zlib calls that
                filtered); more than 6 takes ten times as long for a twentieth of some models.
        """
        return deflated(b"".join(self._parts), level)


def deflated(data: bytes, level: int = 6) -> bytes:
    """A raw deflate stream, each piece of it packed in the way that leaves less; see `ArrayFile.pack`."""
    pieces = (data[start : start + PIECE] for start in range(0, len(data), PIECE))
    ways = (level, zlib.Z_FILTERED), (level, zlib.Z_RLE)
    packed = [min((_piece(piece, *way) for way in ways), key=len) for piece in pieces]
    return b"".join([*packed, zlib.compressobj(wbits=-15).flush()])


def _piece(data: bytes, level: int, strategy: int) -> bytes:
    """A part of a stream, which looks back at none before it and may be followed by another."""
    compressor = zlib.compressobj(level, wbits=-15, strategy=strategy)
    return compressor.compress(data) + compressor.flush(zlib.Z_FULL_FLUSH)


def quantized(weights: NDArray[np.float16], form: Levels) -> NDArray[np.float16]:
    """What the page makes of weights that are stored as levels: the same shape, float16."""
    scales, levels = _levels(weights.reshape(-1), form)
    restored = (levels.astype(np.float32) * scales[:, None]).astype(np.float16)
    return restored.reshape(-1)[: weights.size].reshape(weights.shape)


def _as_stored(array: NDArray[Any], encoding: Encoding) -> NDArray[Any]:
    if encoding == "float16" or encoding in LEVELS:
        return np.ascontiguousarray(array).reshape(-1).view(np.float16)
    stored = {"float32": "<f4", "uint32": "<u4", "uint8": "u1"}[encoding]
    return np.ascontiguousarray(array, stored).reshape(-1)


def _planes(numbers: NDArray[Any]) -> bytes:
    """All lowest bytes, then all next ones."""
    return numbers.view(np.uint8).reshape(numbers.size, numbers.itemsize).T.tobytes()


def _levels_and_scales(numbers: NDArray[np.float16], form: Levels) -> bytes:
    """Scales by planes, then levels by planes."""
    scales, levels = _levels(numbers, form)
    return _planes(scales) + _planes(levels.reshape(-1))


def _levels(
    numbers: NDArray[np.float16], form: Levels
) -> tuple[NDArray[np.float16], NDArray[np.signedinteger[Any]]]:
    """Scales (groups,), and levels (groups, size of one); the last group is filled with zeros."""
    groups = np.pad(numbers, (0, -numbers.size % form.group)).astype(np.float32).reshape(-1, form.group)
    scales = (np.abs(groups).max(axis=1) / form.most).astype(np.float16)
    divisors = np.where(scales == 0, np.float32(1), scales.astype(np.float32))
    levels = np.clip(np.rint(groups / divisors[:, None]), -form.most, form.most)
    return scales, levels.astype(form.type)

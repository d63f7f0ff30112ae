"""A terminal that knows kitty's graphics protocol: what it shows, whether what it gets keeps the rules."""

from __future__ import annotations

import io
import re
from base64 import b64decode

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vaevis_tui.terminal.images.kitty import PLACEHOLDER, diacritics

_COMMAND = re.compile(r"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")
_WRAPPED = re.compile(r"\x1bPtmux;((?:[^\x1b]|\x1b\x1b)*)\x1b\\")
_CELL = re.compile(f"{PLACEHOLDER}(.)(.)", re.DOTALL)
_ROW = re.compile(r"\x1b\[38;5;(\d+)m(.*)\x1b\[0m", re.DOTALL)


def unwrap(output: str) -> str:
    """What tmux hands on; all must be wrapped."""
    assert _WRAPPED.sub("", output) == ""
    return "".join(match[1].replace("\x1b\x1b", "\x1b") for match in _WRAPPED.finditer(output))


class KittyTerminal:
    """Images and placements, by the protocol's document; what is against it raises AssertionError."""

    def __init__(self) -> None:
        self.images: dict[int, NDArray[np.uint8]] = {}
        self.placements: dict[int, dict[str, str]] = {}
        self.events: list[str] = []
        self._pending: tuple[dict[str, str], str] | None = None

    def feed(self, output: str) -> None:
        assert _COMMAND.sub("", output) == "", "something is no graphics command"
        for match in _COMMAND.finditer(output):
            keys = dict(pair.split("=") for pair in match[1].split(","))
            self._chunk(keys, match[2] or "")
        assert self._pending is None, "the last chunk is missing"

    def feed_part(self, output: str) -> None:
        """One command, which may be a chunk with more to come."""
        match = _COMMAND.fullmatch(output)
        assert match, "no graphics command"
        self._chunk(dict(pair.split("=") for pair in match[1].split(",")), match[2] or "")

    def _chunk(self, keys: dict[str, str], payload: str) -> None:
        assert len(payload) <= 4096
        assert keys["q"] == "2", "an answer would be read as keys"
        last = keys.pop("m", "0") == "0"
        if self._pending is None:
            first, carried = keys, ""
        else:
            first, carried = self._pending
            assert keys.pop("q")
            assert keys == ({"a": "f", "r": "1"} if first["a"] == "f" else {}), "keys in a later chunk"
        assert last or len(payload) % 4 == 0
        self._pending = None if last else (first, carried + payload)
        if last:
            self._perform(first, carried + payload)

    def _perform(self, keys: dict[str, str], payload: str) -> None:
        image = int(keys["i"])
        self.events.append(f"{keys['a']} {image}")
        match keys["a"]:
            case "t":
                self.images[image] = self._pixels(keys, payload)
                self.placements.pop(image, None)
            case "f":
                assert keys["r"] == "1"
                assert keys["X"] == "1"
                part = self._pixels(keys, payload)
                x, y = int(keys.get("x", 0)), int(keys.get("y", 0))
                height, width, _ = part.shape
                frame = self.images[image].copy()
                assert frame[y : y + height, x : x + width].shape == part.shape, "a part lies outside"
                frame[y : y + height, x : x + width] = part
                self.images[image] = frame
            case "p":
                assert image in self.images
                self.placements[image] = keys
            case "d":
                del self.placements[image]
                if keys["d"] == "I":
                    del self.images[image]
                else:
                    assert keys["d"] == "i"
            case other:
                raise AssertionError(f"a={other}")

    def _pixels(self, keys: dict[str, str], payload: str) -> NDArray[np.uint8]:
        assert keys["f"] == "100"
        with Image.open(io.BytesIO(b64decode(payload, validate=True))) as image:
            return np.asarray(image.convert("RGB"))

    def shown(self, rows: tuple[str, ...]) -> NDArray[np.uint8]:
        """The picture that placeholders show; each must be a cell of its whole placement, in order."""
        ids = set()
        for y, row in enumerate(rows):
            match = _ROW.fullmatch(row)
            assert match
            ids.add(int(match[1]))
            cells = [(diacritics().index(a), diacritics().index(b)) for a, b in _CELL.findall(match[2])]
            assert len(match[2]) == 3 * len(cells)
            assert cells == [(y, x) for x in range(len(cells))]
            width = len(cells)
        (image,) = ids
        placement = self.placements[image]
        assert placement["U"] == "1"
        assert (int(placement["c"]), int(placement["r"])) == (width, len(rows))
        return self.images[image]

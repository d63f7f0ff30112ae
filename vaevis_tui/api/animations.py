"""Animations: latent vectors in the order of time, decoded as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.api.images import ImageArray, png_bytes
from vaevis_tui.export.animation.files import Draw, save_animation
from vaevis_tui.export.animation.frames import FrameStream, Resampling

_BATCH = 32
"""Frames that are decoded at once: enough to keep both cores busy, few enough to be told to stop between."""

_NOTEBOOK_FRAMES = 12

MAX_ROWS = 200
"""Of the terminal of a cast."""


@dataclass(frozen=True, eq=False)
class Animation:
    """Frames of equal length.

    Attributes:
        decode: Of the model, which must be open while frames are taken.
        z: Latent vectors, float32 (n, d), or (n, k, d) for k images side by side.
        size: Height and width of an image, in pixels.
        rate: Frames a second.
        loop: Whether the last frame leads to the first.
    """

    decode: Callable[[NDArray[np.float32]], ImageArray]
    z: NDArray[np.float32]
    size: tuple[int, int]
    rate: float = 24.0
    loop: bool = True

    def __post_init__(self) -> None:
        if not len(self.z) or not 0 < self.rate < float("inf"):
            raise ValueError(
                f"an animation needs frames and a rate, not {len(self.z)} frames at {self.rate:g} a second"
            )

    def __repr__(self) -> str:
        """How many frames, of what size, how fast."""
        height, width = self.stream.size
        loop = ", a loop" if self.loop else ""
        return f"<Animation of {len(self)} frames of {height} x {width} pixels, {self.rate:g} a second{loop}>"

    def __len__(self) -> int:
        return len(self.z)

    def frames(self) -> Generator[NDArray[np.uint8]]:
        """Frame after frame, uint8 (h, w, 3), or (h, k * w, 3) for k images side by side.

        While some are looked at, the next are decoded in a thread, which ends before the iterator closes.
        """
        beside = self.z.reshape(len(self.z), -1, self.z.shape[-1])
        at_once = max(1, _BATCH // beside.shape[1])
        first, *rest = np.split(beside, range(at_once, len(beside), at_once))
        with ThreadPoolExecutor(1, "animation") as thread:
            coming = thread.submit(self._decoded, first)
            for z in rest:
                here, coming = coming, thread.submit(self._decoded, z)
                yield from here.result()
            yield from coming.result()

    def _decoded(self, z: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Of z (n, k, d) the frames, uint8 (n, h, k * w, 3)."""
        images = np.asarray(self.decode(z.reshape(-1, z.shape[-1])))
        rows = images.reshape(*z.shape[:2], *images.shape[1:]).transpose(0, 2, 1, 3, 4)
        return rows.reshape(len(z), images.shape[1], -1, 3)

    def save(
        self,
        path: str | Path,
        *,
        side: int | None = None,
        resampling: Resampling = "auto",
        lossless: bool = False,
        columns: int = 64,
        title: str = "",
        force: bool = False,
        on_frame: Callable[[], None] = lambda: None,
        on_written: Callable[[], None] = lambda: None,
    ) -> Path:
        """Write GIF, WebP, PNG (animated), MP4, WebM or an asciinema cast, by the name's ending.

        The same animation gives the same bytes; an interrupt or a full disk leaves no file.

        Args:
            path: Where to; ``.gif``, ``.webp``, ``.png``, ``.apng``, ``.mp4``, ``.webm`` or ``.cast``.
            side: The longer one of a frame, in pixels; None enlarges small frames by a whole number.
            resampling: How: ``"nearest"`` repeats pixels, ``"smooth"`` does not, ``"auto"`` repeats those of
                small images.
            lossless: Whether WebP keeps every bit.
            columns: Cells of the terminal of a cast, whose height follows the image.
            title: Of a cast.
            force: Whether a file that is there is replaced.
            on_frame: Called after every frame.
            on_written: Called when all is written, before the file gets its name.

        Raises:
            UserError: The name has another ending, the file is there already or cannot be written, a library
                is missing, or there are more frames than the format takes.
        """
        terminal = _terminal(self.stream.size, columns) if Path(path).suffix.lower() == ".cast" else None
        return save_animation(
            Path(path),
            self.stream,
            side=side,
            resampling=resampling,
            lossless=lossless,
            terminal=terminal,
            title=title,
            force=force,
            on_frame=on_frame,
            on_written=on_written,
        )

    @property
    def stream(self) -> FrameStream:
        """The frames for a file."""
        height, width = self.size
        beside = self.z.shape[1] if self.z.ndim == 3 else 1
        return FrameStream(self.frames, len(self), self.rate, self.loop, (height, beside * width))

    def _repr_png_(self) -> bytes:
        """Some frames at even distances, for IPython."""
        from vaevis_tui.export.sheet import contact_sheet, draw_sheet

        chosen = np.unique(np.linspace(0, len(self) - 1, _NOTEBOOK_FRAMES).round().astype(int))
        frames = np.stack(list(replace(self, z=self.z[chosen]).frames()))
        images, present = contact_sheet(frames)
        return png_bytes(draw_sheet(images, present=present))


def _terminal(size: tuple[int, int], columns: int) -> tuple[Draw, tuple[int, int]]:
    """What draws frames of a size in half-blocks, as far as they change, and the terminal's size in cells."""
    from vaevis_tui.terminal.cells.renderer import cell_renderer
    from vaevis_tui.terminal.color.colors import ColorMode
    from vaevis_tui.terminal.graphics import Graphics

    renderer = cell_renderer(Graphics.HALF, ColorMode())
    place = renderer.place(*size, columns, MAX_ROWS)
    surface = renderer.surface(place)

    def draw(frame: NDArray[np.uint8]) -> str:
        update = surface.plan(renderer.pixels(frame, place), surface.ladder[0])
        update.commit()
        return update.text

    return draw, (place.columns, place.rows)

"""What the verbs that make many images give: latent vectors and images in rows and columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.api.images import ImageArray, as_images, png_bytes
from vaevis_tui.export.sheet import GAP, NO_LABELS, THEMES, Labels, draw_sheet


@dataclass(frozen=True, eq=False)
class ImageGrid:
    """Images in rows and columns, and what they were decoded from.

    Attributes:
        z: Latent vectors, float32 (rows, columns, d).
        images: uint8 (rows, columns, h, w, 3).
        labels: What `save` writes beside them.
        present: Which images there are, bool (rows, columns); the other places stay empty. None: all.
        gap: Between images on a sheet, as a share of their shorter side.
        metadata: Text that goes into a PNG, by keyword.
    """

    z: NDArray[np.float32]
    images: ImageArray
    labels: Labels = NO_LABELS
    present: NDArray[np.bool_] | None = None
    gap: float = GAP
    metadata: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """How many images, and of what size."""
        rows, columns, height, width, _ = self.images.shape
        return f"<ImageGrid of {rows} x {columns} images of {height} x {width} pixels>"

    @property
    def flat(self) -> tuple[NDArray[np.float32], ImageArray]:
        """Z (n, d) and images (n, h, w, 3), row by row, without the empty places."""
        z = self.z.reshape(-1, self.z.shape[-1])
        images = np.asarray(self.images).reshape(-1, *self.images.shape[2:])
        if self.present is not None:
            z, images = z[self.present.ravel()], images[self.present.ravel()]
        return z, as_images(images)

    def draw(self, *, labels: bool = True, scale: int | None = None, background: str = "light") -> ImageArray:
        """The sheet as one image, uint8 (height, width, 3).

        Args:
            labels: Whether anything is written on it.
            scale: Whole number by which images are enlarged; None chooses one.
            background: ``"light"`` or ``"dark"``.

        Raises:
            UserError: It would be too large.
            ValueError: There is no such background, or the scale is not at least 1.
        """
        if background not in THEMES:
            raise ValueError(f"the background is {background!r}; {' or '.join(THEMES)} is expected")
        if scale is not None and scale < 1:
            raise ValueError(f"the scale is {scale}; a whole number from 1 is expected")
        sheet = draw_sheet(
            np.asarray(self.images),
            self.labels if labels else NO_LABELS,
            scale=scale,
            theme=THEMES[background],
            present=self.present,
            gap=self.gap,
        )
        return sheet.view(ImageArray)

    def save(
        self,
        path: str | Path,
        *,
        labels: bool = True,
        scale: int | None = None,
        background: str = "light",
        force: bool = False,
    ) -> Path:
        """Write the sheet as PNG or PDF, or its vectors and images as npz, by the name's ending.

        Args:
            path: Where to; ``.png``, ``.pdf`` or ``.npz``.
            labels: As of `draw`, like scale and background.
            scale: As of `draw`.
            background: As of `draw`.
            force: Whether a file that is there is replaced.

        Raises:
            UserError: The file is there, cannot be written, or has another ending.
        """
        from vaevis_tui.export.sheet_files import save_arrays, save_sheet

        if Path(path).suffix.lower() == ".npz":
            z, images = self.flat
            return save_arrays(Path(path), {"z": z, "images": np.asarray(images)}, force=force)
        sheet = self.draw(labels=labels, scale=scale, background=background)
        return save_sheet(Path(path), sheet, metadata=self.metadata, force=force)

    def _repr_png_(self) -> bytes:
        """The sheet, for IPython."""
        return png_bytes(self.draw())

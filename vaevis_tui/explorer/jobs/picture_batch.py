"""The points of several pictures, found one after another while the explorer goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.job import Job
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.latent.inversion import approach
from vaevis_tui.onnx_model.extra_inputs import with_values


@dataclass(frozen=True, slots=True, eq=False)
class PictureFound:
    """The point of one picture.

    Attributes:
        exploration: Where it was found.
        name: Of the file, without its ending.
        z: Latent vector, float32 (d,), or a point.
        image: Its decode, uint8 (h, w, 3).
        number: Of the picture, from 1.
    """

    exploration: Exploration
    name: str
    z: NDArray[np.float32]
    image: NDArray[np.uint8]
    number: int


@dataclass(frozen=True, slots=True)
class PicturesEnded:
    """All pictures were looked at.

    Attributes:
        found: How many have a point.
        faults: Why others have none, a line each.
    """

    found: int
    faults: tuple[str, ...] = ()


class PictureBatch(Job[PictureFound | PicturesEnded]):
    """Encodes pictures, or looks for the nearest points where a model has no encoder.

    Args:
        settings: Where decoders come from.
        exploration: The model, as it was opened.
        paths: Of the pictures.
        listener: Called with each event in the searching thread; must only forward it.
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        exploration: Exploration,
        paths: Sequence[Path],
        listener: Callable[[PictureFound | PicturesEnded], None],
    ) -> None:
        self.paths = tuple(paths)
        super().__init__(settings, exploration, listener, "pictures")

    def _work(self) -> None:
        from vaevis_tui.export.picture import read_picture

        bundle = self._exploration.bundle
        faults: list[str] = []
        encoder = None if bundle.encoder_path is None else Encoder(bundle)
        with self._decoder() as decoder:
            for number, path in enumerate(self.paths, start=1):
                decoder.check()
                try:
                    picture = read_picture(path)
                except UserError as error:
                    faults.append(str(error))
                    continue
                target = picture.fitted(bundle.image_height, bundle.image_width, grey=bundle.channels == 1)
                if encoder is None:
                    *_, nearest = approach(decoder.decode, bundle.space, target, None)
                    z = nearest.z
                else:
                    z = encoder.encode(target[None])[0]
                image = decoder.decode(z[None])[0]
                point = with_values(z, bundle.latent_dim, self._values)
                self._tell(PictureFound(self._exploration, path.stem, point, image, number))
        self._tell(PicturesEnded(len(self.paths) - len(faults), tuple(faults)))

    def _failure(self, error: Exception) -> PicturesEnded:
        return PicturesEnded(0, (str(error),))

"""The points of several pictures, found one after another while the explorer goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.own_decoder import Cancelled, OwnDecoder
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.latent.inversion import approach


@dataclass(frozen=True, slots=True, eq=False)
class PictureFound:
    """The point of one picture.

    Attributes:
        exploration: Where it was found.
        name: Of the file, without its ending.
        z: Latent vector, float32 (d,).
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


class PictureBatch:
    """Encodes pictures, or looks for the nearest points where a model has no encoder.

    Args:
        settings: Where decoders come from.
        exploration: The model, as it was opened.
        paths: Of the pictures.
        listener: Called in the thread that looks; must only pass on what it is told.
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        exploration: Exploration,
        paths: Sequence[Path],
        listener: Callable[[PictureFound | PicturesEnded], None],
    ) -> None:
        self.paths = tuple(paths)
        self._settings, self._exploration = settings, exploration
        self._listener = listener
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give up; nothing is told after this."""
        self._unwanted.set()

    def close(self) -> None:
        """Give up, and wait until the thread has ended."""
        self.stop()
        self._thread.join()

    def _work(self) -> None:
        from vaevis_tui.export.picture import read_picture

        bundle = self._exploration.bundle
        faults: list[str] = []
        try:
            encoder = None if bundle.encoder_path is None else Encoder(bundle)
            with OwnDecoder(self._settings, bundle, self._unwanted) as decoder:
                for number, path in enumerate(self.paths, start=1):
                    decoder.check()
                    try:
                        picture = read_picture(path)
                    except UserError as error:
                        faults.append(str(error))
                        continue
                    wanted = picture.fitted(
                        bundle.image_height, bundle.image_width, grey=bundle.channels == 1
                    )
                    if encoder is None:
                        *_, nearest = approach(decoder.decode, bundle.space, wanted, None)
                        z = nearest.z
                    else:
                        z = encoder.encode(wanted[None])[0]
                    image = decoder.decode(z[None])[0]
                    self._tell(PictureFound(self._exploration, path.stem, z, image, number))
            self._tell(PicturesEnded(len(self.paths) - len(faults), tuple(faults)))
        except Cancelled:
            pass
        except Exception as error:
            self._tell(PicturesEnded(0, (str(error),)))

    def _tell(self, news: PictureFound | PicturesEnded) -> None:
        if not self._unwanted.is_set():
            self._listener(news)

"""The page as a widget of Jupyter notebooks. Needs anywidget, the extra ``notebook``."""

from __future__ import annotations

import json
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import ArrayLike

from vaevis_tui.api.images import ImageArray, as_images
from vaevis_tui.api.latents import as_latents
from vaevis_tui.engine.decoder import Decoder, Latents
from vaevis_tui.latent.arrays import unfit_latents
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.web.answers import answer, greeting
from vaevis_tui.web.notebook import SCRIPT, notebook_page


class _Latent(traitlets.TraitType[Latents, ArrayLike]):
    """z, float32 (d,), which goes to the page as a list of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.tag(sync=True, to_json=lambda z, _: z.tolist(), from_json=lambda numbers, _: numbers)

    def validate(self, obj: Any, value: ArrayLike) -> Latents:
        z: Latents = as_latents(value, obj.latent_dim)[0]
        if unfit := unfit_latents(z):
            raise traitlets.TraitError(f"z {unfit}")
        z.flags.writeable = False
        return z

    def set(self, obj: Any, value: ArrayLike) -> None:
        """Store z and tell who observes it, unless it is the one that is there."""
        z = self.validate(obj, value)
        if not np.array_equal(obj._trait_values.get(self.name), z):
            super().set(obj, z)


class ExplorerWidget(anywidget.AnyWidget):
    """The page of a model in a cell: what it shows is decoded in Python, and its z is this one's.

    Attributes:
        z: The latent on show, float32 (d,). What is set is shown, and what the page shows is found here;
            ``widget.observe(function, "z")`` tells of it.
        height: Of the page, in CSS pixels.
    """

    _esm = SCRIPT
    _page = traitlets.Unicode().tag(sync=True)
    _title = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(640, min=240).tag(sync=True)
    z = _Latent()

    def __init__(self, bundle: Bundle, decoder: Decoder, z: ArrayLike, height: int) -> None:
        self._decoder = decoder
        self.latent_dim = bundle.latent_dim
        super().__init__(
            _page=notebook_page(bundle, decoder), _title=f"{bundle.name}, explorer", z=z, height=height
        )
        self.on_msg(self._answer)

    @property
    def image(self) -> ImageArray:
        """The image on show, uint8 (h, w, 3)."""
        return as_images(self._decoder.decode(self.z[None])[0])

    def _answer(self, widget: object, content: dict[str, Any], buffers: list[memoryview]) -> None:
        """One message of a view: that it opens, or latents to be decoded."""
        view = content.get("view")
        reply: bytes | str
        if content.get("kind") == "decode" and buffers:
            reply = answer(self._decoder, bytes(buffers[0]))
        else:
            reply = json.dumps(greeting(self._decoder.info))
        if isinstance(reply, str):
            self.send({"view": view, "text": reply})
        else:
            self.send({"view": view}, [reply])

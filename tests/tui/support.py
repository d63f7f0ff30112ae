"""What the tests of the app share: a clock, a decoder whose pictures are exact anywhere, an app to drive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from textual.message import Message
from textual.pilot import Pilot

from tests.models.make import latents_arrays
from vaevis_tui.engine.decoder import DecoderInfo, DecodeTimes, EngineError, Images, Latents
from vaevis_tui.engine.source import DecoderSource, Frame
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.decoding import Decoding
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.latent.space import Anchors, LatentSpace
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.tui.app import ExplorerApp
from vaevis_tui.tui.explorer import ExplorerScreen
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.panels.hint_bar import HintBar


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class ExactDecoder:
    """Adds up patterns weighted by the latent vector in whole numbers: the same picture on any machine."""

    def __init__(
        self, bundle: Bundle, *, backend: str = "exact", fails_at: float | None = None, reason: str = ""
    ) -> None:
        self._info = DecoderInfo(
            backend,
            "whole numbers",
            "int64",
            bundle.latent_dim,
            bundle.image_height,
            bundle.image_width,
            3,
            reason,
        )
        self._fails_at = fails_at
        y, x = np.mgrid[: bundle.image_height, : bundle.image_width]
        y, x = y * 28 // bundle.image_height, x * 28 // bundle.image_width
        ring = np.abs((x - 14) ** 2 + (y - 14) ** 2 - 80)
        base = np.clip(255 - 3 * ring, 0, 255)
        self._base = np.stack([base, base * 3 // 4, base // 2], axis=-1).astype(np.int64)
        patterns = [((x * (k + 1) + y * (k % 3 + 1)) % 28 - 14) for k in range(bundle.latent_dim)]
        self._patterns = np.stack(patterns).astype(np.float64)

    @property
    def info(self) -> DecoderInfo:
        return self._info

    @property
    def times(self) -> DecodeTimes:
        return DecodeTimes(compute=0.001)

    def decode(self, z: Latents) -> Images:
        if self._fails_at is not None and float(np.abs(z).max()) >= self._fails_at:
            raise EngineError("the device was lost")
        # Whole numbers, exact as floats, whose products NumPy takes fifty times faster.
        weights = np.rint(z.astype(np.float64) * 100)
        shade = np.tensordot(weights, self._patterns, axes=1).astype(np.int64) // 50
        # Few levels make for screenshots of few colours, and those for small files.
        pictures: Images = (np.clip(self._base + shade[..., None], 0, 255) // 36 * 36).astype(np.uint8)
        return pictures

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def make_bundle(name: str = "rings", latent_dim: int = 16, height: int = 28, width: int = 28) -> Bundle:
    """A model in memory."""
    arrays: dict[str, Any] = dict(latents_arrays(latent_dim))
    z, labels, indices = (arrays.pop(f"anchor_{part}") for part in ("z", "labels", "indices"))
    low, median, high = arrays.pop("shell").tolist()
    space = LatentSpace(
        **arrays,
        anchors=Anchors(z, tuple(str(label) for label in labels), indices),
        shell=(low, median, high),
    )
    nowhere = Path("nowhere")
    return Bundle(
        name=name,
        path=nowhere,
        card=None,
        decoder_path=nowhere,
        encoder_path=None,
        space=space,
        latent_dim=latent_dim,
        image_height=height,
        image_width=width,
        channels=3,
        parameters=0,
        multiply_adds=0,
    )


def exact_source(bundle: Bundle, backend: str) -> DecoderSource:
    """Decoded exactly, with something to fall back to."""
    return DecoderSource(
        lambda: ExactDecoder(bundle, reason="asked for"),
        lambda reason: ExactDecoder(bundle, backend="fallback", reason=reason),
    )


def make_settings(*bundles: Bundle, **changes: Any) -> ExplorerSettings:
    """Settings for models in memory, the first of which is opened."""
    models = {bundle.name: bundle for bundle in bundles or (make_bundle(),)}

    def open_bundle(ref: str) -> Bundle:
        if ref not in models:
            raise UserError(f"unknown model {ref!r}: the known ones are {', '.join(models)}")
        return models[ref]

    settings = ExplorerSettings(
        model=next(iter(models)),
        catalog=tuple(models),
        seed=1,
        open_bundle=open_bundle,
        decoder_source=exact_source,
        clock=Clock(),
    )
    return replace(settings, **changes)


@contextmanager
def making_app(settings: ExplorerSettings | None = None) -> Iterator[ExplorerApp]:
    """An app that is ready to run, whose threads are stopped afterwards."""
    settings = settings or make_settings()
    decoding = Decoding(settings)
    try:
        yield ExplorerApp(settings, decoding)
    finally:
        decoding.close()


class Explorer:
    """A running app, and what tests ask of it."""

    def __init__(self, app: ExplorerApp, pilot: Pilot[None], clock: Clock, messages: list[Message]) -> None:
        self.app = app
        self.pilot = pilot
        self.clock = clock
        self.messages = messages
        screen = app.screen_stack[0]
        assert isinstance(screen, ExplorerScreen)
        self.screen = screen

    @property
    def image(self) -> LiveImage:
        return self.screen.query_one("#image", LiveImage)

    @property
    def exploration(self) -> Exploration:
        assert self.screen.exploration is not None
        return self.screen.exploration

    @property
    def frame(self) -> Frame:
        """The newest frame on the screen."""
        frame = self.image.presented
        assert isinstance(frame, Frame)
        return frame

    @property
    def sigma(self) -> list[float]:
        """Every dimension in sigma, to two decimals."""
        return [float(value) for value in np.round(self.exploration.state.sigma, 2) + 0.0]

    @property
    def value(self) -> float:
        """The selected dimension in sigma, to two decimals."""
        return self.sigma[self.exploration.state.selected]

    @property
    def hints(self) -> str:
        """The bottom line."""
        return str(self.screen.query_one(HintBar).render())

    @property
    def notices(self) -> str:
        """The notices on show."""
        return "\n".join(notice.message for notice in self.app._notifications)

    async def press(self, *keys: str) -> None:
        """Press keys and wait until the picture is the one of where they lead."""
        await self.pilot.press(*keys)
        await self.settle()

    async def settle(self) -> None:
        """Wait until the picture on the screen is that of the point."""
        await self.until(self._settled)

    def _settled(self) -> bool:
        frame = self.image.presented
        return isinstance(frame, Frame) and frame.tag is self.exploration and frame.z is self._point(frame)

    def _point(self, frame: Frame) -> object:
        return frame.z if np.array_equal(frame.z, self.exploration.point) else None

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the app run, and its clock a second at a time, until the condition holds."""
        while not condition():
            self.clock.now += 1.0
            await self.pilot.pause()


@asynccontextmanager
async def exploring(
    settings: ExplorerSettings | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Explorer]:
    """Run the app until the first picture is on the screen, and end it afterwards."""
    settings = settings or make_settings()
    assert isinstance(settings.clock, Clock)
    messages: list[Message] = []
    with making_app(settings) as app:
        async with app.run_test(size=size, message_hook=messages.append, notifications=True) as pilot:
            explorer = Explorer(app, pilot, settings.clock, messages)
            await explorer.until(lambda: explorer.screen.exploration is not None)
            await explorer.settle()
            await explorer.until(lambda: explorer.exploration.axis_set.effects is not None)
            yield explorer


class TickingClock:
    """A clock that makes every picture due: each look at it is a tenth of a second after the last."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now

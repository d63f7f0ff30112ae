"""The one screen: it holds the state, and wires keys and pointer to the worker, the worker to the picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen

from vaevis_tui.engine.decoder import DecoderInfo
from vaevis_tui.engine.service import Frame
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.decoding import Decoded, Decoding, EngineEvent, Failed, Opened
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.inversion_search import InversionSearch, SearchFailed, SearchProgress
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.explorer.walk_pacer import WalkPacer
from vaevis_tui.latent.inversion import Inversion
from vaevis_tui.latent.notation import parse_latent
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.terminal.graphics import PROTOCOLS, Graphics
from vaevis_tui.terminal.link.clipboard import clipboard_hint, set_clipboard
from vaevis_tui.tui import keys
from vaevis_tui.tui.fps_panel import FpsPanel
from vaevis_tui.tui.graphics_switch import GraphicsSwitch
from vaevis_tui.tui.hint_bar import HintBar
from vaevis_tui.tui.latent_bars import LatentBars
from vaevis_tui.tui.layout import arrange
from vaevis_tui.tui.live_image import LiveImage
from vaevis_tui.tui.terminal_port import TerminalPort
from vaevis_tui.tui.textual_private import write_out
from vaevis_tui.tui.value_prompt import ValuePrompt

WALK_RATE = 60.0
"""Steps of the walk per second where decoding and drawing keep up: what most terminals refresh at."""
PANEL_RATE = 5.0
"""Updates of the statistics per second: faster than this, digits cannot be read."""
PREFERRED = "wgpu"
"""The backend that nobody needs to be told of when it takes over."""
NO_PICTURE = (28, 28)
"""Height and width in pixels that the window is divided for until a model is open."""
TYPING_SUSPENDS = frozenset({"select", "select_page", "select_end", "nudge", "ask_value"})
"""Actions whose keys a prompt does not take for itself, and that would move what it asks about."""


class WorkerEvent(Message):
    """Something happened in another thread."""

    def __init__(self, news: EngineEvent | SearchProgress | SearchFailed) -> None:
        super().__init__()
        self.news = news

    def can_replace(self, message: Message) -> bool:
        """A newer picture makes an older one of no use; other news is never dropped."""
        return (
            isinstance(message, WorkerEvent)
            and isinstance(self.news, Decoded)
            and isinstance(message.news, Decoded)
        )


class ExplorerScreen(Screen[None]):
    """Picture, bars, statistics and hints.

    The loop is closed: what changes the point submits it, the worker decodes the newest, and its picture
    comes back as `WorkerEvent`. The walk takes a step only when the picture of the step before has come, so
    that it never asks for more than can be shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keys.EXPLORER]
    DEFAULT_CSS = """
    ExplorerScreen {
        layout: vertical; overflow: hidden; background: $background;
        #main { height: 1fr; }
        LiveImage { width: 1fr; height: 1fr; }
    }
    """

    def __init__(self, settings: ExplorerSettings, decoding: Decoding, port: TerminalPort) -> None:
        super().__init__()
        self._settings = settings
        self._decoding = decoding
        self._exploration: Exploration | None = None
        self._info: DecoderInfo | None = None
        self._port = port
        self._image = LiveImage(
            port, meter=settings.meter, placeholder=f"opening {settings.model} …", id="image"
        )
        self._image.before_paint = self._show_point  # bars and frame go out together, at the link's pace
        self._bars = LatentBars()
        self._panel = FpsPanel()
        self._hints = HintBar()
        self._graphics = GraphicsSwitch(
            port, self, settings.graphics, settings.colors, settings.inquiry, self._show_graphics
        )
        self._pace = WalkPacer(settings.clock, lambda: not self._image.waiting)
        self._newest: Frame | None = None
        self._about_colors = settings.notice
        """Said once it is known what pictures are drawn with: not in cells they may have all colours."""
        self._walk_at_start = settings.walk
        self._seeking: InversionSearch | None = None
        self._nearest: NDArray[np.float32] | None = None
        """Where the search has led, while it goes on: who is elsewhere went there, and is not led away."""
        self._walking = False
        """Whether the ticker runs."""

    @property
    def exploration(self) -> Exploration | None:
        """The model on show and where in it we are; None until one is open."""
        return self._exploration

    def compose(self) -> ComposeResult:
        """Picture beside bars, statistics below, hints at the bottom."""
        with Horizontal(id="main"):
            yield self._image
            yield self._bars
        yield self._panel
        yield self._hints

    def on_mount(self) -> None:
        """Lay out, begin the tickers and listen to the decoding."""
        self._ticker = self.set_interval(1 / WALK_RATE, self._tick, pause=True)
        self.set_interval(1 / PANEL_RATE, self._show_statistics)
        self._panel.walk = (False, self._settings.speed)
        self._arrange(self.app.size.width, self.app.size.height)
        self._decoding.listen(self._post_event)
        self.call_after_refresh(self._graphics.start, self.app)

    def on_resize(self, event: events.Resize) -> None:
        """Divide the new window before it is laid out."""
        self._arrange(event.size.width, event.size.height)
        self._graphics.resized()

    def _arrange(self, width: int, height: int) -> None:
        bundle = self._exploration.bundle if self._exploration else None
        image = (bundle.image_height, bundle.image_width) if bundle else NO_PICTURE
        plan = arrange(width, height, *image)
        self._bars.display = plan.bars > 0
        self._bars.styles.width = plan.bars
        self._panel.display = plan.panel > 0
        self._panel.styles.height = plan.panel
        self._hints.display = plan.hints > 0 and not self.query(ValuePrompt)
        self._hints.left_out = plan.left_out
        self._show_here()

    # Events from the worker

    def _post_event(self, news: EngineEvent | SearchProgress | SearchFailed) -> None:
        """Called in other threads."""
        self.post_message(WorkerEvent(news))

    @on(WorkerEvent)
    def _on_worker_event(self, message: WorkerEvent) -> None:
        match message.news:
            case Opened(exploration, info):
                self._take_model(exploration, info)
            case Decoded(exploration, frame):
                if exploration is self._exploration:
                    self._take_frame(frame)
            case Failed(error, ref):
                self._take_failure(error, ref)
            case SearchProgress(exploration, found, last):
                self._take_nearer(exploration, found, last)
            case SearchFailed(error):
                self._end_search(f"Search failed: {error}", severity="error")

    def _take_model(self, exploration: Exploration, info: DecoderInfo) -> None:
        former, self._info = self._info, info
        self._panel.opening, self._panel.decoder = self._decoding.opening or "", info
        if exploration is self._exploration:
            if former is not None and former.backend != info.backend != PREFERRED:
                text = f"Fell back to {info.backend}: {info.reason}"
                self.notify(text, severity="warning", timeout=10, markup=False)
            return
        if self._exploration is not None:
            self._exploration.stop_walk()
        else:
            self._tell_of_session()
            self._seek(exploration)
        self._exploration = exploration
        space = exploration.bundle.space
        self._bars.show_space(space.order, space.kl)
        self._panel.model = exploration.bundle.name
        for note in exploration.bundle.notes:
            self.notify(note, timeout=8, markup=False)
        self._arrange(self.size.width, self.size.height)
        self._show_point()
        if self._walk_at_start and self._nearest is None:
            self._walk_at_start = False
            exploration.start_walk()
        self._walk_or_rest()

    def _seek(self, exploration: Exploration) -> None:
        if (picture := self._settings.picture) is not None:
            self._nearest = exploration.z
            self._seeking = InversionSearch(self._settings, exploration, picture, self._post_event)
            self.notify(f"Searching for {picture.path} …", timeout=4, markup=False)

    def _take_nearer(self, exploration: Exploration, found: Inversion, last: bool) -> None:
        picture, seeking = self._settings.picture, self._seeking
        if picture is None or seeking is None or self._nearest is None:
            return
        if exploration is not self._exploration or exploration.z is not self._nearest:
            seeking.stop()
            self._walk_at_start = False
            self._end_search(f"Search for {picture.path} cancelled")
            return
        self._change(lambda here: here.go_to(found.z, "seek"))
        self._nearest = exploration.z
        if last:
            self._end_search(f"Closest match to {picture.path}: RMSE {found.error:.0f} of 255")

    def _end_search(self, text: str, severity: SeverityLevel = "information") -> None:
        """Say how it ended, and begin the walk that waited for it."""
        self._nearest = None
        self.notify(text, severity=severity, timeout=8, markup=False)
        if self._walk_at_start:
            self._walk_at_start = False
            self.action_walk()

    def on_unmount(self) -> None:
        """Leave no thread behind."""
        if self._seeking is not None:
            self._seeking.close()

    def _tell_of_session(self) -> None:
        settings = self._settings
        if settings.sessions is not None and settings.resumed is None and settings.sessions.was_cut_off():
            text = "The last session ended unexpectedly; --resume restores it."
            self.notify(text, timeout=8, markup=False)

    def _take_frame(self, frame: Frame) -> None:
        for _ in range(frame.number - 1 - (self._newest.number if self._newest else 0)):
            self._image.meter.dropped()  # it was replaced by this one on its way here
        self._newest = frame
        self._image.show(frame)
        self._pace.picture_came()
        self._step_if_due()

    @on(LiveImage.Presented, "#image")
    def _presented(self) -> None:
        self._step_if_due()

    def _take_failure(self, error: Exception, ref: str | None) -> None:
        if self._exploration is None:
            self.app.exit(return_code=2)
            return
        self._panel.opening = self._decoding.opening or ""
        if ref is not None:
            text = f"{ref} was not opened: {error}"
            self._submit()  # what moved meanwhile was not decoded
        else:
            text = f"decoding failed: {error}; m opens a model again"
        self.notify(text, severity="error", timeout=10, markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a value is being typed for a dimension, the others stand still."""
        return not (self.query(ValuePrompt) and action in TYPING_SUSPENDS)

    # The point

    def _change(self, action: Callable[[Exploration], object]) -> None:
        """Let something change the exploration, then show and decode where it stands."""
        exploration = self._exploration
        if exploration is None:
            return
        before = exploration.z
        action(exploration)
        self._show_point()
        self._walk_or_rest()
        if exploration.z is not before:
            self._submit()

    def _submit(self) -> None:
        if self._exploration is not None:
            self._decoding.submit(self._exploration)

    def _show_point(self) -> None:
        if self._exploration is not None:
            state = self._exploration.state
            self._bars.show_point(state.sigma, state.selected)
            self._show_here()

    def _show_here(self) -> None:
        exploration = self._exploration
        if exploration is None or self._bars.display:
            self._hints.here = ""
        else:
            self._hints.here = f"z{exploration.state.selected} {exploration.value:+.2f} σ"

    def action_select(self, places: int) -> None:
        """Move the selection."""
        self._change(lambda exploration: exploration.select_by(places))

    def action_select_page(self, pages: int) -> None:
        """Move the selection by what is in sight."""
        self.action_select(pages * self._bars.page)

    def action_select_end(self, end: int) -> None:
        """Move the selection to the first (-1) or last (1) dimension."""
        self._change(lambda exploration: exploration.select_by(end * exploration.bundle.latent_dim))

    def action_nudge(self, sigmas: float) -> None:
        """Move the selected dimension."""
        self._change(lambda exploration: exploration.nudge(sigmas))

    def action_reset(self) -> None:
        """Put the selected dimension back to the mean."""
        self._change(lambda exploration: exploration.reset(exploration.state.selected))

    def action_reset_all(self) -> None:
        """Put every dimension back to the mean."""
        self._change(lambda exploration: exploration.reset_all())

    def action_random(self) -> None:
        """Go to a random point."""
        self._change(lambda exploration: exploration.random())

    def action_undo(self) -> None:
        """Before the last change."""
        self._change_or_tell(Exploration.undo, "Nothing to undo")

    def action_redo(self) -> None:
        """Again what was undone."""
        self._change_or_tell(Exploration.redo, "Nothing to redo")

    def _change_or_tell(self, step: Callable[[Exploration], bool], text: str) -> None:
        def change(exploration: Exploration) -> None:
            if not step(exploration):
                self.notify(text, timeout=2, markup=False)

        self._change(change)

    @on(LatentBars.Selected)
    def _select(self, message: LatentBars.Selected) -> None:
        self._change(lambda exploration: exploration.select(message.dimension))

    @on(LatentBars.Dragged)
    def _drag(self, message: LatentBars.Dragged) -> None:
        key = ("drag", message.gesture)
        self._change(lambda exploration: exploration.set_value(message.dimension, message.sigma, key))

    @on(LatentBars.ResetAsked)
    def _reset_pressed(self, message: LatentBars.ResetAsked) -> None:
        self._change(lambda exploration: exploration.reset(message.dimension))

    @on(LatentBars.Wheeled)
    def _wheel(self, message: LatentBars.Wheeled) -> None:
        self.action_select(message.rows)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel over the picture moves the selected dimension."""
        if self._image.region.contains_point(event.screen_offset):
            self.action_nudge(0.1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel over the picture moves the selected dimension."""
        if self._image.region.contains_point(event.screen_offset):
            self.action_nudge(-0.1)

    # The walk

    def action_walk(self) -> None:
        """Walk, or rest."""
        self._change(lambda e: e.stop_walk() if e.walking else e.start_walk())

    def action_change_speed(self, steps: int) -> None:
        """Walk faster or slower."""
        self._change(lambda exploration: exploration.change_speed(steps))

    def _walk_or_rest(self) -> None:
        """Run the ticker if there is a walk to be seen."""
        exploration = self._exploration
        on = exploration is not None and exploration.walking and self.is_active
        if on and not self._walking:
            self._pace.restart()
            self._ticker.resume()
        elif self._walking and not on:
            self._ticker.pause()
        self._walking = on
        if exploration is not None:
            self._panel.walk = (exploration.walking, exploration.speed)

    def _tick(self) -> None:
        self._pace.tick()
        self._step_if_due()

    def _step_if_due(self) -> None:
        exploration = self._exploration
        if self._walking and exploration is not None and self._pace.due:
            exploration.walk_on(self._pace.step())
            self._submit()

    def on_screen_suspend(self) -> None:
        """Rest while another screen lies over this one, which would hide the walk."""
        self._image.hide()
        self._ticker.pause()
        self._walking = False

    def on_screen_resume(self) -> None:
        """Go on."""
        self._walk_or_rest()

    # Statistics

    def _show_statistics(self) -> None:
        self._panel.statistics = self._image.meter.snapshot()
        self._panel.link = self._port.link.stats()
        graphics, quality = self._port.renderer.graphics, self._image.quality
        plain = graphics is Graphics.HALF or quality != "exact"
        self._panel.quality = quality if plain else f"{graphics}, exact"

    # The clipboard

    def action_copy(self) -> None:
        """Copy the latent vector to the clipboard of the terminal's machine."""
        exploration, multiplexer = self._exploration, self._settings.way.multiplexer
        if exploration is None:
            return
        write_out(self.app, set_clipboard(exploration.z_text, multiplexer))
        text = f"copied z, {len(exploration.z)} numbers. {clipboard_hint(multiplexer)}"
        self.notify(text, markup=False)

    def on_paste(self, event: events.Paste) -> None:
        """Go to a latent vector that was copied before."""
        if self._exploration is None:
            return
        try:
            numbers = parse_latent(event.text)
        except ValueError:
            dim = self._exploration.bundle.latent_dim
            text = f"The clipboard holds no latent vector (expected {dim} numbers)"
            self.notify(text, severity="error", markup=False)
            return
        try:
            self._change(lambda exploration: exploration.go_to(numbers))
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)

    # Graphics

    def action_graphics(self) -> None:
        """Draw pictures with the next kind of graphics."""
        self._graphics.cycle()

    def _show_graphics(self, graphics: Graphics, notice: str | None) -> None:
        self._hints.graphics = graphics
        about_colors, self._about_colors = self._about_colors, None
        if graphics in PROTOCOLS and not self._settings.colors.grey:
            about_colors = None
        for text in (notice, about_colors):
            if text:
                self.notify(text, timeout=3 if len(text) < 40 else 8, markup=False)

    # Prompt, help, models, snapshot

    def action_ask_value(self) -> None:
        """Type an exact value for the selected dimension."""
        if self._exploration is None or self.query(ValuePrompt):
            return
        self._hints.display = False
        self.mount(ValuePrompt(self._exploration.state.selected, self._exploration.value))

    @on(ValuePrompt.Answered)
    def _set_value(self, message: ValuePrompt.Answered) -> None:
        self._change(lambda exploration: exploration.set_value(message.dimension, message.sigma))

    @on(ValuePrompt.Closed)
    async def _close_prompt(self) -> None:
        await self.query(ValuePrompt).remove()
        self._arrange(self.size.width, self.size.height)

    def action_help(self) -> None:
        """Show every key."""
        from vaevis_tui.tui.help import HelpScreen

        self.app.push_screen(HelpScreen(keys.helps(self.active_bindings.values())))

    def action_models(self) -> None:
        """Choose another model."""
        from vaevis_tui.tui.model_picker import ModelPicker, entry

        current = self._exploration.ref if self._exploration else self._settings.model
        entries = [entry(ref) for ref in self._decoding.known]
        self.app.push_screen(ModelPicker(entries, current), self._open_model)

    def _open_model(self, ref: str | None) -> None:
        if ref is not None:
            self._panel.opening = ref
            self._decoding.open(ref)

    def action_snapshot(self) -> None:
        """Save the picture on show; nothing stops for it."""
        frame = self._image.presented or self._newest
        if not isinstance(frame, Frame) or not isinstance(frame.tag, Exploration) or self._info is None:
            return
        bundle = frame.tag.bundle
        # A worker of Textual's is cancelled when the app is left; the loop's own threads are waited for.
        saving = asyncio.get_running_loop().run_in_executor(
            None, _save, self._settings.snapshot_dir, bundle, frame.z, frame.picture, self._info.backend
        )
        saving.add_done_callback(lambda saved: self.call_later(self._tell_saved, saved))

    def _tell_saved(self, saved: asyncio.Future[Path]) -> None:
        try:
            path = saved.result()
        except UserError as error:
            text = f"no snapshot: {error} (--snapshot-dir DIR)"
            self.notify(text, severity="error", timeout=10, markup=False)
        else:
            self.notify(f"saved {path}", markup=False)


def _save(
    folder: Path, bundle: Bundle, z: NDArray[np.float32], picture: NDArray[np.uint8], backend: str
) -> Path:
    """Called in another thread."""
    from vaevis_tui.explorer.snapshots import save

    return save(folder, bundle, z, picture, backend)

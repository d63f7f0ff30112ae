from __future__ import annotations

import asyncio
import math
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from textual import events
from textual.binding import Binding
from textual.command import CommandList
from textual.widgets import Label

from tests.models.make import encoder_model, write_decoder
from tests.tui.support import ExactDecoder, exact_source, exploring, make_bundle, make_settings, making_app
from vaevis_tui.engine.decoder import EngineError, Images, Latents
from vaevis_tui.engine.source import DecoderSource
from vaevis_tui.errors import UserError
from vaevis_tui.export.picture import PictureFile, read_picture
from vaevis_tui.export.png import read_metadata
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.tui import keys
from vaevis_tui.tui.explorer import ExplorerScreen
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.menus.help import HelpScreen
from vaevis_tui.tui.menus.value_prompt import ValuePrompt
from vaevis_tui.tui.panels.details import Details
from vaevis_tui.tui.panels.hint_bar import HintBar
from vaevis_tui.tui.panels.latent_bars import LatentBars
from vaevis_tui.tui.panels.status_line import StatusLine
from vaevis_tui.tui.panels.strip_panel import StripPanel


def track_of(bars: LatentBars) -> tuple[int, int]:
    """First and last column of the tracks, from how a row looks: a track is all that has its colour."""
    track = bars.get_component_rich_style("latent-bars--track", partial=True).bgcolor
    line = bars.render_line(8)
    columns = [style.bgcolor == track for text, style, _ in line for _ in text if style]
    return columns.index(True), len(columns) - 1 - columns[::-1].index(True)


def wheel(event: type[events.MouseEvent], x: int, y: int) -> events.MouseEvent:
    return event(None, x, y, 0, 0, 0, False, False, False, screen_x=x, screen_y=y)


async def test_starts_where_decode_with_that_seed_would_stand() -> None:
    async with exploring() as explorer:
        space = explorer.exploration.bundle.space
        np.testing.assert_array_equal(explorer.frame.z, space.sample(1)[0])


async def test_the_picture_on_the_screen_is_the_decode_of_the_point() -> None:
    async with exploring() as explorer:
        await explorer.press("right", "down", "shift+left")
        decoder = ExactDecoder(explorer.exploration.bundle)
        np.testing.assert_array_equal(explorer.frame.image, decoder.decode(explorer.exploration.z[None])[0])


@pytest.mark.parametrize(
    ("key", "step"),
    [
        ("left", -0.1),
        ("right", 0.1),
        ("shift+left", -1.0),
        ("shift+right", 1.0),
        ("less_than_sign", -1.0),
        ("greater_than_sign", 1.0),
        ("ctrl+left", -0.01),
        ("ctrl+right", 0.01),
        ("comma", -0.01),
        ("full_stop", 0.01),
    ],
)
async def test_keys_move_the_selected_dimension(key: str, step: float) -> None:
    async with exploring() as explorer:
        before = explorer.sigma
        selected = explorer.exploration.state.selected
        await explorer.press(key)
        change = np.subtract(explorer.sigma, before)
        assert change[selected] == pytest.approx(step, abs=0.011)
        assert np.count_nonzero(change) == 1


async def test_keys_select_dimensions_in_order_of_their_effect_on_the_image() -> None:
    async with exploring() as explorer:
        axes = explorer.exploration.axis_set
        assert axes.effects is not None
        order: list[int] = axes.order.tolist()
        assert order == np.argsort(-axes.effects, kind="stable").tolist()
        await explorer.press("home")

        async def selected_after(*keys: str) -> int:
            await explorer.press(*keys)
            return order.index(explorer.exploration.state.selected)

        assert await selected_after() == 0
        assert await selected_after("down", "down", "up") == 1
        assert await selected_after("end") == 15
        assert await selected_after("down") == 15
        assert await selected_after("home", "up") == 0
        assert await selected_after("pagedown") > 5
        assert await selected_after("pageup") == 0


async def test_a_held_key_is_one_step_to_undo() -> None:
    async with exploring() as explorer:
        start = explorer.sigma
        await explorer.press(*["right"] * 7)
        moved = explorer.sigma
        await explorer.press("u")
        assert explorer.sigma == start
        await explorer.press("U")
        assert explorer.sigma == moved


async def test_an_undo_with_nothing_to_undo_says_so() -> None:
    async with exploring() as explorer:
        await explorer.press("u")
        assert "Nothing to undo" in explorer.notices
        await explorer.press("right", "u")
        assert "Nothing to redo" not in explorer.notices
        await explorer.press("U", "U")
        assert "Nothing to redo" in explorer.notices


async def test_a_pasted_vector_may_be_printed_by_any_program() -> None:
    async with exploring() as explorer:
        numbers = [0.25] * 16
        explorer.app.screen.post_message(events.Paste(f"tensor({numbers}, dtype=torch.float32)"))
        await explorer.until(lambda: explorer.exploration.z.tolist() == numbers)
        explorer.app.screen.post_message(events.Paste("not a vector"))
        await explorer.until(lambda: "expected 16 numbers" in explorer.notices)


async def test_reset_of_one_and_of_all() -> None:
    async with exploring() as explorer:
        start = explorer.sigma
        await explorer.press("down", "backspace")
        assert explorer.value == 0
        assert np.count_nonzero(np.subtract(explorer.sigma, start)) == 1
        await explorer.press("c")
        assert explorer.sigma == [0.0] * 16
        await explorer.press("u", "u")
        assert explorer.sigma == start


async def test_random_points_are_drawn_from_the_posterior_one_after_the_other() -> None:
    async with exploring() as explorer:
        expected = explorer.exploration.bundle.space.sample(1, 3)
        for z in expected[1:]:
            await explorer.press("r")
            np.testing.assert_array_equal(explorer.frame.z, z)


async def test_typing_a_value() -> None:
    async with exploring() as explorer:
        await explorer.press("down", "enter", *"-1.25", "enter")
        assert explorer.value == -1.25
        assert not explorer.screen.query(ValuePrompt)


async def test_a_wrong_value_is_explained_and_changes_nothing() -> None:
    async with exploring() as explorer:
        start = explorer.sigma
        await explorer.press("enter", *"12", "enter")
        prompt = explorer.screen.query_one(ValuePrompt)
        assert "from -10 to 10" in str(prompt.query_one("#advice", Label).content)
        assert explorer.sigma == start
        await explorer.press("escape")
        assert not explorer.screen.query(ValuePrompt)
        assert explorer.screen.query_one(HintBar).display


async def test_letters_typed_into_the_prompt_are_no_commands() -> None:
    async with exploring() as explorer:
        start, selected = explorer.sigma, explorer.exploration.state.selected
        await explorer.press("enter", "w", "r", "q", "down", "shift+left")
        assert (explorer.sigma, explorer.exploration.state.selected) == (start, selected)
        assert not explorer.exploration.walking
        assert explorer.app.is_running
        await explorer.press("escape")


async def test_walk_moves_the_picture_stops_and_is_one_step_to_undo() -> None:
    async with exploring() as explorer:
        start = explorer.sigma
        await explorer.press("w")
        assert explorer.exploration.walking
        first = explorer.frame.number
        await explorer.until(lambda: explorer.frame.number > first + 5)
        await explorer.press("w")
        assert not explorer.exploration.walking
        assert explorer.sigma != start
        await explorer.press("u")
        assert explorer.sigma == start


async def test_a_random_point_does_not_stop_the_walk_but_taking_hold_of_a_dimension_does() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("w", "r")
        assert explorer.exploration.walking
        await explorer.press("right")
        assert not explorer.exploration.walking


async def test_speed_of_the_walk_is_shown() -> None:
    async with exploring() as explorer:
        await explorer.press("plus", "plus", "minus")
        assert explorer.notices.endswith("walk 2 σ/s")
        await explorer.pilot.press("w")
        await explorer.until(lambda: "walk 2 σ/s" in str(explorer.screen.query_one(StatusLine).render()))
        await explorer.pilot.press("i")
        assert explorer.screen.query_one(Details).walk == (True, 2.0)


async def test_the_walk_rests_beneath_another_screen() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("w", "question_mark")
        await explorer.until(lambda: isinstance(explorer.app.screen, HelpScreen))
        await explorer.pilot.pause()
        stood = explorer.sigma
        explorer.clock.now += 1.0
        await explorer.pilot.pause(3 / 60)
        assert explorer.sigma == stood
        await explorer.pilot.press("escape")
        await explorer.until(lambda: explorer.sigma != stood)
        await explorer.press("w")


async def test_snapshot_holds_the_picture_and_the_point_on_the_screen(tmp_path: Path) -> None:
    async with exploring(make_settings(snapshot_dir=tmp_path)) as explorer:
        await explorer.press("right")
        await explorer.press("s")
        await explorer.until(lambda: "saved" in explorer.notices)
        (path,) = tmp_path.iterdir()
        with Image.open(path) as image:
            np.testing.assert_array_equal(np.asarray(image), explorer.frame.image)
        info = SnapshotInfo.from_metadata(read_metadata(path))
        np.testing.assert_array_equal(info.latent, explorer.exploration.z)
        assert (info.model, info.backend) == ("rings", "exact")
        assert str(path) in explorer.notices


async def test_a_folder_that_cannot_be_written_to_is_a_notice(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    async with exploring(make_settings(snapshot_dir=missing)) as explorer:
        await explorer.press("s")
        await explorer.until(lambda: f"{missing} does not exist" in explorer.notices)
        assert "--snapshot-dir" in explorer.notices
        await explorer.press("right")


async def test_another_model_keeps_the_place_in_the_first() -> None:
    small, large = make_bundle(), make_bundle("planes", 40, 32, 48)
    async with exploring(make_settings(small, large)) as explorer:
        await explorer.press("right", "right")
        place = explorer.sigma
        await explorer.pilot.press("m", "down", "enter")
        await explorer.until(lambda: explorer.exploration.bundle is large)
        await explorer.settle()
        assert explorer.frame.image.shape == (32, 48, 3)
        await explorer.press("right")
        await explorer.pilot.press("m", "up", "enter")
        await explorer.until(lambda: explorer.exploration.bundle is small)
        await explorer.settle()
        assert explorer.sigma == place
        await explorer.press("u")
        assert explorer.sigma != place


async def test_a_model_that_cannot_be_opened_is_a_notice_and_the_old_one_goes_on() -> None:
    settings = make_settings()
    async with exploring(replace(settings, catalog=("rings", "gone"))) as explorer:
        await explorer.pilot.press("m", "down", "enter")
        await explorer.until(lambda: "gone was not opened" in explorer.notices)
        before = explorer.sigma
        await explorer.press("right")
        assert explorer.sigma != before


async def test_a_decoder_that_cannot_be_opened_is_a_notice_and_the_old_one_goes_on() -> None:
    def source(bundle: Bundle, backend: str) -> DecoderSource:
        def refuse() -> ExactDecoder:
            raise EngineError("no adapter")

        return DecoderSource(refuse) if bundle.name == "planes" else exact_source(bundle, backend)

    bundles = make_bundle(), make_bundle("planes", 40)
    async with exploring(make_settings(*bundles, decoder_source=source)) as explorer:
        await explorer.pilot.press("m", "down", "enter")
        await explorer.until(lambda: "planes was not opened: no adapter" in explorer.notices)
        before = explorer.sigma
        await explorer.press("right")
        assert explorer.sigma != before


async def test_tiles_that_were_dropped_for_a_model_that_was_not_opened_come_all_the_same() -> None:
    held, goes_on = threading.Event(), threading.Event()

    class Held(ExactDecoder):
        def decode(self, z: Latents) -> Images:
            if held.is_set():
                goes_on.wait()
            return super().decode(z)

    def refuse() -> ExactDecoder:
        raise EngineError("no adapter")

    def source(bundle: Bundle, backend: str) -> DecoderSource:
        return DecoderSource(refuse if bundle.name == "planes" else lambda: Held(bundle))

    bundles = make_bundle(), make_bundle("planes", 40)
    async with exploring(make_settings(*bundles, decoder_source=source)) as explorer:
        strip = explorer.screen.query_one(StripPanel)
        held.set()
        await explorer.pilot.press("v")
        await explorer.until(lambda: strip._on_way is not None)
        asked = strip._on_way
        await explorer.pilot.press("m", "down", "enter")
        await explorer.until(lambda: explorer.app.screen is explorer.screen)
        held.clear()
        goes_on.set()
        await explorer.until(lambda: "planes was not opened: no adapter" in explorer.notices)
        async with asyncio.timeout(60):
            await explorer.until(lambda: strip.complete)
        assert strip._on_way is not asked


async def test_a_decoder_that_fails_gives_way_to_another_with_a_notice() -> None:
    def source(bundle: Bundle, backend: str) -> DecoderSource:
        return replace(exact_source(bundle, backend), open=lambda: ExactDecoder(bundle, fails_at=6.0))

    async with exploring(make_settings(decoder_source=source)) as explorer:
        await explorer.press("enter", *"9", "enter")
        assert explorer.value == 9
        assert "Fell back to fallback: the device was lost" in explorer.notices
        assert "fallback" in str(explorer.screen.query_one(StatusLine).render())


async def test_when_nothing_is_left_to_fall_back_to_the_model_can_be_opened_again() -> None:
    def source(bundle: Bundle, backend: str) -> DecoderSource:
        return DecoderSource(lambda: ExactDecoder(bundle, fails_at=6.0))

    async with exploring(make_settings(decoder_source=source)) as explorer:
        await explorer.pilot.press("enter", *"9", "enter")
        await explorer.until(lambda: "decoding failed: the device was lost" in explorer.notices)
        await explorer.pilot.press("backspace", "m", "enter")
        await explorer.settle()
        assert explorer.value == 0
        assert explorer.notices.count("decoding failed") == 1


def picture_of(bundle: Bundle, seed: int, folder: Path) -> PictureFile:
    """A file of what the model makes of a random point."""
    Image.fromarray(ExactDecoder(bundle).decode(bundle.space.sample(seed))[0]).save(folder / "dog.png")
    return read_picture(folder / "dog.png")


async def test_a_picture_is_looked_for_while_the_explorer_is_on(tmp_path: Path) -> None:
    bundle = make_bundle()
    picture = picture_of(bundle, 7, tmp_path)
    wanted = np.asarray(picture.image).astype(int)
    async with exploring(make_settings(bundle, picture=picture, walk=True)) as explorer:
        await explorer.until(lambda: "dog.png: RMSE" in explorer.notices)
        assert explorer.exploration.walking  # from there, and not before
        await explorer.until(lambda: len(explorer.exploration.state.past) == 2)
        await explorer.press("w")
        start, found = explorer.exploration.state.past
        np.testing.assert_array_equal(start, bundle.space.sample(1)[0])
        off = [np.abs(ExactDecoder(bundle).decode(z[None])[0] - wanted).mean() for z in (start, found)]
        assert off[1] < off[0] / 3
        await explorer.press("u", "u")  # the walk, and the way to what was found
        assert not explorer.exploration.state.past


async def test_whoever_moves_is_not_led_away(tmp_path: Path) -> None:
    bundle, go_on = make_bundle(), threading.Event()

    class Held(ExactDecoder):
        def decode(self, z: Latents) -> Images:
            assert go_on.wait(60)
            return super().decode(z)

    def source(bundle: Bundle, backend: str) -> DecoderSource:
        return (
            DecoderSource(lambda: Held(bundle)) if backend == "onnxruntime" else exact_source(bundle, backend)
        )

    settings = make_settings(bundle, picture=picture_of(bundle, 7, tmp_path), decoder_source=source)
    async with exploring(settings) as explorer:
        assert "Searching for" in explorer.notices
        await explorer.press("right")
        here = explorer.sigma
        go_on.set()
        await explorer.until(lambda: "dog.png cancelled" in explorer.notices)
        await explorer.settle()
        assert explorer.sigma == here


async def test_a_search_begins_where_the_models_encoder_says(tmp_path: Path) -> None:
    plain, asked = make_bundle(), list[Latents]()
    wanted = plain.space.sample(7)[0]
    path = tmp_path / "encoder.onnx"
    shape = (plain.channels, plain.image_height, plain.image_width)
    constant = encoder_model(np.zeros((math.prod(shape), len(wanted)), np.float32), shape, bias=wanted)
    path.write_bytes(constant.SerializeToString())
    decoder = write_decoder(tmp_path / "decoder.onnx", plain.latent_dim, channels=plain.channels)
    bundle = replace(plain, encoder_path=path, decoder_path=decoder)

    class Listening(ExactDecoder):
        def decode(self, z: Latents) -> Images:
            asked.append(z)
            return super().decode(z)

    def source(bundle: Bundle, backend: str) -> DecoderSource:
        if backend == "onnxruntime":
            return DecoderSource(lambda: Listening(bundle))
        return exact_source(bundle, backend)

    settings = make_settings(bundle, picture=picture_of(bundle, 7, tmp_path), decoder_source=source)
    async with exploring(settings) as explorer:
        await explorer.until(lambda: "dog.png: RMSE" in explorer.notices)
    np.testing.assert_array_equal(asked[0], wanted[None])


async def test_an_encoder_that_is_none_is_a_notice_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "encoder.onnx"
    path.write_bytes(b"")
    plain = make_bundle()
    decoder = write_decoder(tmp_path / "decoder.onnx", plain.latent_dim, channels=plain.channels)
    bundle = replace(plain, encoder_path=path, decoder_path=decoder)
    settings = make_settings(bundle, picture=picture_of(bundle, 7, tmp_path))
    async with exploring(settings) as explorer:
        await explorer.until(lambda: "encoder.onnx: not an ONNX file" in explorer.notices)


async def test_a_search_that_cannot_be_begun_is_a_notice(tmp_path: Path) -> None:
    def source(bundle: Bundle, backend: str) -> DecoderSource:
        if backend == "onnxruntime":
            raise UserError("there is no onnxruntime")
        return exact_source(bundle, backend)

    bundle = make_bundle()
    settings = make_settings(
        bundle, picture=picture_of(bundle, 7, tmp_path), decoder_source=source, walk=True
    )
    async with exploring(settings) as explorer:
        await explorer.until(lambda: "Search failed: there is no onnxruntime" in explorer.notices)
        assert explorer.exploration.walking
        before = explorer.sigma
        await explorer.press("right")
        assert explorer.sigma != before


async def test_dragging_a_bar_sets_its_value_and_is_one_step_to_undo() -> None:
    async with exploring() as explorer:
        start = explorer.sigma
        bars = explorer.screen.query_one(LatentBars)
        order = explorer.exploration.axis_set.order
        left, right = track_of(bars)
        await explorer.pilot.mouse_down(bars, offset=(left, 3))
        await explorer.pilot.hover(bars, offset=((left + right) // 2 - 5, 3))
        await explorer.pilot.hover(bars, offset=(right, 7))
        await explorer.pilot.mouse_up(bars, offset=(right, 7))
        await explorer.settle()
        assert explorer.exploration.state.selected == order[2]
        assert explorer.value == 3.0
        sent = [message for message in explorer.messages if isinstance(message, LatentBars.Dragged)]
        assert {message.row for message in sent} == {order[2]}
        assert sent[0].sigma == -3.0
        await explorer.press("u")
        assert explorer.sigma == start


async def test_pressing_a_name_selects_without_moving() -> None:
    async with exploring() as explorer:
        start = explorer.sigma
        await explorer.pilot.click(LatentBars, offset=(2, 5))
        await explorer.settle()
        assert explorer.exploration.state.selected == explorer.exploration.axis_set.order[4]
        assert explorer.sigma == start


async def test_pressing_twice_resets() -> None:
    async with exploring() as explorer:
        await explorer.pilot.click(LatentBars, offset=(2, 5), times=2)
        await explorer.settle()
        assert explorer.value == 0


async def test_the_wheel_selects_over_the_bars_and_moves_over_the_picture() -> None:
    async with exploring() as explorer:
        bars, image = explorer.screen.query_one(LatentBars), explorer.image
        for widget, event in ((bars, events.MouseScrollDown), (image, events.MouseScrollUp)):
            explorer.app.post_message(wheel(event, widget.region.x + 4, widget.region.y + 4))
            await explorer.pilot.pause()
        await explorer.settle()
        order = explorer.exploration.axis_set.order
        assert explorer.exploration.state.selected == order[1]
        assert explorer.exploration.state.past


async def test_follows_every_resize() -> None:
    async with exploring() as explorer:
        for width, height in ((200, 60), (40, 12), (20, 6), (5, 2), (120, 36), (80, 24)):
            await explorer.pilot.resize_terminal(width, height)
            await explorer.press("right")
            placement = explorer.image.placement
            assert placement is not None
            assert placement.columns <= explorer.image.size.width
            assert placement.rows <= explorer.image.size.height
        assert placement is not None
        assert (placement.height, placement.width) == (28, 28)


async def test_a_small_window_shows_the_selected_row_in_the_status_line() -> None:
    async with exploring(size=(40, 12)) as explorer:
        status = explorer.screen.query_one(StatusLine)
        name = f"z{explorer.exploration.state.selected} "
        assert explorer.screen.query_one(LatentBars).region.width >= 16
        assert name not in str(status.render())
        await explorer.pilot.resize_terminal(15, 8)
        await explorer.press("right")
        assert name in str(status.render())


async def test_no_key_does_harm_before_a_model_is_open() -> None:
    settings = make_settings()
    go_on = threading.Event()

    def open_slowly(ref: str) -> Bundle:
        assert go_on.wait(20)
        return settings.open_bundle(ref)

    with making_app(replace(settings, open_bundle=open_slowly)) as app:
        async with app.run_test() as pilot:
            for binding in Binding.make_bindings(keys.EXPLORER):
                await pilot.press(binding.key)
                if app.screen is not app.screen_stack[0]:
                    await pilot.press("escape")
            assert "opening rings" in str(app.screen.query_one("#image", LiveImage).render())
            go_on.set()
            screen = app.screen
            assert isinstance(screen, ExplorerScreen)
            while screen.exploration is None:
                await pilot.pause()
            assert not screen.exploration.state.past


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_keys_that_leave(key: str) -> None:
    async with exploring() as explorer:
        await explorer.pilot.press(key)
        await explorer.pilot.pause()
        assert explorer.app.return_code == 0
        assert not explorer.app.is_running


async def test_leaves_from_the_prompt_too() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("enter", "1", "ctrl+c")
        await explorer.pilot.pause()
        assert not explorer.app.is_running


async def test_a_first_model_that_cannot_be_opened_ends_the_app() -> None:
    with making_app(make_settings(model="gone")) as app:
        async with app.run_test() as pilot:
            await pilot.pause()
        assert app.return_code == 2


async def test_the_palette_runs_every_command() -> None:
    async with exploring() as explorer:
        commands = {command.title: command for command in explorer.app.get_system_commands(explorer.screen)}
        named = {
            binding.description
            for binding in (*keys.EXPLORER, *keys.APP)
            if binding.action != "app.command_palette"
        }
        assert named <= set(commands)
        await explorer.pilot.press("ctrl+p", *"reset all")
        await explorer.until(lambda: explorer.app.screen.query_one(CommandList).option_count > 0)
        await explorer.pilot.press("enter")
        await explorer.until(lambda: not any(explorer.sigma))


async def test_hints_are_pressed() -> None:
    async with exploring() as explorer:
        hints = explorer.screen.query_one(HintBar)
        column = str(hints.render()).index("w walk") + 1
        await explorer.pilot.click(hints, offset=(column, 0))
        await explorer.until(lambda: explorer.exploration.walking)
        await explorer.press("w")


async def test_what_is_clipped_at_the_start_and_in_a_paste_is_said() -> None:
    bundle = make_bundle()
    far = np.zeros(bundle.latent_dim)
    far[0] = 25
    async with exploring(make_settings(bundle, sigma=tuple(far))) as explorer:
        await explorer.until(lambda: "1 of" in explorer.notices)
        assert "lay beyond ±10 σ, up to 25; set to it" in explorer.notices
        z = bundle.space.from_sigma(2 * far)
        explorer.app.post_message(events.Paste(",".join(map(str, z))))
        await explorer.until(lambda: "up to 50" in explorer.notices)
    async with exploring(make_settings(bundle, decoder_hash="0" * 64, z=tuple(far / 25))) as explorer:
        await explorer.until(lambda: "is not the decoder that made the snapshot" in explorer.notices)
        assert "lay beyond" not in explorer.notices

"""The explorer's keys: latents moved, typed, walked and undone; sizes of the window; ways to leave."""

from __future__ import annotations

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

from tests.tui.support import ExactDecoder, exploring, make_bundle, make_settings, making_app
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
        rng = np.random.Generator(np.random.PCG64(1))
        space = explorer.exploration.bundle.space
        space.sample(rng)  # the first point
        for _ in range(2):
            await explorer.press("r")
            seed = explorer.exploration.seed_of(explorer.frame.z)
            assert seed is not None
            assert seed == rng.integers(1 << 32), "the same each time the explorer has the same seed"
            np.testing.assert_array_equal(explorer.frame.z, space.sample(seed)[0])


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
        assert (info.model, info.backend, info.seed) == ("rings", "exact", None)
        assert str(path) in explorer.notices
        await explorer.press("r")
        await explorer.press("s")
        await explorer.until(lambda: len(list(tmp_path.glob("*.png"))) == 2)
        (second,) = {*tmp_path.iterdir()} - {path}
        last = SnapshotInfo.from_metadata(read_metadata(second))
        assert last.seed is not None
        np.testing.assert_array_equal(explorer.exploration.bundle.space.sample(last.seed)[0], last.latent)


async def test_a_folder_that_cannot_be_written_to_is_a_notice(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    async with exploring(make_settings(snapshot_dir=missing)) as explorer:
        await explorer.press("s")
        await explorer.until(lambda: f"{missing} does not exist" in explorer.notices)
        assert "--snapshot-dir" in explorer.notices
        await explorer.press("right")


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

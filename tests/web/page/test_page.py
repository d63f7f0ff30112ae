"""The page in Chromium, driven by keys, mouse and files: mnist-2d, whose kernels compile fast."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, expect

from tests.web.pages import NAME, apart, decoded, opened, page_decode, page_z, shipped_page, until
from vaevis_tui.latent.axes import dimension_set
from vaevis_tui.latent.neighbours import AnchorIndex
from vaevis_tui.latent.space import Anchors, LatentSpace
from vaevis_tui.latent.typicality import TypicalityScale
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.models.identity import decoder_hash
from vaevis_tui.web.export import single_file


def test_decodes_what_decode_does(shown: Page) -> None:
    bundle = open_bundle(NAME)
    z = bundle.space.sample(1, 3)
    assert shown.evaluate("vaevis.backend") == "webgpu"
    assert apart(page_decode(shown, z, 28, 28), decoded(bundle, z)) <= 1
    said = shown.evaluate("vaevis.decode([1, NaN]).catch((error) => error.message)")
    assert "finite" in said


def test_keys_of_the_terminal(shown: Page) -> None:
    space = open_bundle(NAME).space
    keyboard = shown.keyboard
    expect(shown.locator("#sets button", has_text="Directions")).to_have_attribute("aria-pressed", "true")
    keyboard.press("a")  # to the dimensions, round the end
    keyboard.press("c")
    np.testing.assert_allclose(page_z(shown), space.mean, atol=1e-6)
    row = int(shown.locator(".row.selected").get_attribute("data-row") or -1)
    for key in ("ArrowRight", "Shift+ArrowRight", "Control+ArrowRight", ">", ",", "ArrowLeft"):
        keyboard.press(key)
    np.testing.assert_allclose(space.to_sigma(page_z(shown))[row], 2.0, atol=1e-4)
    keyboard.press("ArrowDown")
    other = int(shown.locator(".row.selected").get_attribute("data-row") or -1)
    assert other == 1 - row
    keyboard.press("Enter")
    shown.locator("#value-input").fill("-1.25")
    asked = page_z(shown)[other]
    keyboard.press("Enter")
    until(shown, f"Math.abs(vaevis.z[{other}] - {asked}) > 1e-3")  # a dialog closes a task later
    np.testing.assert_allclose(space.to_sigma(page_z(shown))[other], -1.25, atol=1e-4)
    keyboard.press("Backspace")
    assert abs(space.to_sigma(page_z(shown))[other]) < 1e-5
    keyboard.press("u")
    np.testing.assert_allclose(space.to_sigma(page_z(shown))[other], -1.25, atol=1e-4)
    before = page_z(shown)
    keyboard.press("r")
    assert not np.array_equal(page_z(shown), before)
    keyboard.press("u")
    np.testing.assert_array_equal(page_z(shown), before)
    shown.locator("#tab-map").click()
    keyboard.press("/")  # shows the axes, too
    filter_ = shown.locator("#filter")
    expect(filter_).to_be_focused()
    keyboard.type("z1")
    for leave in ("Enter", "/", "Escape"):
        keyboard.press(leave)
    expect(filter_).not_to_be_focused()
    expect(shown.locator(".row.selected")).to_have_attribute("data-row", "1")
    expect(shown.locator(".row")).to_have_count(2)
    keyboard.press("?")
    expect(shown.locator("#help")).to_be_visible()
    keyboard.press("Escape")
    expect(shown.locator("#help")).to_be_hidden()


def test_anchors_and_the_way_back(shown: Page) -> None:
    space = open_bundle(NAME).space
    shown.keyboard.press("n")  # the page begins at the first example
    np.testing.assert_array_equal(page_z(shown), space.anchors.z[np.argmax(space.anchors.indices >= 0) + 1])
    far = (space.mean + 6 * space.std).tolist()
    shown.evaluate("z => vaevis.show(z)", far)
    expect(shown.locator("#typical-words")).to_have_text("beyond the data")
    shown.keyboard.press("t")
    expected = TypicalityScale(space).pull_back(np.array(far, np.float32))
    np.testing.assert_allclose(page_z(shown), expected, atol=0.02)
    far = [4.9, -3.9]  # the middle of the nearest component is rare
    shown.evaluate("z => vaevis.show(z)", far)
    shown.keyboard.press("t")
    expected = TypicalityScale(space).pull_back(np.array(far, np.float32))
    np.testing.assert_allclose(page_z(shown), expected, atol=0.05)


def test_a_value_beyond_the_data_is_said_as_in_the_terminal(shown: Page) -> None:
    """In two dimensions the point as a whole is beyond, too, so the rule is asked by itself."""
    index = AnchorIndex(
        replace(
            LatentSpace.standard_normal(2),
            anchors=Anchors(np.array([[0, 5], [0, -1]], np.float32), ("a", "b"), np.arange(2)),
        )
    )
    axes = dimension_set(LatentSpace.standard_normal(2))
    asked = [(row, sigma) for row in (0, 1) for sigma in (4.0, 4.1, -4.1, 4.9, 5.1)]
    said = shown.evaluate(
        """async (asked) => {
            const { AnchorGallery } = await import("./page/panels/anchors.js");
            const gallery = {
                furthest: { axisSet: null }, whitened: [0, 1],
                app: { space: { anchor: (i) => [[0, 5], [0, -1]][i] } },
            };
            const axisSet = { coordinate: (z, row) => z[row] };
            Object.setPrototypeOf(gallery, AnchorGallery.prototype);
            return asked.map(([row, sigma]) => gallery.isBeyond(axisSet, row, sigma));
        }""",
        asked,
    )
    assert said == [index.is_beyond(axes, row, sigma) for row, sigma in asked]
    assert True in said
    assert False in said


def test_a_walk_moves_and_is_one_step(shown: Page) -> None:
    start = page_z(shown)
    shown.keyboard.press("w")
    expect(shown.locator("#walk")).to_have_attribute("aria-pressed", "true")
    until(shown, f"Math.hypot(vaevis.z[0] - {start[0]}, vaevis.z[1] - {start[1]}) > 0.05")
    shown.keyboard.press("w")
    assert open_bundle(NAME).space.dim == len(page_z(shown))
    shown.keyboard.press("u")
    np.testing.assert_array_equal(page_z(shown), start)


def test_a_slider_follows_the_mouse(shown: Page) -> None:
    shown.locator("#tab-sliders").click()
    row = shown.locator(".row").first
    track = row.locator(".track").bounding_box()
    assert track is not None
    shown.mouse.click(track["x"] + track["width"] * 2 / 3, track["y"] + track["height"] / 2)
    assert abs(float(row.get_attribute("aria-valuenow") or "nan") - 1) < 0.05


def test_the_map_is_the_space(shown: Page) -> None:
    """A click goes to the point of the plane that lies there."""
    plane = shipped_page(NAME).record["space"]["plane"]
    left, right, bottom, top = plane["extent"]
    shown.locator("#map-anchors").uncheck()
    box = shown.locator("#map").bounding_box()
    assert box is not None
    shown.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.4)
    expected = left + 0.25 * (right - left), top - 0.4 * (top - bottom)
    np.testing.assert_allclose(page_z(shown), expected, atol=0.02)
    shown.locator("#map").focus()
    shown.keyboard.press("ArrowUp")
    np.testing.assert_allclose(page_z(shown), (expected[0], expected[1] + 0.1), atol=0.02)


def test_the_address_holds_z(shown: Page, browser: Browser) -> None:
    shown.keyboard.press("r")
    z = page_z(shown)
    shown.locator("#link").click()
    page = browser.new_page()
    opened(page, shown.url)
    np.testing.assert_array_equal(page_z(page), z)
    page.goto("about:blank")
    opened(page, shown.url.split("#")[0] + "#sigma=0.5,-1")
    np.testing.assert_allclose(open_bundle(NAME).space.to_sigma(page_z(page)), (0.5, -1), atol=1e-5)
    page.close()


def test_bookmarks_stay(shown: Page) -> None:
    shown.keyboard.press("r")
    z = page_z(shown)
    shown.keyboard.press("b")
    shown.reload()
    shown.evaluate("vaevis.ready.then(() => undefined)")
    shown.locator("#tab-bookmarks").click()
    shown.keyboard.press("c")
    shown.get_by_role("button", name="Go to bookmark 1").click()
    np.testing.assert_array_equal(page_z(shown), z)


def test_a_page_of_one_file(browser: Browser, tmp_path: Path) -> None:
    """From a disk, from a server that says another encoding than it has, and converted to that."""
    file = tmp_path / "page.html"
    file.write_bytes(single_file(shipped_page(NAME), None))
    bundle = open_bundle(NAME)
    z = bundle.space.sample(2, 1)
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    hosted = "http://localhost/page.html"
    bodies = iter((file.read_bytes(), file.read_text("utf-16").encode()))
    page.route(
        hosted, lambda route: route.fulfill(body=next(bodies), content_type="text/html; charset=utf-8")
    )
    for address in (file.as_uri(), hosted, hosted):
        assert opened(page, address)["backend"] == "webgpu"
        assert apart(page_decode(page, z, 28, 28), decoded(bundle, z)) <= 1
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:", hosted))] == []
    page.close()


def test_the_page_in_the_documentation(browser: Browser, root: Path) -> None:
    """It decodes the model that is shipped; docs/web.md has the command that makes it again."""
    bundle = open_bundle(NAME)
    z = bundle.space.sample(5, 4)
    page = browser.new_page()
    info = opened(page, (root / "docs" / "mnist-2d.html").as_uri())
    assert info["hash"] == decoder_hash(bundle)
    assert apart(page_decode(page, z, 28, 28), decoded(bundle, z)) <= 1
    page.close()

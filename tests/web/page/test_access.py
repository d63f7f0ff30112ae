"""The page for people who use keys, a screen reader or a finger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.pages import NAME, node_package, opened, page_z, shipped_page
from vaevis_tui.export.png import save_png
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.models.bundle import open_bundle

PANELS = ("sliders", "map", "anchors", "bookmarks", "between", "about")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe finds wrong."""
    if not page.evaluate("'axe' in window"):
        page.evaluate((node_package("axe-core") / "axe.min.js").read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "async (values) => (await axe.run({ runOnly: { type: 'tag', values } })).violations", RULES
    )
    return [
        f"{each['id']}: {node['html']} {node['failureSummary']}" for each in found for node in each["nodes"]
    ]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing(shown: Page, colours: Any) -> None:
    """In every panel, in the help and where a value is asked for."""
    shown.emulate_media(color_scheme=colours, reduced_motion="reduce")
    shown.keyboard.press("b")
    for name in PANELS:
        shown.locator(f"#tab-{name}").click()
        assert violations(shown) == [], name
    for key in ("?", "Enter"):
        shown.keyboard.press(key)
        assert violations(shown) == [], key
        shown.keyboard.press("Escape")


def test_axe_finds_nothing_on_a_phone(phone: Page) -> None:
    assert violations(phone) == []


def test_names_and_roles(shown: Page) -> None:
    """What a screen reader is told, by Chromium's own tree of it."""
    shown.locator("#tab-sliders").click()
    expect(shown.get_by_role("heading", level=1)).to_have_text(
        "Handwritten digits on a map (MNIST, two dimensions)"
    )
    expect(shown.get_by_role("tab", name="Sliders")).to_have_attribute("aria-selected", "true")
    shown.get_by_role("button", name="Dimensions").click()
    slider = shown.get_by_role("slider", name="z0")
    slider.focus()
    shown.keyboard.press("Backspace")
    shown.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "+0.10 sigma")
    shown.locator("#tab-map").click()
    shown.get_by_role("application", name="Map of the latent space").focus()
    before = page_z(shown)
    shown.keyboard.press("ArrowRight")
    assert page_z(shown)[0] > before[0]
    shown.keyboard.press("y")
    said = shown.locator("[role=status][aria-live=polite]")
    expect(said).not_to_be_empty()


def test_bars_are_seen_in_colours_of_the_system(shown: Page) -> None:
    """Where the system forces its colours, as for high contrast, it takes backgrounds away."""
    shown.emulate_media(forced_colors="active")
    shown.locator("#tab-sliders").click()
    chosen, others = (
        {
            shown.evaluate("(name) => getComputedStyle(document.querySelector(name)).backgroundColor", name)
            for name in names
        }
        for names in (
            (".fill", '#sets [aria-pressed="true"]', "#tab-sliders"),
            ("#sets [aria-pressed='false']", "#tab-map", "main", "body"),
        )
    )
    assert not chosen & others


def test_everything_is_reached_by_tab(shown: Page) -> None:
    """Buttons, the strip, tabs, the panel that is open; a dialog gives the focus back."""
    shown.locator("#tab-map").click()
    shown.locator("#load").focus()
    reached = ["load"]
    while reached[-1] != "map" and len(reached) < 60:
        shown.keyboard.press("Tab")
        here = "document.activeElement"
        reached.append(shown.evaluate(f"{here}.id || {here}.parentElement?.id"))
    wanted = "theme help-open random slower walk faster mean save link strip tab-map map-tiles map-all map"
    assert set(wanted.split()) <= set(reached)
    shown.locator("#help-open").focus()
    shown.keyboard.press("Enter")
    expect(shown.locator("#help")).to_be_visible()
    shown.keyboard.press("Escape")
    assert shown.evaluate("document.activeElement.id") == "help-open"


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    """The page on a phone."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    page = context.new_page()
    opened(page, f"{address}/?backend=webgpu")
    yield page
    context.close()


def swipe(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A finger from one place to another."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        session.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        )

    send("touchStart", start)
    for share in np.linspace(0, 1, 8):
        send("touchMove", (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
    send("touchEnd")


def test_a_finger_moves_sliders_and_the_map(phone: Page) -> None:
    phone.locator("#tab-sliders").tap()
    row = phone.locator(".row").first
    box = row.locator(".track").bounding_box()
    assert box is not None
    middle, width, y = box["x"] + box["width"] / 2, box["width"], box["y"] + box["height"] / 2
    phone.touchscreen.tap(middle + width / 3, y)
    assert abs(float(row.get_attribute("aria-valuenow") or "nan") - 2) < 0.1
    swipe(phone, (middle + width / 3, y), (middle - width / 6, y))
    assert abs(float(row.get_attribute("aria-valuenow") or "nan") + 1) < 0.1
    phone.keyboard.press("u")
    assert abs(float(row.get_attribute("aria-valuenow") or "nan") - 2) < 0.1  # a swipe is one step
    before = page_z(phone)
    swipe(phone, (middle, y), (middle + 10, y - 150))  # scrolls the page
    np.testing.assert_array_equal(page_z(phone), before)
    assert phone.evaluate("scrollY") > 0
    phone.locator("#tab-map").tap()
    phone.locator("#map").scroll_into_view_if_needed()
    box = phone.locator("#map").bounding_box()
    assert box is not None
    at = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.4
    swipe(phone, at, (at[0] + 0.4 * box["width"], at[1]))
    left, right, bottom, top = shipped_page(NAME).record["space"]["plane"]["extent"]
    expected = left + 0.7 * (right - left), top - 0.4 * (top - bottom)
    np.testing.assert_allclose(page_z(phone), expected, atol=0.05)


def test_a_phone_has_room_for_fingers(phone: Page) -> None:
    """Nothing wider than the screen, nothing smaller than 24 by 24 (WCAG 2.2, 2.5.8), the tools 40."""
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    small = phone.evaluate("""() => [...document.querySelectorAll("button, input, [role=slider]")]
        .filter((each) => each.checkVisibility())
        .map((each) => [each.id || each.className, (each.closest("label") ?? each).getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 24 || height < 24).map(([name]) => name)""")
    assert small == []
    assert phone.evaluate("""() => [...document.querySelectorAll(".tools button")]
        .filter((each) => each.checkVisibility()).every((each) => each.offsetHeight >= 40)""")


def test_a_snapshot_is_dropped_on_the_page(shown: Page, tmp_path: Path) -> None:
    z = open_bundle(NAME).space.sample(7)[0]
    info = SnapshotInfo(NAME, "1.0", tuple(map(float, z)), None, "onnxruntime", "")
    save_png(tmp_path / "ours.png", np.zeros((28, 28, 3), np.uint8), metadata=info.to_metadata())
    dropped = shown.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(bytes)], "ours.png", { type: "image/png" }));
            return transfer;
        }""",
        list((tmp_path / "ours.png").read_bytes()),
    )
    shown.dispatch_event("body", "dragover", {"dataTransfer": dropped})
    assert shown.evaluate("document.documentElement.classList.contains('dropping')")
    shown.dispatch_event("body", "drop", {"dataTransfer": dropped})
    expect(shown.locator("#message")).to_have_text("Opened ours.png.")
    np.testing.assert_array_equal(page_z(shown), z)
    assert not shown.evaluate("document.documentElement.classList.contains('dropping')")

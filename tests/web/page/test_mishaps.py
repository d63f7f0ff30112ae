"""What befalls the page: addresses and files of nonsense, a server that goes, two tabs, a narrow window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.pages import NAME, apart, decoded, opened, page_decode, page_z
from tests.web.serve.serving import serve
from vaevis_tui.models.bundle import open_bundle

DROP = """([name, kind, make]) => {
    const transfer = new DataTransfer();
    if (name) transfer.items.add(new File([eval(make)], name, { type: kind }));
    else transfer.setData("text/plain", make);
    const how = { dataTransfer: transfer, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new DragEvent("drop", how));
}"""

SIGNATURE = "137, 80, 78, 71, 13, 10, 26, 10"


@pytest.mark.parametrize("nonsense", ["#z=abc", "#z=1,2,3", "#z=1,x", "#sigma=NaN,1", "#%%%", "#z=%F0%28"])
def test_an_address_of_nonsense_is_said(shown: Page, nonsense: str) -> None:
    before = page_z(shown)
    shown.evaluate("(hash) => void (location.hash = hash)", nonsense)
    expect(shown.locator("#message")).to_contain_text("no latent of this model (2 numbers)")
    np.testing.assert_array_equal(page_z(shown), before)


def test_numbers_too_large_for_the_space_stay_at_its_edge(shown: Page) -> None:
    shown.evaluate("void (location.hash = '#z=1e39,-1e300')")
    space = open_bundle(NAME).space
    shown.evaluate("() => new Promise((done) => setTimeout(done))")
    assert np.isfinite(page_z(shown)).all()
    assert (np.abs(space.to_sigma(page_z(shown))) <= 10.001).all()


FILES: dict[str, tuple[str, str, str]] = {
    "ten megabytes of text": ("long.txt", "'1,'.repeat(5e6)", "is no snapshot"),
    "a PNG that ends in a length": ("cut.png", f"Uint8Array.from([{SIGNATURE}, 255, 255])", "is no snapshot"),
    "a chunk that is longer than its file": (
        "long.png",
        f"Uint8Array.from([{SIGNATURE}, 255, 255, 255, 255, 116, 69, 88, 116, 0, 0, 0, 0])",
        "is no snapshot",
    ),
    "nothing": ("empty.png", "''", "is no snapshot"),
    "more than a picture": ("huge.png", "new Uint8Array(65 * 2 ** 20)", "is no snapshot"),
}


@pytest.mark.parametrize("what", FILES)
def test_files_of_nonsense_are_said(shown_without_policy: Page, what: str) -> None:
    page = shown_without_policy
    name, make, said = FILES[what]
    before = page_z(page)
    page.evaluate(DROP, [name, "", make])
    expect(page.locator("#message")).to_contain_text(f"{name} {said}")
    np.testing.assert_array_equal(page_z(page), before)


@pytest.fixture
def shown_without_policy(browser: Browser, address: str) -> Any:
    """The page, whose tests may use `eval`."""
    context = browser.new_context(reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    opened(page, f"{address}/?backend=webgpu")
    yield page
    context.close()


def test_text_that_is_dropped(shown: Page) -> None:
    """A latent is gone to, as one that is pasted; ten megabytes of text are not even read."""
    shown.evaluate(DROP, ["", "", "0.5, -0.25"])
    np.testing.assert_allclose(page_z(shown), (0.5, -0.25))
    for text in ("hello", "1," * 5_000_000):
        shown.evaluate(DROP, ["", "", text])
        expect(shown.locator("#message")).to_have_text(
            "What was dropped holds no latent (expected 2 numbers)."
        )
        np.testing.assert_allclose(page_z(shown), (0.5, -0.25))


def test_two_tabs_share_bookmarks(browser: Browser, address: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    one, other = context.new_page(), context.new_page()
    for page in (one, other):
        opened(page, f"{address}/?backend=webgpu")
        page.locator("#tab-bookmarks").click()
    one.keyboard.press("b")
    expect(other.get_by_role("button", name="Go to bookmark 1")).to_be_visible()
    other.keyboard.press("b")
    expect(one.get_by_role("button", name="Go to bookmark 2")).to_be_visible()
    one.get_by_role("button", name="Remove bookmark 1").click()
    expect(other.get_by_role("button", name="Go to bookmark 1")).to_have_count(0)
    expect(other.get_by_role("button", name="Go to bookmark 2")).to_be_visible()
    context.close()


def test_a_server_that_goes_and_comes_back(browser: Browser) -> None:
    page = browser.new_page(reduced_motion="reduce")
    with serve() as address:
        opened(page, address)
        page.keyboard.press("w")
    expect(page.locator("#failure")).to_contain_text("asked again")
    page.keyboard.press("w")
    assert page.evaluate("vaevis.decode(vaevis.z).catch((error) => error.message)").startswith("Server")
    z = page_z(page)
    with serve("--port", address.rstrip("/").rpartition(":")[2]):
        expect(page.locator("#failure")).to_be_hidden(timeout=20_000)
        expect(page.locator("#backend")).to_have_text("Live")
        np.testing.assert_array_equal(page_z(page), z)
        assert apart(page_decode(page, z[None], 28, 28), decoded(open_bundle(NAME), z[None])) == 0
    page.close()


@pytest.mark.parametrize("size", [(390, 844), (844, 390), (768, 1024), (1024, 768), (1280, 800), (1700, 900)])
def test_no_word_lies_on_another(shown: Page, size: tuple[int, int]) -> None:
    """On phones and tablets, upright and lying, and on screens: buttons keep their words and their rows."""
    shown.set_viewport_size({"width": size[0], "height": size[1]})
    assert shown.evaluate("document.documentElement.scrollWidth") <= size[0]
    spilt = shown.evaluate("""() => [...document.querySelectorAll("button, .row .ends i")]
        .filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1)
        .map((each) => each.id || each.textContent)""")
    assert spilt == []
    rows = shown.evaluate("""() => new Set([...document.querySelectorAll(".tools > *")]
        .filter((each) => each.checkVisibility()).map((each) => Math.round(each.offsetTop))).size""")
    assert rows == 1


def test_a_narrow_window_cuts_nothing_off(shown: Page) -> None:
    shown.set_viewport_size({"width": 320, "height": 640})
    for panel in ("sliders", "map", "anchors", "bookmarks", "between", "about"):
        shown.locator(f"#tab-{panel}").click()
        assert shown.evaluate("document.documentElement.scrollWidth") == 320, panel
    outside = shown.evaluate("""() => [...document.querySelectorAll("button, input, h1")]
        .filter((each) => each.checkVisibility() && !each.closest("#tabs"))
        .map((each) => [each.id || each.className, each.getBoundingClientRect()])
        .filter(([, { left, right }]) => left < 0 || right > innerWidth + 0.5).map(([name]) => name)""")
    assert outside == []

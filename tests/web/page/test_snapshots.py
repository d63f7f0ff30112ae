"""A snapshot of the page in the terminal's explorer, and one of the explorer on the page."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect
from textual.geometry import Spacing

from tests.e2e.harness.ptyharness import PtySession
from tests.web.pages import NAME, apart, decoded, page_decode, page_z
from vaevis_tui.export.png import read_metadata
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.models.identity import decoder_hash
from vaevis_tui.terminal.placement import fit
from vaevis_tui.tui.layout import Panels, arrange

SIDE = 28

COLUMNS, ROWS = 80, 24


def in_the_terminal(session: PtySession) -> NDArray[np.uint8] | None:
    """The image on the screen, uint8 (28, 28, 3); None while there is none."""
    layout = arrange(COLUMNS, ROWS, (SIDE, SIDE), Panels(rows=2, map=True))
    region = layout.image.shrink(Spacing.all(1))
    placement = fit(SIDE, SIDE, *region.size)
    try:
        pixels = session.pixels(
            region.y + placement.top, region.x + placement.left, placement.rows, placement.columns
        )
    except ValueError:
        return None
    return pixels if pixels.shape == (SIDE, SIDE, 3) else None


def test_a_snapshot_goes_to_the_terminal_and_back(shown: Page, tmp_path: Path) -> None:
    bundle = open_bundle(NAME)
    shown.keyboard.press("r")
    z = page_z(shown)
    # The image on show has caught up once another decode, which waits for it, is done.
    page_decode(shown, z[None], SIDE, SIDE)
    with shown.expect_download() as download:
        shown.keyboard.press("s")
    file = tmp_path / "page.png"
    download.value.save_as(file)
    info = SnapshotInfo.from_metadata(read_metadata(file))
    np.testing.assert_array_equal(info.latent, z)
    assert (info.model, info.decoder_hash) == (NAME, decoder_hash(bundle))
    pixels = np.asarray(Image.open(io.BytesIO(file.read_bytes())).convert("RGB"))
    assert apart(pixels, decoded(bundle, z[None])[0]) <= 1

    folder = tmp_path / "snapshots"
    folder.mkdir()
    here = decoded(bundle, z[None])[0]
    command = [sys.executable, "-m", "vaevis_tui", "open", str(file), "--backend", "onnxruntime"]
    with PtySession([*command, "--snapshot-dir", str(folder)], COLUMNS, ROWS) as session:

        def shows_it() -> bool | None:
            """Whether the image is the page's; None while there is none."""
            image = in_the_terminal(session)
            return None if image is None else np.array_equal(image, here)

        session.wait_for(lambda: shows_it() is True, "the point of the page")
        session.press("r")
        session.wait_for(lambda: shows_it() is False, "another point")
        session.wait_for(lambda: not session.terminal.modes.get(2026), "all of its image")
        session.press("s")
        session.wait_for_text("saved")
        session.press("q")
        assert session.wait_exit() == 0
    (ours,) = folder.iterdir()
    other = SnapshotInfo.from_metadata(read_metadata(ours)).latent
    assert not np.array_equal(other, z)

    dropped = shown.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(bytes)], "ours.png", { type: "image/png" }));
            return transfer;
        }""",
        list(ours.read_bytes()),
    )
    shown.dispatch_event("body", "drop", {"dataTransfer": dropped})
    expect(shown.locator("#message")).to_have_text("Opened ours.png.")
    np.testing.assert_array_equal(page_z(shown), other)
    assert apart(page_decode(shown, other[None], SIDE, SIDE), decoded(bundle, other[None])) <= 1


def test_a_picture_without_a_point_is_said(shown: Page, tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    shown.locator("#file").set_input_files(tmp_path / "plain.png")
    expect(shown.locator("#message")).to_contain_text("holds no latent")

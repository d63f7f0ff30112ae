"""How the explorer starts, and its dependencies; tests pass other ones.

A person's own settings are read in `vaevis_tui.explorer.storage.config`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vaevis_tui.errors import UserError
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.graphics import AUTO
from vaevis_tui.terminal.link.profile import LinkProfile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vaevis_tui.engine.source import DecoderSource
    from vaevis_tui.explorer.storage.session import Session, SessionFolder
    from vaevis_tui.export.picture import PictureFile
    from vaevis_tui.models.bundle import Bundle
    from vaevis_tui.terminal.detect.terminal_probe import TerminalProbe
    from vaevis_tui.terminal.link.meter import FrameMeter


def _open_bundle(ref: str) -> Bundle:
    from vaevis_tui.models.bundle import open_bundle

    return open_bundle(ref)


def tuned_source(bundle: Bundle, backend: str) -> DecoderSource:
    """For `ExplorerSettings.decoder_source`: measures wgpu's kernels while it decodes."""
    from vaevis_tui.engine.select import decoder_source

    return decoder_source(bundle, backend)


def untuned_source(bundle: Bundle, backend: str) -> DecoderSource:
    """For `ExplorerSettings.decoder_source`: neither measures kernels nor uses earlier measurements."""
    from vaevis_tui.engine.select import decoder_source

    return decoder_source(bundle, backend, "off")


@dataclass(frozen=True)
class ExplorerSettings:
    """How the explorer starts, and where its clock, models and decoders come from.

    Attributes:
        model: Catalog name or path of the first model.
        catalog: Names offered by the model picker, the default first.
        backend: ``"auto"``, ``"wgpu"`` or ``"onnxruntime"``.
        seed: Of random points and walks; None draws another one each time.
        z: Where the first model starts; None is the seed's random point or, without a seed, its first look.
        sigma: The same in sigma coordinates, instead of z; or None.
        decoder_hash: Of the decoder that made the snapshot that z is of, see `SnapshotInfo`; or empty.
        picture: A picture whose nearest point is searched in the first model; or None.
        walk: Whether the random walk is on from the start.
        speed: Of the walk, in sigma of the whitened space per second.
        step: What an arrow moves by, in sigma.
        coarse_step: The same with Shift.
        fine_step: The same with Ctrl.
        panels: What is open at first, some of `config.PANELS`; None is what there is room for.
        snapshot_dir: Where snapshots go; made if it is missing.
        open_bundle: From a catalog name or path to a bundle; called off the event loop. Raises UserError.
        decoder_source: From a bundle and a backend's name to how it is decoded. Raises UserError.
        caption: Whether model and z are written below the image of a snapshot.
        colors: Colours that images are drawn in.
        graphics: What images are drawn with, one of `Graphics`, or ``"auto"``.
        probe: The queries for the terminal; None asks nothing.
        colors_notice: Why there are no more colours, and how to get them; None where there is no more to get.
        notice: Shown at the start; or None.
        clock: Monotonic seconds, for statistics and the walk.
        meter: Counts frames and their times; None for a new one.
        link_profile: What is known about the link to the terminal.
        resumed: A session to go on with, of ``model``; or None.
        sessions: Where the session is kept when the program ends; None for nowhere.
        keymap: Other keys by the id of their action; see `vaevis_tui.tui.keys.keymap`.
        theme: The app's colours at the start; None is what suits it.
        keep_theme: Called with the theme that a person chooses.
        watch: Seconds between looks at the files of the model on show, which is opened again when they
            change; 0: never.
        claimed: The file of the resumed session, which this one's replaces; or None.
    """

    model: str
    catalog: tuple[str, ...] = ()
    backend: str = "auto"
    seed: int | None = None
    z: tuple[float, ...] | None = None
    sigma: tuple[float, ...] | None = None
    decoder_hash: str = ""
    picture: PictureFile | None = None
    walk: bool = False
    speed: float = 1.5
    step: float = 0.1
    coarse_step: float = 1.0
    fine_step: float = 0.01
    panels: tuple[str, ...] | None = None
    snapshot_dir: Path = field(default_factory=Path.cwd)
    caption: bool = False
    open_bundle: Callable[[str], Bundle] = _open_bundle
    decoder_source: Callable[[Bundle, str], DecoderSource] = tuned_source
    colors: ColorMode = field(default_factory=ColorMode)
    graphics: str = AUTO
    probe: TerminalProbe | None = None
    colors_notice: str | None = None
    notice: str | None = None
    clock: Callable[[], float] = time.perf_counter
    meter: FrameMeter | None = None
    link_profile: LinkProfile = field(default_factory=LinkProfile)
    resumed: Session | None = None
    sessions: SessionFolder | None = None
    claimed: Path | None = None
    keymap: Mapping[str, str] = field(default_factory=dict)
    theme: str | None = None
    keep_theme: Callable[[str], None] | None = None
    watch: float = 0.0

    def start(self, bundle: Bundle) -> ArrayLike | None:
        """Where the first model starts, (d,), if z or sigma say so.

        Raises:
            UserError: sigma has another length than the model's latent vectors.
        """
        if self.sigma is None:
            return self.z
        if len(self.sigma) != bundle.latent_dim:
            raise UserError(
                f"sigma has {len(self.sigma)} numbers, but the latent vectors of {bundle.name} have "
                f"{bundle.latent_dim}"
            )
        return bundle.space.from_sigma(self.sigma)

    def start_notes(self, bundle: Bundle) -> tuple[str, ...]:
        """What a person should know of the start: numbers that were clipped, an exchanged decoder."""
        import numpy as np

        from vaevis_tui.latent.state import clipping_note
        from vaevis_tui.models.identity import other_decoder_note

        z, notes = self.start(bundle), []
        if note := other_decoder_note(bundle, bundle.name, self.decoder_hash):
            notes.append(note)
        if (
            z is not None
            and len(np.asarray(z)) in (bundle.latent_dim, bundle.latent_dim + len(bundle.controls))
            and (note := clipping_note(bundle.space, np.asarray(z)[: bundle.latent_dim]))
        ):
            notes.append(note)
        return tuple(notes)

"""From parsed options to an open model and the latent vectors that were asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vaevis_tui.errors import UserError
from vaevis_tui.reading import typed_path

if TYPE_CHECKING:
    from vaevis_tui.api import Model
    from vaevis_tui.engine.decoder import Latents
    from vaevis_tui.export.snapshot import SnapshotInfo


def model_name(options: argparse.Namespace) -> str:
    """The model that was asked for, that of the snapshot, or the default."""
    from vaevis_tui.models.catalog import DEFAULT_MODEL

    if options.model is not None:
        return str(options.model)
    info = _snapshot(options)
    return (options.config.model or DEFAULT_MODEL) if info is None else info.model


def _snapshot(options: argparse.Namespace) -> SnapshotInfo | None:
    """The snapshot that says which model is meant, where none was named."""
    source: SnapshotInfo | Path | None = getattr(options, "source", None)
    if source is None or isinstance(source, Path):
        return next((info for path in getattr(options, "files", ()) if (info := _read(path))), None)
    return source


def _read(path: str) -> SnapshotInfo | None:
    """The snapshot in a file, or None where it is none."""
    from vaevis_tui.commands.shared.values import source

    if not path.lower().endswith(".png"):
        return None
    found = source(path)
    return None if isinstance(found, Path) else found


@contextmanager
def open_model(options: argparse.Namespace) -> Iterator[Model]:
    """The model, ready to decode; says if it is not the one that a snapshot was made with.

    What does not fit the model is the person's to mend, so a ValueError from within is a UserError.
    """
    from vaevis_tui.api import load

    tune, name = getattr(options, "tune", True), model_name(options)
    if typed_path(name).is_dir():
        from vaevis_tui.models.families import slow_start

        if reason := slow_start(name):
            print(f"vaevis-tui: {name}: {reason} ...", file=sys.stderr, flush=True)
    with load(name, backend=options.backend, tuning="cached" if tune else "off") as model:
        info = _snapshot(options)
        if info is not None and (difference := model.differs_from(info)):
            print(f"vaevis-tui: {difference}", file=sys.stderr)
        if model.notes:
            print(f"vaevis-tui: {'; '.join(model.notes)}", file=sys.stderr)
        try:
            yield model
        except ValueError as error:
            raise UserError(str(error)) from None
        if options.backend not in ("auto", model.info.backend):
            print(f"vaevis-tui: {model.info.backend} decoded: {model.info.reason}", file=sys.stderr)


def latent(options: argparse.Namespace, model: Model) -> Latents:
    """The latent vector that was asked for, (1, d); where none was, the one that the explorer begins with."""
    given = given_latents(options, model)
    return model.space.first_look[None] if given is None else given


def given_latents(options: argparse.Namespace, model: Model, count: int = 1) -> Latents | None:
    """What ``--seed``, (count, d), ``--z``, ``--sigma`` or ``--from``, (1, d), say; or None.

    What a snapshot or ``--z`` says of the model's controls, they are set to.
    """
    if options.seed is not None:
        return model.sample(options.seed, count)
    if isinstance(options.source, Path):
        return _nearest(options.source, model)[None]
    if options.sigma is not None:
        return _within_reach(model.from_sigma(checked("sigma", options.sigma, model)), model)
    z = options.z if options.source is None else options.source.z
    return None if z is None else _within_reach(model.settle(checked("z", z, model)), model)


def _within_reach(z: Latents, model: Model) -> Latents:
    """The same, (1, d); says so where it is farther out than the explorer goes."""
    import numpy as np

    from vaevis_tui.latent.axes import SIGMA_LIMIT

    farthest = float(np.abs(model.space.to_sigma(z)).max())
    if farthest > SIGMA_LIMIT:
        known = f"most data lie within 2, and the explorer goes no further than {SIGMA_LIMIT:g}"
        print(f"vaevis-tui: {farthest:.3g} σ from the mean: {known}", file=sys.stderr)
    return z


def latents(options: argparse.Namespace, model: Model, count: int) -> Latents:
    """The vectors of all files, else those of a seed, (count, d), else the one that was asked for, (1, d).

    Raises:
        UserError: Files and a latent vector are both given, or a file holds none of this model's.
    """
    import numpy as np

    from vaevis_tui.export.vectors import read_vectors

    if not options.files:
        given = given_latents(options, model, count)
        return model.space.first_look[None] if given is None else given
    if given_latents(options, model) is not None:
        raise UserError("files and --seed, --z, --sigma or --from do not go together; name one of them")
    found = []
    for path in options.files:
        info = _read(path)
        if info is not None:
            found.append(model.points(checked("z", info.z, model)))
        else:
            vectors = read_vectors(path, model.info.latent_dim, "sigma" if options.in_sigma else "z")
            found.append(model.points(model.from_sigma(vectors) if options.in_sigma else vectors))
    return np.concatenate(found)


def checked(name: str, numbers: tuple[float, ...], model: Model) -> Latents:
    """One vector (1, d) of the model's length, finite; of z also a point, (1, d + number of controls).

    Raises:
        UserError: It is another one.
    """
    import numpy as np

    from vaevis_tui.latent.arrays import unfit_latents

    lengths = {model.info.latent_dim} | (
        {model.info.latent_dim + len(model.controls)} if name == "z" else set()
    )
    if len(numbers) not in lengths:
        raise UserError(
            f"{name} has {len(numbers)} numbers, but this model's latent vectors have {model.info.latent_dim}"
        )
    with np.errstate(over="ignore"):
        vector = np.asarray([numbers], np.float32)
    if unfit := unfit_latents(vector):
        raise UserError(f"{name} {unfit}")
    return vector


def _nearest(path: Path, model: Model) -> Latents:
    """The latent vector (d,) that comes nearest to a picture file; says how near, since it takes seconds."""
    from vaevis_tui.export.picture import read_picture

    picture = read_picture(path).fitted(*model.info.image_size, grey=model.info.channels == 1)
    print(f"vaevis-tui: looking for {path} in the latent space ...", file=sys.stderr)
    inversion = model.invert(picture)
    print(f"vaevis-tui: found to {inversion.error:.0f} of 255 levels (root mean square)", file=sys.stderr)
    return inversion.z

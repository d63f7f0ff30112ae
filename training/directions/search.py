"""Find named directions of a bundle's latent space in data, and write them into it.

    python -m training.directions weights/mnist --data-root DATA --sheet sheet.png

A direction is what a measured attribute of images is to the encoder (ridge regression in whitened
coordinates, within a class where there are classes), or the way from the mean of one class to that of
another. Each is then tried on images that were held out. Only those ship that tell the attribute there, and
that change it in what the decoder makes. Whether a person sees it is for a person to say: look at the sheet,
and leave out by ``--without NAME`` what cannot be seen.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.api import load as open_model
from vaevis_tui.errors import UserError
from vaevis_tui.export.files import replace_whole
from vaevis_tui.latent.arrays import Latent
from vaevis_tui.latent.directions import Directions, concordance
from vaevis_tui.latent.effect import visible_effect
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models.bundle import CARD, LATENTS, write_latents

from ..core.command import add_data_root, finish
from .attributes import DIGITS, DOGS, Attribute, Pixels, Values
from .examples import Examples, Split, load
from .finding import Finding
from .sheet import draw

RIDGE = 0.01
"""Of the mean variance of a whitened coordinate."""


STARTS = 300
"""Held-out images that a direction is tried from."""


REACH = 2.0
"""Sigmas to either side that it is tried at."""


LEAST_STRENGTH = 0.62
"""Of two held-out images, how often it must be told right which has more; a coin says 0.5."""


LEAST_EFFECT = 0.15
"""By how much a sigma must change the attribute of decodes, in its deviations over the data."""


LEAST_CONSISTENCY = 0.9
"""Share of the points in which it must do so the right way."""


LEAST_ARRIVALS = 0.7
"""Share of two classes' images that must decode to the class at the end that they were put at."""


LEAST_DIRECT = 0.5
"""Share of the images on the way between that must be of either class: else it leads through a third one."""


LARGEST_COSINE = 0.95
"""Between two directions, in whitened coordinates: of two that are nearly the same the first one ships."""


_ON_THE_WAY = (0.25, 0.5, 0.75)


_NEIGHBOURS, _KNOWN = 5, 5000  # right for 92 % of the test set


def fit_attribute(x: Values, values: Values, ridge: float = RIDGE) -> Values:
    """The unit vector along which an attribute grows, float64 (d,).

    Args:
        x: Whitened coordinates of images, (n, d), centred.
        values: Their attribute, (n,), centred.
        ridge: Share of the mean variance that is added to every variance.

    Raises:
        ValueError: the attribute does not vary.
    """
    if not np.any(values):
        raise ValueError("an attribute that does not vary has no direction")
    covariance = x.T @ x / len(x)
    penalty = ridge * np.trace(covariance) / len(covariance)
    found = np.linalg.solve(covariance + penalty * np.eye(len(covariance)), x.T @ values / len(x))
    return np.asarray(found / np.linalg.norm(found))


def orthogonal_to(along: Values, controls: list[Values]) -> Values:
    """A unit vector orthogonal to others, which moving along it leaves as they are."""
    if controls:
        basis = np.linalg.qr(np.stack(controls, axis=1))[0]
        along = along - basis @ (basis.T @ along)
    return np.asarray(along / np.linalg.norm(along))


def centred(values: Values, labels: NDArray[np.int64] | None) -> Values:
    """Less their mean, or where there are classes less the mean of their class; (n, ...)."""
    if labels is None:
        return np.asarray(values - values.mean(axis=0))
    result = values.astype(np.float64).copy()
    for label in np.unique(labels):
        result[labels == label] -= result[labels == label].mean(axis=0)
    return result


class Coder(Protocol):
    """What is needed of a model, see `vaevis_tui.api.Model`."""

    @property
    def space(self) -> LatentSpace:
        """Its latent space."""
        ...

    def decode(self, z: Latent) -> Pixels:
        """Latent vectors (n, d) to uint8 (n, h, w, 3)."""
        ...

    def encode(self, images: Pixels) -> Latent:
        """The other way round."""
        ...


class Search:
    """Finds directions for one model.

    Args:
        model: Encodes and decodes.
        split: Images to find them in, and others to try them on.
    """

    def __init__(self, model: Coder, split: Split) -> None:
        self._model = model
        self._space: LatentSpace = model.space
        self._train, self._held_out = split.train, split.held_out
        self._by_class = split.train.labels if split.classes else None
        self._held_by_class = split.held_out.labels if split.classes else None
        self._x = self._space.whiten(split.train.z)
        self._held_x = self._space.whiten(split.held_out.z)
        step = max(1, len(split.held_out.z) // STARTS)
        self._starts = self._held_x[::step]

    def attributes(self, attributes: tuple[Attribute, ...]) -> Iterator[Finding]:
        """Directions of attributes, one by one."""
        for attribute in attributes:
            yield self._made(attribute) if attribute.transform else self._measured(attribute)

    def _along(self, attribute: Attribute) -> Values:
        values = centred(attribute.of(self._train.images), self._by_class)
        return fit_attribute(centred(self._x, self._by_class), values)

    def _measured(self, attribute: Attribute) -> Finding:
        along = orthogonal_to(self._along(attribute), [self._along(each) for each in attribute.controls])
        held = centred(attribute.of(self._held_out.images), self._held_by_class)
        controls = [
            centred(each.of(self._held_out.images), self._held_by_class) for each in attribute.controls
        ]
        rest = _residual(held, controls)
        strength = concordance(centred(self._held_x, self._held_by_class) @ along, rest)
        low, high = (self._decoded(self._starts + side * REACH * along) for side in (-1, 1))
        changes = (attribute.of(high) - attribute.of(low)) / (2 * REACH * held.std())
        return self._finding(attribute, along, strength, float(changes.mean()), changes, (low, high))

    def _made(self, attribute: Attribute) -> Finding:
        """A direction from images to what a transform makes of them."""
        assert attribute.transform is not None
        some = slice(None, None, max(1, len(self._train.images) // 2000))
        ways = self._encoded(attribute.transform(self._train.images[some])) - self._x[some]
        along = orthogonal_to(ways.mean(axis=0), [])
        made = self._encoded(attribute.transform(self._held_out.images)) - self._held_x
        low, high = (self._decoded(self._starts + side * REACH * along) for side in (-1, 1))
        # What it does to decodes is read by the encoder: what the same transform does to them is one unit.
        unit = float(ways.mean(axis=0) @ along)
        changes = (self._encoded(high) - self._encoded(low)) @ along / (2 * REACH * unit)
        strength = float(np.mean(made @ along > 0))
        return self._finding(attribute, along, strength, float(changes.mean()), changes, (low, high))

    def _finding(
        self,
        attribute: Attribute,
        along: Values,
        strength: float,
        effect: float,
        changes: Values,
        decoded: tuple[Pixels, Pixels],
    ) -> Finding:
        consistent = float(np.mean(changes > 0)) >= LEAST_CONSISTENCY
        return Finding(
            attribute.name,
            attribute.low,
            attribute.high,
            along,
            strength,
            effect,
            float(visible_effect(*decoded, REACH).mean()),
            strength >= LEAST_STRENGTH and effect >= LEAST_EFFECT and consistent,
        )

    def classes(self) -> Iterator[Finding]:
        """The ways from the mean of every class to that of every other."""
        names = np.unique(self._train.labels)
        means = {label: self._x[self._train.labels == label].mean(axis=0) for label in names}
        for one, other in combinations(names, 2):
            yield self._way(int(one), int(other), means[other] - means[one])

    def _way(self, one: int, other: int, way: Values) -> Finding:
        along = orthogonal_to(way, [])
        labels = self._held_out.labels
        ends = [self._held_x[labels == label] for label in (one, other)]
        read = np.concatenate([end @ along for end in ends])
        strength = concordance(read, np.repeat([0.0, 1.0], [len(end) for end in ends]))
        arrivals, direct = [], []
        some = [end[:: max(1, len(end) // 100)] for end in ends]
        both = np.concatenate(some)
        for target, side in ((other, 1), (one, -1)):
            put = both + (side * REACH - both @ along)[:, None] * along
            arrivals.append(np.mean(self._classes(put) == target))
        for start, side in zip(some, (1, -1), strict=True):
            between = [self._classes(start + side * share * way) for share in _ON_THE_WAY]
            direct.append(np.mean(np.isin(between, (one, other))))
        low, high = (self._decoded(self._starts[:100] + side * REACH * along) for side in (-1, 1))
        effect = float(np.mean(arrivals))
        ships = effect >= LEAST_ARRIVALS and float(np.mean(direct)) >= LEAST_DIRECT
        visible = float(visible_effect(low, high, REACH).mean())
        return Finding(f"{one} to {other}", str(one), str(other), along, strength, effect, visible, ships)

    def _classes(self, x: Values) -> NDArray[np.int64]:
        """Of decodes the class that most of the training images nearest in pixels belong to, (n,)."""
        asked = _flat(self._decoded(x))
        nearest = np.argpartition(-(asked @ self._known.T), _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
        return np.array([np.bincount(row).argmax() for row in self._train.labels[nearest]], np.int64)

    @cached_property
    def _known(self) -> NDArray[np.float32]:
        """Training images as vectors of length 1, float32 (n, pixels)."""
        known = _flat(self._train.images[:_KNOWN])
        lengths = np.linalg.norm(known, axis=1, keepdims=True)
        return np.asarray(known / (lengths + 1e-6), np.float32)

    def _decoded(self, x: Values) -> Pixels:
        return self._model.decode(self._space.unwhiten(x))

    def _encoded(self, images: Pixels) -> Values:
        return self._space.whiten(self._model.encode(images))


def _flat(images: Pixels) -> NDArray[np.float32]:
    return images[..., 0].reshape(len(images), -1).astype(np.float32)


def _residual(values: Values, controls: list[Values]) -> Values:
    """What is left of values when what controls say of them is taken out (least squares); all (n,)."""
    if not controls:
        return values
    known = np.stack(controls, axis=1)
    return np.asarray(values - known @ np.linalg.lstsq(known, values, rcond=None)[0])


def distinct(findings: list[Finding]) -> list[Finding]:
    """The same findings, but one that is nearly an earlier one that ships does not ship."""
    kept: list[Finding] = []
    for each in findings:
        twin = any(abs(float(each.along @ other.along)) > LARGEST_COSINE for other in kept if other.ships)
        kept.append(replace(each, ships=each.ships and not twin))
    return kept


def directions(space: LatentSpace, findings: list[Finding]) -> Directions:
    """What ships of the findings: steps of one sigma."""
    kept = [each for each in findings if each.ships]
    along = np.array([each.along for each in kept]).reshape(-1, space.dim)
    return Directions(
        (along @ space.axis_steps).astype(np.float32),
        tuple(each.name for each in kept),
        tuple(each.low for each in kept),
        tuple(each.high for each in kept),
        np.array([each.strength for each in kept], np.float32),
    )


def write(folder: Path, space: LatentSpace, findings: list[Finding]) -> None:
    """Put what ships into a bundle: into latents.npz, and with its figures into the card."""
    latents = folder / LATENTS
    partial = folder / f".directions-{LATENTS}"
    try:
        write_latents(partial, replace(space, directions=directions(space, findings)))
        replace_whole(latents, partial.read_bytes())
    finally:
        partial.unlink(missing_ok=True)
    card = folder / CARD
    replace_whole(card, card_text(card.read_text(encoding="utf-8"), findings).encode("utf-8"))


def card_text(card: str, findings: list[Finding]) -> str:
    """A card with the table ``[directions]`` in place of one that it had."""
    bare = re.sub(r"(?ms)^\[directions\]\n.*?(?=^\[|\Z)", "", card).rstrip("\n")
    rows = [
        f'"{each.name}" = {{ ends = ["{each.low}", "{each.high}"], strength = {each.strength:.3f}, '
        f"effect = {each.effect:.2f}, visible = {each.visible:.1f} }}\n"
        for each in findings
        if each.ships
    ]
    return f"{bare}\n\n[directions]\n{''.join(rows)}" if rows else f"{bare}\n"


def find(folder: Path, root: Path) -> tuple[LatentSpace, list[Finding], Examples]:
    """Every direction that is looked for in a bundle, whether it ships or not, and the held-out images.

    Raises:
        UserError: it is no bundle with an encoder, of data whose attributes are unknown, or they are missing.
    """
    with open_model(folder, backend="onnxruntime") as model:
        split = load(model, root)
        search = Search(model, split)
        findings = []
        for finding in search.attributes(DIGITS if split.classes else DOGS):
            print(finding, flush=True)
            findings.append(finding)
        for finding in search.classes() if split.classes else ():
            print(finding, flush=True)
            findings.append(finding)
        return model.space, distinct(findings), split.held_out


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.directions", description=__doc__)
    parser.add_argument("bundle", type=Path, help="folder of the bundle, e.g. weights/mnist")
    add_data_root(parser)
    parser.add_argument(
        "--sheet", type=Path, help="draw every direction at -3 to +3 sigma into this PNG file"
    )
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="does not ship")
    parser.add_argument("--dry-run", action="store_true", help="write nothing into the bundle")
    options = parser.parse_args(arguments)
    write_it = not options.dry_run
    return finish(
        lambda: search(options.bundle, options.data_root, options.sheet, options.without, write_it=write_it)
    )


def search(folder: Path, root: Path, sheet: Path | None, without: list[str], *, write_it: bool) -> None:
    """Find, tell, draw and write what the command line names.

    Raises:
        UserError: see `find`; or a direction that is to be left out does not exist.
    """
    space, findings, held_out = find(folder, root)
    if unknown := set(without) - {each.name for each in findings}:
        known = ", ".join(each.name for each in findings)
        raise UserError(f"unknown direction {min(unknown)!r}; there are {known}")
    findings = [replace(each, ships=each.ships and each.name not in without) for each in findings]
    if sheet is not None:
        draw(folder, space, findings, held_out, sheet)
    if write_it:
        write(folder, space, findings)

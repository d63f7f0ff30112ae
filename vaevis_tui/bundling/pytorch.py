"""From Python: a bundle of PyTorch modules and a data set.

PyTorch is never imported here: whoever hands in a module has imported it.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.bundling.make import BundleRequest, Made, make_bundle
from vaevis_tui.bundling.pictures import Pictures, Progress
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.text import one_line

OPSET = 18
"""Of ONNX 1.13 (2022)."""


def export_bundle(
    decoder: Any,
    path: str | Path,
    *,
    encoder: Any = None,
    dataset: Any = None,
    latent_dim: int | None = None,
    example: Sequence[Any] | None = None,
    range: str | None = None,
    name: str = "",
    title: str = "",
    limit: int = 2000,
    force: bool = False,
    progress: Progress = lambda *_: None,
) -> Made:
    """Export a decoder, and what goes with it, as a bundle: ``vaevis-tui PATH`` opens it.

    Args:
        decoder: A ``torch.nn.Module`` from latents (n, d) to images, or the path of an .onnx file. It is
            exported in evaluation mode.
        path: The bundle's folder; made if it is missing.
        encoder: From images to means, or means and logarithms of variances; a module or an .onnx file.
        dataset: Images, or pairs of image and label: a data set of PyTorch's, any iterable, an array, or the
            path of a folder of pictures.
        latent_dim: d; None: as the decoder's first layer takes it.
        example: One example of every input of the decoder, where it takes more than z.
        range: Values of black and white as ``--range`` takes them; None: they are inferred.
        name: Short name; empty: that of the folder.
        title: One line for people.
        limit: Images that are taken at most.
        force: Whether a bundle that is there is replaced.
        progress: Is told what is done, how much of it, and of how much.

    Raises:
        UserError: Something does not fit, or cannot be exported or written.
        EngineError: Decoding failed.
    """
    if isinstance(decoder, str | Path) and (latent_dim, example) != (None, None):
        raise UserError(f"{decoder} says what it takes; latent_dim= and example= are for PyTorch modules")
    with tempfile.TemporaryDirectory(prefix="vaevis-tui-") as folder:
        decoder_path, outputs = _exported(decoder, Path(folder) / "decoder.onnx", example, latent_dim)
        options = AdapterOptions(range=range)
        bundle = open_bundle(decoder_path)
        height, width = bundle.image_height, bundle.image_width
        encoder_path = None
        if encoder is not None:
            if outputs is None and not isinstance(encoder, str | Path):
                outputs = _torch(encoder).zeros(1, bundle.channels, height, width)
            encoder_path, _ = _exported(encoder, Path(folder) / "encoder.onnx", (outputs,), None)
        images: Pictures | Path | None = None
        if isinstance(dataset, str | Path):
            images = Path(dataset)
        elif dataset is not None:
            images = pictures_of(dataset, (height, width), grey=bundle.channels == 1, limit=limit)
        request = BundleRequest(
            decoder=decoder_path,
            out=Path(path),
            encoder=encoder_path,
            images=images,
            name=name,
            title=title,
            limit=limit,
            force=force,
            options=options,
        )
        return make_bundle(request, progress)


def _torch(module: Any) -> Any:
    """PyTorch, which whoever made the module has imported.

    Raises:
        UserError: It is no module of PyTorch's.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(module, torch.nn.Module):
        raise UserError(f"{type(module).__name__} is neither a torch.nn.Module nor the path of an .onnx file")
    return torch


def _exported(
    model: Any, target: Path, example: Sequence[Any] | None, latent_dim: int | None
) -> tuple[Path, Any]:
    """The .onnx file of a model, and what it makes of the example where it is a module."""
    if isinstance(model, str | Path):
        return Path(model), None
    torch = _torch(model)
    was_training = model.training
    model.eval()
    try:
        if example is None:
            example = (torch.zeros(2, latent_dim or _latent_dim(model)),)
        device = next((p.device for p in model.parameters()), None)
        moved = (each.to(device) if device is not None and hasattr(each, "to") else each for each in example)
        given = tuple(moved)
        with torch.no_grad():
            outputs = model(*given)
        _export(torch, model, given, target)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise UserError(
            f"{type(model).__name__} cannot be exported: {one_line(error)}; "
            "latent_dim= or example= say what it takes"
        ) from error
    finally:
        model.train(was_training)
    return target, outputs if hasattr(outputs, "shape") else None


def _latent_dim(model: Any) -> int:
    """Numbers that the first layer with weights takes."""
    for module in model.modules():
        for key in ("in_features", "in_channels"):
            if isinstance(size := getattr(module, key, None), int):
                return size
    raise UserError(f"{type(model).__name__}: its latent size is not known; latent_dim= says it")


def _export(torch: Any, model: Any, example: tuple[Any, ...], target: Path) -> None:
    """By the exporter of today with an open batch, by the older one, or for one example."""
    batch = {0: torch.export.Dim("n")} if hasattr(torch.export, "Dim") else {}
    names = _input_names(model, len(example))
    ways: list[dict[str, Any]] = [
        {"dynamo": True, "dynamic_shapes": tuple(batch if each.dim() else None for each in example)},
        {"dynamo": False, "dynamic_axes": {name: {0: "n"} for name in names}},
        {"dynamo": False},
    ]
    first: Exception | None = None
    for way in ways:
        inputs = example if len(way) > 1 else tuple(each[:1] if each.dim() else each for each in example)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            try:
                torch.onnx.export(
                    model, inputs, str(target), input_names=names, opset_version=OPSET, verbose=False, **way
                )
            except Exception as error:  # exporters raise whatever they meet
                first = first or error
            else:
                return
    raise UserError(f"{type(model).__name__} cannot be exported: {one_line(first)}")


def _input_names(model: Any, count: int) -> list[str]:
    """Names of a module's inputs, by which labels and scales are known."""
    import inspect

    try:
        names = list(inspect.signature(model.forward).parameters)[:count]
    except (TypeError, ValueError):
        names = []
    plain = len(names) == count and not {"input", "args", "x"} & set(names)
    return names if plain else ["z", *(f"input{i}" for i in range(1, count))]


def pictures_of(dataset: Any, size: tuple[int, int], *, grey: bool, limit: int) -> Pictures:
    """Images of a data set, made to fit.

    Args:
        dataset: Images, or pairs of image and label; evenly spread ones are taken where its length is known.
        size: Height and width.
        grey: Whether colours are left out.
        limit: Images at most.

    Raises:
        UserError: An item is no image.
    """
    from PIL import Image, ImageOps

    classes = getattr(dataset, "classes", None)
    images, labels = [], []
    for item in _some(dataset, limit):
        pair = isinstance(item, tuple | list) and len(item) > 1
        image = _pixels(item[0] if pair else item)
        shown = Image.fromarray(image).convert("L" if grey else "RGB").convert("RGB")
        images.append(np.asarray(ImageOps.fit(shown, (size[1], size[0]), Image.Resampling.LANCZOS)))
        labels.append(_label(item[1], classes) if pair else "")
    if not images:
        raise UserError("the data set is empty")
    names = tuple(f"example {i}" for i in range(len(images)))
    return Pictures(np.stack(images), names, tuple(labels))


def _some(dataset: Any, limit: int) -> Iterator[Any]:
    if hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__"):
        count = len(dataset)
        for place in np.unique(np.linspace(0, count - 1, min(count, limit)).round().astype(int)):
            yield dataset[int(place)]
        return
    if not isinstance(dataset, Iterable):
        raise UserError(f"{type(dataset).__name__} is not a data set: no images can be taken from it")
    for place, item in enumerate(dataset):
        if place >= limit:
            return
        yield item


def _pixels(image: Any) -> NDArray[np.uint8]:
    """An image of any kind as uint8 (h, w) or (h, w, 3)."""
    if hasattr(image, "detach"):
        image = image.detach().cpu().numpy()
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3):
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    shaped = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if array.dtype.kind not in "fiub" or not shaped:
        raise UserError(f"an item of the data set is {array.dtype} {array.shape}, no image")
    if array.dtype == np.uint8:
        return array
    values = array.astype(np.float64)
    if array.dtype.kind == "f" and values.min(initial=0) < -0.02:
        values = values / 2 + 0.5  # normalised by a mean and a deviation of a half
    if values.max(initial=0) > 1.5:
        values = values / 255
    return np.asarray(np.rint(np.clip(values, 0, 1) * 255), np.uint8)


def _label(label: Any, classes: Any) -> str:
    if hasattr(label, "item"):
        try:
            label = label.item()
        except (ValueError, RuntimeError):
            return ""
    if isinstance(label, int) and isinstance(classes, list | tuple) and 0 <= label < len(classes):
        label = classes[label]
    return one_line(label, 60)

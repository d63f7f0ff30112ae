"""The decoder of an autoencoder that diffusers wrote, as ONNX; `vaevis_tui.models.families` runs this.

python -m training.diffusers_export FOLDER DECODER.onnx
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

SIDES = {"AutoencoderKL": 16, "AutoencoderTiny": 32}
"""Height and width of the latents, by class: images for a terminal, within the limits of a model's work."""

OPSET = 18


class Decoder(nn.Module):
    """From latents of unit variance, as pipelines hold them, to images in 0..1."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.scale = float(model.config.get("scaling_factor") or 1)
        self.shift = float(model.config.get("shift_factor") or 0)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Latents (n, channels, side, side) to images (n, 3, height, width)."""
        image: torch.Tensor = self.model.decode(z / self.scale + self.shift).sample
        return (image / 2 + 0.5).clamp(0, 1)


def export(folder: Path, target: Path) -> None:
    """Export the decoder in a folder that diffusers wrote.

    Raises:
        OSError, ValueError, RuntimeError: The folder holds something else than its config.json says.
    """
    import diffusers

    name = json.loads((folder / "config.json").read_bytes())["_class_name"]
    model = getattr(diffusers, name).from_pretrained(
        folder, local_files_only=True, use_safetensors=True, torch_dtype=torch.float32
    )
    side = SIDES[name]
    z = torch.zeros(2, model.config.latent_channels, side, side)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Decoder(model).eval(),
            (z,),
            str(target),
            input_names=["z"],
            output_names=["image"],
            dynamo=False,
            opset_version=OPSET,
            dynamic_axes={"z": {0: "n"}, "image": {0: "n"}},
        )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    try:
        export(arguments.folder, arguments.target)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        sys.exit(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)


if __name__ == "__main__":
    main()

"""Training steps of the dogs: the VAE's, and from the stage that sharpens on the discriminator's too."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...core.data.augment import jitter
from ...core.distributed import Process
from ...core.figures import held_out_figures
from ...core.loop import autocast
from ...core.model import pixel_loss
from ...core.model.networks import Pass
from ...core.model.objective import kl_to_standard_normal
from ...core.schedule import Step, stage_ends, step_at
from ...core.trainer import BaseTrainer
from . import adversary, objective
from . import checkpoint as dog_checkpoint
from .adversary import Features
from .checkpoint import DogState
from .config import DogConfig, DogStage
from .photographs.dogfacenet import Dogs


class DogTrainer(BaseTrainer[DogConfig, DogState]):
    """Takes steps of the dogs, whose images lie on the device as bytes."""

    def __init__(
        self, config: DogConfig, state: DogState, dogs: Dogs, process: Process, features: Features
    ) -> None:
        super().__init__(config, state, process)
        self.features, self.dogs = features, dogs
        self.pixels, self.border = dogs.pixels.to(process.device), dogs.border.to(process.device)
        self.positions = dogs.oversampled_positions().to(process.device)

    def step(self) -> Tensor:
        """Take one step; the loss of the reconstructions, detached."""
        config, state = self.config, self.state
        now = step_at(config, state.step)
        draws = self.draw(len(self.positions))
        at = self.positions[draws.to(self.positions.device)]
        x, border = jitter(self.pixels[at], self.border[at], config.jitter, self.generator)
        if now.stage.sharpens:
            self._sharpen(x, border, now)
        else:
            self._rebuild(x, border)
        self.finish_step(now.stage.average_decay)
        return self.latest["loss"]

    def _rebuild(self, x: Tensor, border: Tensor) -> None:
        """A step of encoder and decoder by what pixels say."""
        weights, now = self.config.objective, step_at(self.config, self.state.step)
        with autocast(self.process.device, self.precision):
            out: Pass = self.state.model(x, self.noise(1, len(x), self.config.network.latent))
        rebuilt = torch.where(border, x, torch.sigmoid(out.logits[0]))
        loss = pixel_loss.reconstruction_loss(rebuilt, x, weights)
        kl = kl_to_standard_normal(out.mean, out.logvar).sum(1).mean()
        factor = pixel_loss.kl_factor(self.state.step, weights.kl_warmup_steps)
        self.latest = {"loss": loss.detach(), "kl": kl.detach()}
        self.optimise(loss + weights.kl * factor * kl, now.learning_rate, betas=now.stage.betas)

    def _sharpen(self, x: Tensor, border: Tensor, now: Step[DogStage]) -> None:
        """A step of the decoder by what the discriminator says too, then one of the discriminator.

        Half of what it is shown are decodes of the images' own latents, half of latents between two images.
        The border of a photograph is laid over what is compared with it, so that it neither costs nor gives
        away.
        """
        weights, settings = self.config.objective, self.config.discriminator
        rebuilds = round(settings.reconstructions * len(x))
        samples = round(settings.samples * len(x))
        z = self._latents(x, samples)
        with autocast(self.process.device, self.precision):
            logits: Tensor = self.state.model.decoder(z)
        decoded = torch.sigmoid(logits.float())
        rebuilt = torch.where(border, x, decoded[: len(x)])
        sampled = torch.where(border[:samples], x[:samples], decoded[len(x) :])
        fake = torch.cat([rebuilt[:rebuilds], sampled])

        augment = adversary.DiffAugment(max(rebuilds, samples), self.generator)
        real = x[: max(rebuilds, samples)]
        with autocast(self.process.device, self.precision):
            with torch.no_grad():
                seen_real = self.features(augment(real))
            seen_fake = self.features(
                torch.cat([augment(rebuilt[:rebuilds]), augment(sampled)])
                if samples
                else augment(rebuilt[:rebuilds])
            )
        seen_real, seen_fake = ([part.float() for part in seen] for seen in (seen_real, seen_fake))
        generator_loss = self._generator_loss(seen_fake)
        distance = adversary.feature_distance(
            [part[:rebuilds] for part in seen_real], [part[:rebuilds] for part in seen_fake]
        )
        reconstruction = pixel_loss.reconstruction_loss(rebuilt, x, weights)
        specks = self.state.specks(fake, real)
        self.process.average(self.state.specks)
        ramp = objective.ramp(now.within, weights.ramp_steps)
        self.latest = {
            "loss": reconstruction.detach(),
            "adversarial": generator_loss.detach(),
            "features": distance.detach(),
            "specks": specks.detach(),
        }
        # The penalty acts on the mean of steps past: with more weight a step it would overshoot, and grow.
        against_specks = weights.specks * now.stage.learning_rate[0] / now.learning_rate
        added = weights.adversarial * generator_loss + weights.features * distance + against_specks * specks
        self.optimise(reconstruction + ramp * added, ramp * now.learning_rate, betas=now.stage.betas)
        self._optimise_discriminator(seen_real, [part.detach() for part in seen_fake])

    @torch.no_grad()
    def _latents(self, x: Tensor, samples: int) -> Tensor:
        """The means of images, then latents between pairs of them; the encoder rests."""
        encoder = self.state.model.encoder.eval()
        with autocast(self.process.device, self.precision):
            mean, logvar = encoder(x)
        encoder.train()
        angle = torch.rand(len(x), 1, generator=self.generator, device=x.device) * (math.pi / 2)
        between = objective.blend(mean, logvar, angle, self.noise(*mean.shape))
        return torch.cat([mean, between[:samples]])

    def _generator_loss(self, seen: list[Tensor]) -> Tensor:
        """How much like fakes the discriminator finds features; its weights stay."""
        discriminator = self.state.discriminator
        trained = [parameter for parameter in discriminator.parameters() if parameter.requires_grad]
        for parameter in trained:
            parameter.requires_grad_(False)
        loss = adversary.generator_loss(discriminator(seen))
        for parameter in trained:
            parameter.requires_grad_(True)
        return loss

    def _optimise_discriminator(self, real: list[Tensor], fake: list[Tensor]) -> None:
        """One step of the discriminator on features of augmented images."""
        discriminator, optimiser = self.state.discriminator, self.state.discriminator_optimiser
        loss = adversary.hinge_loss(discriminator(real), discriminator(fake))
        self.latest["discriminator"] = loss.detach()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.process.average(discriminator)
        optimiser.step()

    def figures(self, value: float) -> dict[str, Any]:
        """What to log of the latest step; ``value`` is the loss of the reconstructions."""
        now = step_at(self.config, self.state.step - 1)
        return {"stage": now.stage.name, **super().figures(value)}

    def validate(self, held_out: Tensor) -> dict[str, float]:
        """PSNR and KL of the averaged weights on uint8 images (n, 3, 128, 128)."""
        return held_out_figures(self.state.average, held_out)

    def save(self, folder: Path) -> None:
        """Write the checkpoint; at a stage's end also its averaged weights."""
        dog_checkpoint.save(folder, self.state, self.config)
        if stage := stage_ends(self.config).get(self.state.step):
            path = dog_checkpoint.stage_average(folder, stage.name)
            dog_checkpoint.save_average(path, self.state, self.config)

    def timing_copy(self) -> DogTrainer:
        """A copy whose steps change nothing here."""
        return DogTrainer(self.config, self.state_copy(), self.dogs, self.process, self.features)

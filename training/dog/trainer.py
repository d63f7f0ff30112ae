"""Training steps of the dogs: the VAE's, and from the stage that sharpens on the discriminator's too."""

from __future__ import annotations

import copy
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training import checkpoint
from training.data import order
from training.distributed import Process
from training.dog import adversary, objective
from training.dog import checkpoint as dog_checkpoint
from training.dog.augment import DiffAugment, jitter
from training.dog.checkpoint import DogState
from training.dog.config import DogConfig, DogStage
from training.dog.figures import psnr
from training.dog.judge import Judge, texture_loss
from training.networks import Pass
from training.objective import kl_to_standard_normal
from training.schedule import Step, noise_seed, stage_ends, step_at
from training.trainer import resolve_precision


class DogTrainer:
    """Takes steps: owns the state and the images, which lie on the device as bytes."""

    def __init__(
        self, config: DogConfig, state: DogState, pixels: Tensor, process: Process, judge: Judge | None = None
    ) -> None:
        self.config, self.state, self.process, self.judge = config, state, process, judge
        self.pixels = pixels.to(process.device)
        self.generator = torch.Generator(process.device)
        self.precision = resolve_precision(config.run.precision, process.device)
        self.latest: dict[str, Tensor] = {}

    def step(self) -> Tensor:
        """Take one step; the loss of the reconstructions, detached."""
        config, state = self.config, self.state
        now = step_at(config, state.step)
        self.generator.manual_seed(noise_seed(config.seed, state.step, 0))
        draws = order(config.seed, len(self.pixels), now.first_draw, now.stage.batch_size)
        moved = config.jitter.times(now.stage.jitter)
        x = jitter(self.pixels[draws.to(self.pixels.device)], moved, self.generator)
        with self._autocast():
            out: Pass = state.model(x, now.stage.noise * self._noise(1, len(x)))
        rebuilt = torch.sigmoid(out.logits[0])

        loss, self.latest = self._reconstruction(out, rebuilt, x, now.stage)
        shown = _count(now.stage.judged_reconstructions, len(x))
        if now.stage.judge and self.judge is not None:
            loss = loss + self._textured(self.judge, rebuilt[:shown], x[:shown], now)
        if now.stage.sharpens:
            fake = rebuilt[:shown]
            if sampled := _count(now.stage.judged_samples, len(x)):
                fake = torch.cat([fake, self._sampled(sampled)])
            real = x[: len(fake)]
            augment = DiffAugment(len(fake), self.generator)
            loss = loss + self._adversarial(augment(real), augment(fake), shown, now)
        self._optimise(loss, now)
        if now.stage.sharpens:
            self._optimise_discriminator(real, augment(real), augment(fake.detach()), now)
        state.moments.update(out.mean.detach(), out.logvar.detach())
        state.step += 1
        checkpoint.update_average(state, config.optimiser.average_decay)
        return self.latest["loss"]

    def _autocast(self) -> AbstractContextManager[None]:
        enabled = self.precision is not torch.float32
        autocast: AbstractContextManager[None] = torch.autocast(
            self.process.device.type, self.precision, enabled=enabled
        )
        return autocast

    def _noise(self, *sizes: int) -> Tensor:
        shape = (*sizes, self.config.network.latent)
        return torch.randn(shape, generator=self.generator, device=self.process.device)

    def _reconstruction(
        self, out: Pass, rebuilt: Tensor, x: Tensor, stage: DogStage
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of the VAE alone, and its parts for the log."""
        weights = self.config.objective
        loss = objective.reconstruction_loss(rebuilt, x, stage.squared, weights)
        kl = kl_to_standard_normal(out.mean, out.logvar).sum(1).mean()
        factor = objective.kl_factor(self.state.step, weights.kl_warmup_steps)
        figures = {"loss": loss.detach(), "kl": kl.detach()}
        return loss + stage.noise * weights.kl * factor * kl, figures

    def _textured(self, judge: Judge, rebuilt: Tensor, x: Tensor, now: Step[DogStage]) -> Tensor:
        """How far the judge finds the textures of reconstructions from those of their originals, weighted."""
        with self._autocast():
            found = texture_loss(judge, rebuilt, x)
        self.latest["judge"] = found.detach()
        return objective.ramp(now.within, now.stage.ramp_steps) * now.stage.judge * found

    def _sampled(self, count: int) -> Tensor:
        """Decodes of draws from the aggregated posterior: points between dogs are to be dogs."""
        z = self.state.moments.sample(self._noise(count))
        with self._autocast():
            logits: Tensor = self.state.model.decoder(z)
        return torch.sigmoid(logits.float())

    def _adversarial(self, real: Tensor, fake: Tensor, shown: int, now: Step[DogStage]) -> Tensor:
        """What the discriminator makes of fakes, and how reconstructions differ to it; its weights stay."""
        discriminator, stage = self.state.discriminator, now.stage
        discriminator.requires_grad_(False)
        with self._autocast():
            with torch.no_grad():
                wanted = discriminator(real[:shown])[1]
            logits, features = discriminator(fake)
        discriminator.requires_grad_(True)
        deceived = -logits.float().mean()
        matched = adversary.feature_distance(wanted, [feature[:shown] for feature in features])
        self.latest |= {"adversarial": deceived.detach(), "feature_matching": matched.detach()}
        ramp = objective.ramp(now.within, stage.ramp_steps)
        total: Tensor = ramp * (stage.adversarial * deceived + stage.feature_matching * matched)
        return total

    def _optimise(self, loss: Tensor, now: Step[DogStage]) -> None:
        optimiser, limit = self.state.optimiser, self.config.optimiser.gradient_clip
        for group in optimiser.param_groups:
            group["lr"] = now.learning_rate
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.state.model.parameters(), limit)
        self.latest["gradient_norm"] = norm.detach()
        optimiser.step()

    def _optimise_discriminator(self, x: Tensor, real: Tensor, fake: Tensor, now: Step[DogStage]) -> None:
        """One step of the discriminator on augmented images; its penalty is taken on plain ones, ``x``."""
        settings, discriminator = self.config.discriminator, self.state.discriminator
        with self._autocast():
            logits_real, logits_fake = discriminator(real)[0], discriminator(fake)[0]
        loss = adversary.hinge_loss(logits_real.float(), logits_fake.float())
        self.latest["discriminator"] = loss.detach()
        if settings.gradient_penalty and now.within % settings.penalty_every == 0:
            # Taken seldom and weighted up for it: "lazy regularisation", Karras et al. 2020.
            weight = 0.5 * settings.gradient_penalty * settings.penalty_every
            loss = loss + weight * adversary.gradient_penalty(discriminator, x)
        optimiser = self.state.discriminator_optimiser
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    def figures(self, value: float) -> dict[str, Any]:
        """What to log of the latest step; ``value`` is the loss of the reconstructions."""
        now = step_at(self.config, self.state.step - 1)
        latest = {name: float(figure) for name, figure in self.latest.items()}
        return {"stage": now.stage.name, **latest, "loss": value, "learning_rate": now.learning_rate}

    @torch.inference_mode()
    def validate(self, held_out: Tensor, batch: int = 64) -> dict[str, float]:
        """PSNR and KL of the averaged weights on uint8 images (n, 3, 128, 128)."""
        average, quality, divergence = self.state.average, 0.0, 0.0
        for pixels in torch.split(held_out, batch):
            x = pixels.to(self.process.device).float() / 255
            mean, logvar = average.encoder(x)
            quality += psnr(torch.sigmoid(average.decoder(mean)), x) * len(x)
            divergence += float(kl_to_standard_normal(mean, logvar).sum())
        count = len(held_out)
        return {"validation_psnr": quality / count, "validation_kl": divergence / count}

    def save(self, folder: Path) -> None:
        """Write the checkpoint; at a stage's end also its averaged weights, at the last one's what ships."""
        dog_checkpoint.save(folder, self.state, self.config)
        if stage := stage_ends(self.config).get(self.state.step):
            path = dog_checkpoint.stage_average(folder, stage.name)
            dog_checkpoint.save_average(path, self.state, self.config)
        if self.config.ships and self.state.step == self.config.total_steps:
            dog_checkpoint.save_mean(folder, self.config)

    def rehearsal(self) -> DogTrainer:
        """A copy whose steps change nothing here."""
        return DogTrainer(self.config, copy.deepcopy(self.state), self.pixels, self.process, self.judge)


def _count(share: float, images: int) -> int:
    return round(share * images)

"""One process or many: what ``torchrun`` started, and the device each process works on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn


@dataclass(frozen=True)
class Process:
    """This process among ``count``, working on ``device``; process 0 is the one that speaks and writes."""

    rank: int
    count: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this is the process that prints, logs and saves."""
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process: all must leave a loop at the same step."""
        if self.count == 1:
            return flag
        votes = torch.tensor(int(flag), device=self.device)
        dist.all_reduce(votes, op=dist.ReduceOp.MAX)
        return bool(votes.item())

    def wait(self) -> None:
        """Go on when every process has come here."""
        if self.count > 1:
            dist.barrier()

    @contextmanager
    def before_others(self) -> Iterator[None]:
        """What is within is done by process 0 first, e.g. since it leaves files that the others then find."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()

    def share(self, draws: torch.Tensor) -> torch.Tensor:
        """This process's part of a batch; all have parts of one size."""
        size = len(draws) // self.count
        return draws[self.rank * size : (self.rank + 1) * size]

    def agreed(self, value: float) -> float:
        """The value that process 0 has."""
        if self.count == 1:
            return value
        told = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.broadcast(told, 0)
        return float(told)

    @torch.no_grad()
    def average(self, module: nn.Module) -> None:
        """Put means over all processes in the place of a module's gradients and of its batch statistics."""
        if self.count == 1:
            return
        found = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
        found += [buffer for buffer in module.buffers() if buffer.is_floating_point()]
        flat = torch.cat([tensor.reshape(-1).float() for tensor in found])
        dist.all_reduce(flat)
        flat /= self.count
        parts = torch.split(flat, [tensor.numel() for tensor in found])
        for tensor, mean in zip(found, parts, strict=True):
            tensor.copy_(mean.view(tensor.shape))

    @torch.no_grad()
    def agree(self, module: nn.Module) -> None:
        """Put what process 0 has in the place of a module's weights."""
        if self.count > 1:
            for tensor in (*module.parameters(), *module.buffers()):
                dist.broadcast(tensor, 0)

    def mean(self, value: torch.Tensor) -> float:
        """The mean over all processes of a scalar tensor."""
        value = value.detach().clone()
        if self.count > 1:
            dist.all_reduce(value)
        return float(value) / self.count


@contextmanager
def joined(device: str) -> Iterator[Process]:
    """Join the other processes where ``torchrun`` started this one (it sets RANK, WORLD_SIZE, LOCAL_RANK).

    Args:
        device: ``"cpu"``, ``"cuda"``, or ``"auto"`` for cuda where there is one.
    """
    kind = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if "WORLD_SIZE" not in os.environ:
        yield Process(0, 1, torch.device(kind))
        return
    local = torch.device(kind, int(os.environ["LOCAL_RANK"])) if kind == "cuda" else torch.device(kind)
    if kind == "cuda":
        torch.cuda.set_device(local)
    dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    try:
        yield Process(dist.get_rank(), dist.get_world_size(), local)
    finally:
        dist.destroy_process_group()

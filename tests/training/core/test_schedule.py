from __future__ import annotations

from itertools import pairwise

import pytest

from tests.training.tiny import tiny_config
from training.core.schedule import noise_seed, step_at


def test_stages_follow_each_other_and_draws_add_up() -> None:
    config = tiny_config()  # 4 steps of 8 images, then 6 of 4
    steps = [step_at(config, step) for step in range(config.total_steps)]
    assert [step.stage.name for step in steps] == ["explore"] * 4 + ["tighten"] * 6
    assert [step.first_draw for step in steps] == [0, 8, 16, 24, 32, 36, 40, 44, 48, 52]


def test_the_learning_rate_warms_up_then_falls_within_its_stage() -> None:
    config = tiny_config()  # 3 steps of warm-up to 1e-2; the last stage falls from 1e-2 to 1e-3
    rates = [step_at(config, step).learning_rate for step in range(config.total_steps)]
    assert rates[:4] == pytest.approx([1e-2 / 3, 2e-2 / 3, 1e-2, 1e-2])
    assert rates[4] == pytest.approx(1e-2)
    assert rates[7] == pytest.approx((1e-2 + 1e-3) / 2)  # half-way
    assert all(later < earlier for earlier, later in pairwise(rates[4:]))


@pytest.mark.parametrize("step", [-1, 10])
def test_there_is_no_step_outside_the_schedule(step: int) -> None:
    with pytest.raises(ValueError, match="outside the 10 steps"):
        step_at(tiny_config(), step)


def test_steps_processes_and_seeds_draw_different_noise() -> None:
    seeds = [noise_seed(s, t, r) for s in range(3) for t in range(10) for r in range(4)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)

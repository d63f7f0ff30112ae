from __future__ import annotations

import numpy as np
import pytest

from tests.latent.spaces import clumped_space, skewed_space
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.latent.typicality import Place, TypicalityScale, truncate
from vaevis_tui.models.bundle import open_bundle

SPACES = {"normal": skewed_space(24), "mixture": clumped_space(3)}


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_percentiles_of_the_data_are_evenly_spread(space: LatentSpace) -> None:
    shares = TypicalityScale(space).percentiles(space.sample(5, 2000))
    np.testing.assert_allclose(
        np.quantile(shares, (0.05, 0.25, 0.5, 0.75, 0.95)), (0.05, 0.25, 0.5, 0.75, 0.95), atol=0.04
    )


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_far_away_is_beyond_the_data_and_says_so(space: LatentSpace) -> None:
    scale = TypicalityScale(space)
    far = scale.judge(space.from_sigma(np.full(space.dim, 6.0)))
    assert far.place is Place.BEYOND
    assert str(far) == "beyond the data"


def test_the_mean_of_many_dimensions_is_central_and_the_shell_typical() -> None:
    space = SPACES["normal"]
    scale = TypicalityScale(space)
    assert scale.judge(space.mean).place is Place.CENTRAL
    x = np.zeros(24)
    x[0] = space.shell[1]
    here = scale.judge(space.unwhiten(x))
    assert here.percentile == pytest.approx(0.5, abs=0.01)
    assert str(here) == "typical 50 %"
    x[0] = space.shell[2] + 0.2
    assert scale.judge(space.unwhiten(x)).place is Place.EDGE


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_pulling_back_ends_at_the_shell_and_leaves_what_is_within(space: LatentSpace) -> None:
    scale = TypicalityScale(space)
    for seed in range(5):
        far = space.from_sigma(space.to_sigma(space.sample(seed)[0]) * 3)
        back = scale.pull_back(far)
        assert 0.5 <= scale.percentiles(back) < 0.52
        np.testing.assert_array_equal(scale.pull_back(back), back)
    central = space.mean if space.mixture is None else space.mixture.means[2]
    np.testing.assert_array_equal(scale.pull_back(central), central)


def test_pulling_back_leads_to_no_component_whose_middle_is_rare() -> None:
    space = open_bundle("mnist-2d").space  # the means of 36 of its 80 components are
    scale = TypicalityScale(space)
    far = space.from_sigma(np.array([[x, y] for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 2, 4)]))
    assert min(float(scale.percentiles(scale.pull_back(z))) for z in far) >= 0.5


def test_pulling_back_keeps_the_direction_from_the_centre() -> None:
    space = SPACES["normal"]
    x = space.whiten(space.from_sigma(np.full(24, 3.0)))
    back = space.whiten(TypicalityScale(space).pull_back(space.unwhiten(x)))
    assert np.dot(back, x) / np.linalg.norm(back) / np.linalg.norm(x) == pytest.approx(1, abs=1e-6)
    assert np.linalg.norm(back) == pytest.approx(space.shell[1], rel=1e-3)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_truncation_draws_in_towards_the_centre(space: LatentSpace) -> None:
    z = space.sample(1, 50)
    np.testing.assert_array_equal(truncate(space, z, 1.0), z)
    shares = [TypicalityScale(space).percentiles(truncate(space, z, psi)).mean() for psi in (1, 0.7, 0.3)]
    assert shares[0] < shares[1] < shares[2]
    ends = np.unique(truncate(space, z, 0.0), axis=0)
    assert len(ends) == (1 if space.mixture is None else len(space.mixture))
    with pytest.raises(ValueError, match="between 0 and 1"):
        truncate(space, z, 1.5)

from tests.support import require
from tests.training.conftest import MISSING


def test_what_training_needs_is_installed() -> None:
    require(not MISSING, f"{', '.join(MISSING)} (pip install '.[train]'); the training tests were left out")

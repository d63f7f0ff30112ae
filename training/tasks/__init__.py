"""The data sets that models are trained on, a package each; `TASKS` is the list."""

from __future__ import annotations

from vaevis_tui.errors import UserError

from ..core.config import read_table
from ..core.task import Task
from .digits.task import DIGITS
from .dogs.task import DOGS

TASKS: dict[str, Task] = {"mnist": DIGITS, "dogfacenet": DOGS}
"""By the ``dataset`` of a configuration. `training.tasks.folder` has its own command, ``vaevis-train``."""


def task_of(model: str) -> Task:
    """The task of a model (``mnist``) or of a configuration file (``mine.toml``).

    Raises:
        UserError: There is no such file, it is not TOML, or it names a data set that nobody knows.
    """
    table, path = read_table(model)
    if (name := table.get("dataset")) not in TASKS:
        raise UserError(f"{path}: dataset is {name!r}; it must be {' or '.join(TASKS)}")
    return TASKS[name]

"""Where an exploration begins: at a point or where a session ended, with the rows of what has names first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage.session import Session
from vaevis_tui.latent.axes import DIRECTIONS, axis_sets
from vaevis_tui.latent.directions import Directions
from vaevis_tui.latent.state import LatentState
from vaevis_tui.models.bundle import Bundle


def first_state(bundle: Bundle, z: ArrayLike, own: Directions | None, resumed: Session | None) -> LatentState:
    """The state to begin with.

    Args:
        bundle: The model.
        z: Where to start, (d,), or a point.
        own: The person's own directions, or None.
        resumed: A session that says where instead, and which rows; or None.

    Raises:
        UserError: z or the session does not fit the model's latent vector.
    """
    space, sets = bundle.space, axis_sets(bundle.space, own, bundle.controls)
    try:
        if resumed is None:
            state = LatentState.start(space, z, sets)
            return state if space.directions is None else state.choose_axis_set(DIRECTIONS)
        z, past, future = resumed.z, resumed.past, resumed.future
        state = LatentState.restore(space, z, resumed.selected, past, future, sets)
        return state.with_sets(sets, resumed.axes).choose_axis_set(resumed.axis_set)
    except ValueError as error:
        what = "z" if resumed is None else "the session"
        raise UserError(f"{what} does not fit model {bundle.name}: {error}") from None


def session_at(state: LatentState, model: str, backend: str, *, walking: bool, speed: float) -> Session:
    """What it takes to go on from a state."""
    past, future = (
        np.array(steps, np.float32).reshape(-1, state.point.size) for steps in (state.past, state.future)
    )
    return Session(
        model=model,
        backend=backend,
        z=state.point,
        selected=state.rows[0],
        past=past,
        future=future,
        walking=walking,
        speed=speed,
        axis_set=state.axis_set.name,
        axes=state.selected_names,
    )

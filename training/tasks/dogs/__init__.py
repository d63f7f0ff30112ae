"""Dog faces, 128x128 RGB: data, networks and objectives of their own; the loop is `training.core.loop`'s."""

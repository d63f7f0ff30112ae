"""Which model a file means: by a name that holds in any folder, and by the hash of its decoder."""

from __future__ import annotations

import hashlib

from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle


def model_reference(bundle: Bundle) -> str:
    """What ``--model`` takes from any folder: the name of a shipped model, else the absolute path."""
    return bundle.path.name if bundle.shipped else str(bundle.path.absolute())


def decoder_hash(bundle: Bundle) -> str:
    """SHA-256 of the decoder's file, 64 hexadecimal digits; takes 15 ms for dog.

    Raises:
        UserError: The file cannot be read any more.
    """
    try:
        with bundle.decoder_path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{bundle.decoder_path}: {error.strerror or error}") from None

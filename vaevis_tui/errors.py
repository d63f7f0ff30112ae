"""The exceptions whose texts are shown to a person as they stand."""


class UserError(Exception):
    """Something a person can mend; the message names the thing, its value and what would be right.

    The message is one line without a trailing full stop being required. The command line prints it as
    ``vaevis-tui: error: MESSAGE`` and exits with code 2; the app shows it as a notice and goes on.
    """


class EngineError(Exception):
    """A device was lost, ran out of memory or refused a shader: the session goes on with another backend."""

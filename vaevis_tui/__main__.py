"""``python -m vaevis_tui`` is ``vaevis-tui``."""

import sys

from vaevis_tui.cli import main

sys.exit(main())

"""``python -m training.directions``."""

import sys

from .search import main

sys.exit(main())

"""All graphics protocols, best first."""

from __future__ import annotations

from vaevis_tui.terminal.detect.protocols.iterm import ITERM
from vaevis_tui.terminal.detect.protocols.kitty import KITTY
from vaevis_tui.terminal.detect.protocols.protocol import ImageProtocol
from vaevis_tui.terminal.detect.protocols.sixel import SIXEL
from vaevis_tui.terminal.graphics import Graphics

IMAGE_PROTOCOLS: tuple[ImageProtocol, ...] = (KITTY, ITERM, SIXEL)

BY_GRAPHICS: dict[Graphics, ImageProtocol] = {protocol.graphics: protocol for protocol in IMAGE_PROTOCOLS}

"""What real terminals answer to the batch of queries."""

# The first four were recorded from the programs; the others come from their sources and from public
# recordings of the same queries.
XTERM = b"\x1bP>|XTerm(379)\x1b\\\x1b[?1;3S\x1b[?2;3S\x1b[?2026;0$y\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c"
XTERM_VT340 = (
    b"\x1bP>|XTerm(379)\x1b\\\x1b[?1;0;1024S\x1b[?2;0;1000;600S\x1b[?2026;0$y\x1b[?63;1;2;4;6;9;15;16;22;28c"
)
KITTY_26 = b"\x1bP>|kitty(0.26.5)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?2026;2$y\x1b[4;460;846t\x1b[6;20;9t\x1b[?62;c"
TMUX = b"\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2c"
KITTY_45 = b"\x1bP>|kitty(0.45.0)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?2026;2$y\x1b[6;19;10t\x1b[?62;52;c"
GHOSTTY = b"\x1bP>|ghostty 1.3.1\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?2026;2$y\x1b[6;19;10t\x1b[?62;22;52c"
WEZTERM = (
    b"\x1bP>|WezTerm 20240203-110809-5046fc22\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?1;0;65536S\x1b[?2;0;1000;570S"
    b"\x1b[?2026;2$y\x1b[6;19;10t\x1b[?65;4;6;18;22c"
)
KONSOLE = (
    b"\x1bP>|Konsole 25.12.3\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?1;0;256S\x1b[?2;0;16384;16384S"
    b"\x1b[6;19;10t\x1b[?62;1;4c"
)
FOOT = (
    b"\x1bP>|foot(1.25.0)\x1b\\\x1b[?1;0;1024S\x1b[?2;0;1000;570S\x1b[?2026;2$y\x1b[6;19;10t"
    b"\x1b[?62;4;22;28;52c"
)
ITERM2 = b"\x1bP>|iTerm2 3.6.5\x1b\\\x1b[?2026;2$y\x1b[6;34;17t\x1b[?64;1;2;4;6;17;18;21;22;52c"
VTE = b"\x1bP>|VTE(7802)\x1b\\\x1b[?2026;4$y\x1b[6;17;8t\x1b[?65;1;9c"
VS_CODE = (
    b"\x1bP>|xterm.js(6.1.0-beta.191)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?2026;2$y\x1b[6;18;9t\x1b[?62;4;9;22c"
)
WINDOWS_TERMINAL = b"\x1b[6;20;10t\x1b[?61;4;6;7;14;21;22;23;24;28;32;42;52c"
APPLE = b"\x1b[?1;2c"
SCREEN = b"\x1b[?1;2c"
ZELLIJ = b"\x1b[?1;0;1024S\x1bP>|Zellij(4501)\x1b\\\x1b[6;19;10t\x1b[?62;4;52c"
WARP = b"\x1bP>|Warp(v0.2026.06.03.09.49.stable_01)\x1b\\\x1b[?62c"

"""What a decoder's process and its owner say to each other, through pipes, little-endian.

A request and its answer are JSON after their length (u32). Then, for each batch, `BATCH` and n·d float32 go
one way; `ANSWER` and n·h·w·3 bytes of images come back, or as many bytes of text as the first field of
`ANSWER` says. When `ANSWER` is there the device is free: the next request may be sent before the images
are read.
"""

from __future__ import annotations

import struct

LENGTH = struct.Struct("<I")
BATCH = struct.Struct("<II")
"""Vectors, and numbers of each, those of controls included."""
ANSWER = struct.Struct("<Iddd")
"""Bytes of an error's text, 0 for images; then seconds of submitting, computing and unpacking."""

"""Animations as files: GIF, WebP, APNG, MP4, WebM and asciinema casts, each written whole or not at all."""

IMAGES = (".gif", ".webp", ".png", ".apng")
VIDEOS = (".mp4", ".webm")
CASTS = (".cast",)
ENDINGS = (*IMAGES, *VIDEOS, *CASTS)
"""What an animation's name may end in."""

LEAST_SIDE, MOST_SIDE = 8, 4096
"""Pixels of a frame's longer side."""

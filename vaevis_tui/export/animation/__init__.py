"""Animations as files: GIF, WebP, APNG, MP4, WebM and asciinema casts, each written whole or not at all."""

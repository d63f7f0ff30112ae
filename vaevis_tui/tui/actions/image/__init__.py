"""Keys that bring an image of one's own: opened, cropped, searched for, compared with."""

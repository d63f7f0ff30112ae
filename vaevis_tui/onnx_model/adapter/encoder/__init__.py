"""How an image goes into an encoder of anybody's, and how z comes out."""

"""How z goes into a decoder of anybody's and how the image comes out, each with the reason it was taken."""

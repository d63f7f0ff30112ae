"""The photographs of DogFaceNet: read, screened, and changed in training."""

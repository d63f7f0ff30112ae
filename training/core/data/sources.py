"""What model cards say about the data that was trained on."""

from __future__ import annotations

SOURCES = {
    "mnist": {
        "name": "MNIST",
        "licence": "CC BY-SA 3.0",
        "attribution": "Y. LeCun, C. Cortes and C. Burges: the MNIST database of handwritten digits",
        "url": "http://yann.lecun.com/exdb/mnist/",
    },
    "dogfacenet": {
        "name": "DogFaceNet",
        "licence": "CC BY 4.0",
        "attribution": "G. Mougeot, D. Li and S. Jia: A Deep Learning Approach for Dog Face Verification and "
        "Recognition, PRICAI 2019, doi 10.1007/978-3-030-29894-4_34; images were cropped and resized",
        "url": "https://zenodo.org/records/12578449",
    },
}
"""What a model card says about the data it was trained on."""

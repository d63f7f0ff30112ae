"""Decoding: the Decoder protocol, the operator graph and its fusion, the backends and the worker."""

"""Training, evaluation and export of the shipped models: PyTorch lives here and nowhere else."""

from importlib.util import find_spec

if _missing := [name for name in ("torch", "torchvision", "onnxscript", "tqdm") if find_spec(name) is None]:
    raise ModuleNotFoundError(
        f"training needs {', '.join(_missing)}; install them with: pip install '.[train]'"
    )

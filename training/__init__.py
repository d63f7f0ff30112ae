"""Training, evaluation and export of the shipped models: PyTorch lives here and nowhere else."""

"""What all tasks share: loop, schedule, checkpoints, networks, posteriors, export."""

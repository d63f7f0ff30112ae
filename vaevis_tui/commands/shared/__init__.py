"""What several commands share: arguments, opening models, writing results."""

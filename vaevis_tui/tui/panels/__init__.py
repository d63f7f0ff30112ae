"""What the explorer's screen is made of beside the live image."""

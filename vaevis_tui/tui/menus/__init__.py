"""What lies over the screen for a while: lists, prompts, help, the palette."""

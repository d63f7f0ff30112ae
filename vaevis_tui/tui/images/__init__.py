"""Images on the terminal while the app runs: live images, and the port that all of them share."""

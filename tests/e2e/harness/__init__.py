"""What drives the program for tests: a pseudo-terminal, a terminal that shows, an sshd, keys."""

"""Keys of the program: models, graphics, help, and what is saved or copied."""

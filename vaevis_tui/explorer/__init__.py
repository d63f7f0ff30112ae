"""The explorer without a screen: where in which model a person is, and how they move."""

"""Pictures before they are trained on."""

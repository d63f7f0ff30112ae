"""Networks that judge images of dogs, and what they find in them."""

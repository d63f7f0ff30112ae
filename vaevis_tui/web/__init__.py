"""A model for browsers: the wgpu backend's plan as data, and the page that runs it."""

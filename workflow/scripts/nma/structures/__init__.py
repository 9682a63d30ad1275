"""Parts of a model: each function takes a ``Structure`` and returns it with its part added."""

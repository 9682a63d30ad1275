"""Is the network to be believed? Checks that refit it many times on the exact engine."""

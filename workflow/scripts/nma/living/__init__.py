"""The living review: what ran, what was released, what an update changed, who read what."""

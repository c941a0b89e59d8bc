"""`python -m actions.warm_up`: builds the search index into the cache, so that the action server starts at once."""

from __future__ import annotations

if __name__ == "__main__":
    from actions.counter import counter

    counter()

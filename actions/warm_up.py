"""`python -m actions.warm_up`: builds the search index into the cache, so that the action server starts at once."""

from __future__ import annotations

import sys

sys.modules.setdefault("tensorflow", None)  # type: ignore[arg-type]  # see actions/server.py

if __name__ == "__main__":
    from actions.counter import counter

    counter()

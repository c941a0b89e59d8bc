"""`python -m bot.server run …`: Rasa's own command line, with this project's connection to the action server in it."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs `rasa` with the arguments given."""
    import rasa.__main__

    from bot.action_client import install

    install()
    sys.argv[0] = "rasa"
    rasa.__main__.main()


if __name__ == "__main__":
    main()

"""`python -m bot.server run …`: Rasa's own command line, with this project's connection to the action server, and its shortcuts, in it."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs `rasa` with the arguments given."""
    from bot import lean_start

    lean_start.install()  # before Rasa is imported
    import rasa.__main__

    from bot import action_client, shortcuts

    action_client.install()
    shortcuts.install()
    sys.argv[0] = "rasa"
    rasa.__main__.main()


if __name__ == "__main__":
    main()

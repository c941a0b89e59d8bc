"""`python -m actions.server`: the action server, on loopback, with the knowledge opened before it says that it is healthy."""

from __future__ import annotations

import argparse
import logging
import sys


def main() -> int:
    """Serves until it is stopped. Returns 1, with one clear line, when the knowledge is not loaded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5055)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    from rasa_sdk.endpoint import create_app

    from actions.counter import counter

    try:
        counter()
    except LookupError as error:
        print(error, file=sys.stderr)
        return 1
    app = create_app("actions", cors_origins=[])
    app.run(host=arguments.host, port=arguments.port, workers=1, access_log=False, debug=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())

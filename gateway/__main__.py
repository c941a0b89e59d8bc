"""`python -m gateway`: serves until it is stopped. Settings: gateway/settings.py."""

from __future__ import annotations

import logging
import os
import sys

import sqlalchemy as sa
import uvicorn
from alembic.util.exc import CommandError

from gateway.channels.credentials import configured_channels
from gateway.logs import set_up
from gateway.services import create_services
from gateway.settings import gateway_settings
from gateway.web.app import create_app

logger = logging.getLogger("gateway")
DRAIN = 5  # seconds for open requests when stopping


def main() -> int:
    """Returns 1, after one clear line, when something keeps it from starting."""
    set_up(os.environ.get("MADOGUCHI_LOG_LEVEL", "INFO").upper())
    try:
        settings = gateway_settings()
        channels = configured_channels()
        for name, missing in channels.off.items():
            logger.info("The channel %s is off: no %s", name, missing)
        services = create_services(settings, channels=channels)
        app = create_app(services)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except sa.exc.SQLAlchemyError as error:
        print(f"The database cannot be opened ({type(error).__name__}). Check MADOGUCHI_DATABASE_URL, and that its server runs.", file=sys.stderr)
        return 1
    except CommandError as error:
        print(
            f"The tables of the database are of a newer version than this program: {error}. Install that version, or restore a backup.",
            file=sys.stderr,
        )
        return 1
    # uvicorn's access log would hold people's addresses; guard.py writes one line for each request instead.
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        ws="none",  # Rasa holds the websockets library at a version that uvicorn cannot load; nothing here uses it
        server_header=False,
        timeout_graceful_shutdown=DRAIN,
        timeout_keep_alive=30,
        forwarded_allow_ips=os.environ.get("MADOGUCHI_PROXIES", "127.0.0.1"),
    )
    uvicorn.Server(config).run()
    services.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m services.pooler CONFIGURATION`: route reads until SIGTERM or SIGINT."""

import argparse
import logging
import signal
import sys
from pathlib import Path

from services.pooler.configuration import Configuration, ConfigurationError
from services.pooler.router import Router
from services.pooler.status import Status, StatusServer

PATIENCE_CHECKS = 3
"""How many checks may fail before the load balancer is told; beside the time that an answer may take."""


def main(arguments: list[str] | None = None) -> int:
    """Run the router; returns the exit code, 2 for a configuration that cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m services.pooler", description=__doc__)
    parser.add_argument("configuration", type=Path, help="the router's configuration, JSON")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        configuration = Configuration.read(given.configuration)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    status = Status(
        PATIENCE_CHECKS * configuration.check_every + configuration.answer_within, configuration.certificate
    )
    try:
        server = StatusServer(configuration.status_address, configuration.status_port, status)
    except OSError as error:
        sys.stderr.write(f"{configuration.status_address}:{configuration.status_port}: {error.strerror}\n")
        return 2
    router = Router(configuration, status)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: router.stop())
    server.start()
    router.run()
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m services.invalidator`: work until SIGTERM or SIGINT, then finish what is in hand."""

import os
import signal
import sys
from types import FrameType

import uvicorn

from services.invalidator.app import Endpoints
from services.invalidator.configuration import Configuration, ConfigurationError
from services.invalidator.logs import begin
from services.invalidator.metrics import Metrics
from services.invalidator.worker import Worker


class _Server(uvicorn.Server):
    """Uvicorn, which lets no further event in from the moment that it is told to end."""

    def __init__(self, config: uvicorn.Config, endpoints: Endpoints) -> None:
        super().__init__(config)
        self._endpoints = endpoints

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        self._endpoints.stop()
        super().handle_exit(sig, frame)


def main() -> int:
    """Run the worker; returns the exit code, 2 for a configuration that cannot be used."""
    try:
        configuration = Configuration.read(os.environ)
    except ConfigurationError as error:
        sys.stderr.write(f"the environment cannot be used: {error}\n")
        return 2
    begin(configuration.log_level)
    metrics = Metrics()
    worker = Worker(configuration, metrics)
    endpoints = Endpoints(configuration, worker, metrics)
    config = uvicorn.Config(
        endpoints.application(),
        host="0.0.0.0",  # noqa: S104 # Cloud Run's front end comes from outside the container
        port=configuration.port,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=configuration.stop_seconds,
    )
    # Uvicorn raises the signal again once it has ended, when there is still something to close.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    worker.start()
    _Server(config, endpoints).run()
    worker.close(1)
    return 0


if __name__ == "__main__":
    sys.exit(main())

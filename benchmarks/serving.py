"""An installation in a process of its own for B8: `python -m benchmarks.serving --folder F --port P`.

The three services as `trialops serve` runs them, in demonstration; over other stores and a broker when given.
"""

import argparse
import json
from pathlib import Path

from deploy.trialops.installation import Installation, Place
from shared.event_loop import run
from shared.process import OrderlyServer, server_config
from shared.settings import Environment
from shared.telemetry import configure_logging


async def _serve(installation: Installation, port: int) -> None:
    await installation.start()
    try:
        await OrderlyServer(server_config(installation.app, "127.0.0.1", port)).serve()
    finally:
        await installation.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--stores", type=json.loads, help="JSON: service to URL")
    parser.add_argument("--kafka", help="bootstrap servers")
    given = parser.parse_args()
    configure_logging("trialops")
    place = Place(
        folder=given.folder,
        environment=Environment.DEMONSTRATION,
        store_urls=given.stores,
        kafka_bootstrap_servers=given.kafka,
    )
    installation = Installation(place)
    if given.stores is None:
        installation.migrate()
    run(_serve(installation, given.port))


if __name__ == "__main__":
    main()

"""`python -m orchestration.web`: Dagster's pages on 127.0.0.1, for the operator alone (see `routiq up`)."""

import uvicorn

from orchestration.settings import DagsterWebSettings
from orchestration.web.app import web_app
from warehouse.settings import Settings


def main() -> None:
    web = DagsterWebSettings.load()
    with web_app(Settings.load(), web) as app:
        uvicorn.run(
            app,
            host="127.0.0.1",
            port=web.dagster_port,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=3,  # an open page holds a WebSocket for ever
        )


if __name__ == "__main__":
    main()

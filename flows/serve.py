"""`python -m flows.serve`: serves every deployment from this process, until it is stopped.

Each run is a process of its own. API: https://docs.prefect.io/v3/how-to-guides/deployment_infra
"""

import os

# Prefect reports usage by default, and reads its settings when it is imported
NO_TELEMETRY = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}


def main() -> None:
    """Serve until interrupted. Runs that come due meanwhile start when serving starts again."""
    for name, value in NO_TELEMETRY.items():
        os.environ.setdefault(name, value)
    from prefect import serve

    from flows.deployments import DEPLOYMENTS

    runners = (deployment.to_serve() for deployment in DEPLOYMENTS)
    serve(*runners, pause_on_shutdown=False)


if __name__ == "__main__":
    main()

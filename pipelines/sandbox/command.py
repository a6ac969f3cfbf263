"""The `sandbox` command: make or reopen an account, and serve it until stopped."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.sandbox.api.server import serve_forever
from pipelines.sandbox.api.variants.access import key_with
from pipelines.sandbox.simulation.account import Account


def serve_account(
    path: Path | None,
    parameters: dict[str, Any],
    options: dict[str, Any],
    port: int,
    ready: Callable[[str, str], None],
) -> None:
    """Serve the account at `path`, made with `parameters` unless it is there already.

    Without a path the account is gone with the process. `ready` is told base URL and key.
    """
    with tempfile.TemporaryDirectory() as scratch:
        file = path or Path(scratch) / "account.sqlite"
        is_there = path is not None and path.exists()
        with Account.open(file) if is_there else Account.create(file, **parameters) as account:
            key = key_with(account, options.get("variants", ()))
            serve_forever(account, port=port, on_ready=lambda url: ready(url, key), **options)

"""Accounts for tests, all of the seed that `make test SEED=n` names."""

import os
from pathlib import Path
from typing import Any

from pipelines.sandbox.simulation.account import Account

SEED = int(os.environ.get("SEED", "7"))


def create_account(path: Path, **parameters: Any) -> Account:
    """`Account.create` with the seed of this test run, unless another is given."""
    return Account.create(path, **{"seed": SEED} | parameters)

"""What two loads make of an API that answers otherwise: the first load, and the one a day later."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.foundation.errors import GigstackError
from pipelines.gigstack.settings import Settings
from pipelines.load.run import load
from pipelines.load.select import select_resources
from pipelines.monitoring.result import errors_in, warnings_in
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.api.variants.access import key_with
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from tests.pipelines.loads import differences, lookback, settings_for

THROTTLE = (100, 2.0)  # requests, within so many seconds
PAGE_SIZE = 20
WINDOW_DAYS = 10


@dataclass(frozen=True)
class Outcome:
    """How one load ended: its status, what it said, and the tables that differ from the account."""

    status: str
    lines: tuple[str, ...]
    wrong: dict[str, str]

    @property
    def is_honest(self) -> bool:
        """Whether a load that is ok is right, and another says why it is not."""
        return not self.wrong if self.status == "ok" else bool(self.lines)


def outcomes(account: Account, variants: Sequence[str], data_dir: Path) -> list[Outcome]:
    """The first load of an account, and an incremental one after its next day."""
    app = create_app(account, variants=tuple(variants), throttle=THROTTLE)
    found = []
    with serving(app) as url:
        for _ in range(2):
            settings = settings_for(
                account,
                url,
                api_key=key_with(account, tuple(variants)),
                page_size=PAGE_SIZE,
                timeout_seconds=1,
                lookback_days=lookback(account, WINDOW_DAYS),
            )
            found.append(_outcome(account, settings, data_dir))
            account.advance(1)
    return found


def _outcome(account: Account, settings: Settings, data_dir: Path) -> Outcome:
    resources = select_resources((), settings.documents)
    try:
        result = load(settings, data_dir, resources, lambda _: None)
    except GigstackError as error:
        return Outcome("failed", (str(error),), {})
    lines = (*errors_in(result), *warnings_in(result))
    return Outcome(result.status, lines, differences(data_dir, expected(account)))

"""What runs when, declared once: `flows/serve.py` serves it, `prefect.yaml` says the same for work
pools, and a test compares the two.

API: https://docs.prefect.io/v3/concepts/deployments
"""

import os
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.flows import Flow
from prefect.schedules import Cron, Schedule

from pipelines.foundation.time_zone import MEXICO_CITY_NAME

TAGS = ("gigstack",)
HOURLY_DOCUMENTS = "GIGSTACK_HOURLY_DOCUMENTS"  # any value but nothing, 0 and false


@dataclass(frozen=True)
class Deployment:
    """A flow, its name in Prefect, and when it runs by itself."""

    flow: str  # also the name of its file
    cron: str | None = None
    is_optional: bool = False  # scheduled only where it is asked for

    @property
    def name(self) -> str:
        return self.flow.replace("_", "-")

    @property
    def entrypoint(self) -> str:
        return f"flows/{self.flow}.py:{self.flow}"

    @property
    def is_active(self) -> bool:
        asked = os.environ.get(HOURLY_DOCUMENTS, "").lower()
        return not self.is_optional or asked not in ("", "0", "false")

    @property
    def schedules(self) -> list[Schedule]:
        return (
            [Cron(self.cron, timezone=MEXICO_CITY_NAME, active=self.is_active)] if self.cron else []
        )

    def load(self) -> Flow[..., Any]:
        found: Flow[..., Any] = getattr(import_module(f"flows.{self.flow}"), self.flow)
        return found

    def to_serve(self) -> RunnerDeployment:
        """As one process serves it: a second run of it waits until the first has ended."""
        limit = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
        flow = self.load()
        found: Any = flow.to_deployment(
            self.name,
            schedules=self.schedules,
            concurrency_limit=limit,
            tags=list(TAGS),
            description=flow.description,
        )
        return cast(RunnerDeployment, found)


DEPLOYMENTS = (
    Deployment("nightly", "30 2 * * *"),
    Deployment("full_sweep", "30 4 * * 0"),
    Deployment("refresh_documents", "15 * * * *", is_optional=True),
    Deployment("backfill"),
    Deployment("publish"),
)

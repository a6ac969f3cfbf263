"""Declares what runs when. `flows/serve.py` serves it; `prefect.yaml` repeats it for work pools.

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
HOURLY_DOCUMENTS = "GIGSTACK_HOURLY_DOCUMENTS"  # on unless empty, 0 or false


@dataclass(frozen=True)
class Deployment:
    """A flow and its schedule."""

    flow: str  # also the name of its file
    cron: str | None = None
    is_optional: bool = False  # its schedule is inactive unless it is switched on

    @property
    def name(self) -> str:
        return self.flow.replace("_", "-")

    @property
    def entrypoint(self) -> str:
        return f"flows/{self.flow}.py:{self.flow}"

    @property
    def is_active(self) -> bool:
        value = os.environ.get(HOURLY_DOCUMENTS, "").lower()
        return not self.is_optional or value not in ("", "0", "false")

    @property
    def schedules(self) -> list[Schedule]:
        return (
            [Cron(self.cron, timezone=MEXICO_CITY_NAME, active=self.is_active)] if self.cron else []
        )

    def load(self) -> Flow[..., Any]:
        flow: Flow[..., Any] = getattr(import_module(f"flows.{self.flow}"), self.flow)
        return flow

    def to_serve(self) -> RunnerDeployment:
        """The deployment for `serve`: a second run waits until the first has ended."""
        limit = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
        flow = self.load()
        deployment: Any = flow.to_deployment(
            self.name,
            schedules=self.schedules,
            concurrency_limit=limit,
            tags=list(TAGS),
            description=flow.description,
        )
        return cast(RunnerDeployment, deployment)


DEPLOYMENTS = (
    Deployment("nightly", "30 2 * * *"),
    Deployment("full_sweep", "30 4 * * 0"),
    Deployment("refresh_documents", "15 * * * *", is_optional=True),
    Deployment("backfill"),
    Deployment("publish"),
)

"""What a test or a demo does to the sandbox from outside, below `/_sandbox`: no key needed."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipelines.sandbox.api.envelopes import json_response
from pipelines.sandbox.api.faults import Faults
from pipelines.sandbox.api.traffic import Traffic
from pipelines.sandbox.api.variants.middleware import Variants
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage.store import encode


class Admin:
    """The controls of one served account."""

    def __init__(
        self, account: Account, faults: Faults, variants: Variants, traffic: Traffic
    ) -> None:
        self.account = account
        self.faults = faults
        self.variants = variants
        self.traffic = traffic

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/advance", self.advance, methods=["POST"]),
            Route("/stats", self.stats, methods=["GET"]),
            Route("/reset-stats", self.reset_stats, methods=["POST"]),
            Route("/faults", self.set_faults, methods=["POST"]),
            Route("/variants", self.set_variants, methods=["POST"]),
            Route("/expected", self.expected, methods=["GET"]),
        ]

    async def advance(self, request: Request) -> Response:
        days = int(request.query_params.get("days", "1"))
        await run_in_threadpool(self.account.advance, days)
        return json_response(encode({"now": self.account.now.isoformat()}))

    async def stats(self, _: Request) -> Response:
        return json_response(encode({**self.traffic.summary(), "faults": dict(self.faults.hits)}))

    async def reset_stats(self, _: Request) -> Response:
        self.traffic.reset()
        self.faults.hits.clear()
        return json_response(b'{"reset":true}')

    async def set_faults(self, request: Request) -> Response:
        wanted = await request.json()
        try:
            self.faults.set(tuple(wanted.get("names", ())), float(wanted.get("rate", 0.05)))
        except ValueError as error:
            return json_response(encode({"error": str(error)}), 400)
        return json_response(encode({"names": self.faults.names, "rate": self.faults.rate}))

    async def set_variants(self, request: Request) -> Response:
        wanted = await request.json()
        throttle = wanted.get("throttle")
        try:
            self.variants.set(tuple(wanted.get("names", ())), throttle and tuple(throttle))
        except ValueError as error:
            return json_response(encode({"error": str(error)}), 400)
        return json_response(encode({"names": self.variants.names}))

    async def expected(self, _: Request) -> Response:
        tables = await run_in_threadpool(expected, self.account)
        return json_response(
            encode({name: {"rows": one.rows, "money": one.money} for name, one in tables.items()})
        )

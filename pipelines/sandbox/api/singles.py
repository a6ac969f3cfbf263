"""Single objects, and what hangs below one."""

from starlette.requests import Request
from starlette.responses import Response

from pipelines.sandbox.api import filters, paging
from pipelines.sandbox.api.envelopes import ApiError, json_response, listing, single
from pipelines.sandbox.api.files import FILE_TYPES, link
from pipelines.sandbox.api.lists import Endpoint, Lists
from pipelines.sandbox.simulation.lists import teams
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import decode, encode

INVOICES = ("income", "egress", "complements", "transfers")
LATEST_DOWNLOADS = 20


class Singles:
    """Makes the endpoints that answer one object, or one list without pages."""

    def __init__(self, lists: Lists) -> None:
        self.lists = lists
        self.account = lists.account
        self.store = lists.account.store

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of one object of a list."""

        async def answer(request: Request) -> Response:
            team = self.lists.team(request)
            row = self._find(request.path_params["id"], team, (name,))
            return self._row(request, row)

        return answer

    def support_documents(self, names: tuple[str, ...]) -> Endpoint:
        """The support documents of an object; those of its client are inherited."""

        async def answer(request: Request) -> Response:
            team = self.lists.team(request)
            place, body = self._find(request.path_params["id"], team, names)
            found = self.store.documents_of(self._with_client(place, body))
            bodies = [shown for one in found if (shown := self.store.body(one))]
            return json_response(listing(bodies, self.account.now, 3))

        return answer

    def _with_client(self, place: int, body: bytes) -> list[int]:
        client = (decode(body).get("client") or {}).get("id")
        inherited = positions.place_of(client) if client else None
        return [place] if inherited is None else [place, inherited]

    async def team(self, request: Request) -> Response:
        self._team_number(request)
        place = positions.place_of(request.path_params["id"])
        body = self.store.body(place) if place is not None else None
        return self._row(request, (place or 0, body or b"null"))

    async def settings(self, request: Request) -> Response:
        return self._single(self.account.roster[self._team_number(request)].record["settings"])

    async def sat_invoice(self, request: Request) -> Response:
        """The mirror of a CFDI has no position in its UUID, so it is looked for."""
        team, uuid = self.lists.team(request), request.path_params["id"].lower()
        window = paging.whole(team, "sat_invoices")
        rows = filters.matching(
            self.store, window, 1, [lambda _, body: uuid in body.decode().lower()], ascending=False
        )
        if not rows or decode(rows[0][1])["uuid"].lower() != uuid:
            raise ApiError(404, "resource_not_found", f"No SAT invoice {uuid}")
        return self._row(request, rows[0])

    async def files(self, request: Request) -> Response:
        """A link to the PDF or the XML of a CFDI, which needs no network."""
        kind = paging.one_of(request.query_params, "file_type", FILE_TYPES)
        _, body = self._find(request.path_params["id"], self.lists.team(request), INVOICES)
        invoice = decode(body)
        if not invoice.get("uuid"):
            raise ApiError(404, "file_not_found", "The invoice is not stamped")
        return self._single({"file_type": kind, "url": link(kind, invoice)})

    async def series(self, request: Request) -> Response:
        number = self._team_number(request)
        folios = self.account.roster[number].folios
        return self._single(teams.series(number, folios))

    async def members(self, request: Request) -> Response:
        return self._single(self.account.roster[self._team_number(request)].record["members"])

    async def integrations(self, request: Request) -> Response:
        team = self.account.roster[self.lists.team(request)]
        return self._single(team.record["integrations"])

    async def downloads(self, request: Request) -> Response:
        window = paging.whole(self.lists.team(request), "downloads")
        rows = self.store.page(*window, LATEST_DOWNLOADS, ascending=False)
        history = b'{"history":[' + b",".join(body for _, body in rows) + b"]}"
        return json_response(single(history, self.account.now))

    async def schedule(self, request: Request) -> Response:
        self.lists.team(request)
        plan = {"enabled": True, "time": "03:00", "downloadTypes": ["issued"], "daysBack": 30}
        return self._single({"fiel_uploaded": True, "registered": True, "schedule": plan})

    async def activation(self, request: Request) -> Response:
        self.lists.team(request)
        return self._single({"status": "active", "planIncludesFeature": True, "isActivated": True})

    def _row(self, request: Request, row: filters.Row) -> Response:
        ((_, body),) = self.lists.shown(request, [row])
        return json_response(single(body, self.account.now))

    def _single(self, value: object) -> Response:
        return json_response(single(encode(value), self.account.now))

    def _find(self, object_id: str, team: int, names: tuple[str, ...]) -> tuple[int, bytes]:
        place = positions.place_of(object_id)
        body = None
        where = {positions.partition(team, name) for name in names}
        if place is not None and positions.partition_of(place) in where:
            body = self.store.body(place)
        if place is None or body is None:
            raise ApiError(404, "resource_not_found", f"No {names[0]} {object_id}")
        return place, body

    def _team_number(self, request: Request) -> int:
        self.lists.team(request)
        number = self.account.team_number(request.path_params["id"])
        if number is None:
            raise ApiError(404, "resource_not_found", f"No team {request.path_params['id']}")
        return number

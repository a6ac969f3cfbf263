"""No id that the API gives leads a request to another endpoint."""

import re
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.api.paths import fill_path
from pipelines.gigstack.endpoints import RESOURCES
from tests.pipelines.loads import query, run
from tests.pipelines.scripted import TEAM, account_script, api, page, settings

TEMPLATE = "/clients/{parent}/support-documents"
ODD_IDS = [
    "../download/invoice/U",
    "../../teams/team_1/onboarding-url",
    "A/1",
    ".",
    "..",
    "%2e%2e",
    "..%2f..%2fteams",
    "a?team=other",
    "a#b",
    "a b",
    " client_1",
    "client_1\n",
    "client\r\nX-Header: 1",
    "ñandú",
    "x" * 65_500,
    "\u202e",
    "client_2",
]
# what the load of clients and their documents may ask, with one segment in the place of an id
ALLOWED = re.compile(r"/teams|/teams/team_1|/clients|/clients/[^/]+/support-documents")


@given(st.text())
def test_an_id_is_one_segment_or_refused(text: str) -> None:
    try:
        path = fill_path(TEMPLATE, parent=text)
    except ApiError:
        return
    sent = httpx.URL(f"https://api.example/v2{path}").raw_path.decode()
    head, segment, tail = sent.removeprefix("/v2/").split("/")
    assert (head, unquote(segment), tail) == ("clients", text, "support-documents")


@pytest.mark.parametrize("text", ["", ".", "..", "a\nb", " a", "\ud800", "x" * 513])
def test_what_cannot_be_a_segment_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="cannot be part of a request's path"):
        fill_path(TEMPLATE, parent=text)


def test_a_load_asks_only_what_is_declared_whatever_the_ids_are(data_dir: Path) -> None:
    clients = page([{"id": odd, "team": TEAM} for odd in ODD_IDS], has_more=False)
    with api(account_script({"/clients": clients})) as (script, url):
        result = run(settings(url), data_dir, "support_documents")
    paths = {asked.raw_path for asked in script.asked}
    assert {path for path in paths if not ALLOWED.fullmatch(path)} == set()
    assert {"/clients/client_2/support-documents", "/clients/A%2F1/support-documents"} <= paths
    assert query(data_dir, "select count(*) as rows from gigstack.clients") == [
        {"rows": len(ODD_IDS)}
    ]
    errors = {stats.resource: stats.error for stats in result.resources if stats.error}
    assert "cannot be part of a request's path" in errors["client_support_documents"]


def test_every_template_has_its_ids_in_segments_of_their_own() -> None:
    paths = [path for one in RESOURCES.values() for path in (*one.paths, one.single_path or "/")]
    assert all(re.fullmatch(r"(/[a-z-]+|/\{[a-z]+\})*/?", path) for path in paths)

"""Whose a record is: what says another team or mode is rejected, and its page otherwise is not."""

from dataclasses import replace
from typing import Any

import pytest

from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.normalize.batch import Batch, CheckedPage
from pipelines.gigstack.normalize.normalizer import EntityNormalizer, normalizing_database
from tests.sql.rows import RUN_ID, STARTED_AT, TEAM, page_of


def checked(
    entity: str, *records: dict[str, Any], livemode: bool | None = None
) -> tuple[CheckedPage, Batch]:
    normalizer = EntityNormalizer(
        ENTITIES[entity], RUN_ID, STARTED_AT, normalizing_database(), livemode=livemode
    )
    page = normalizer.check_page(page_of(entity, list(records)))
    return page, normalizer.normalize([page])


def test_a_record_of_another_team_is_rejected_and_the_others_are_not() -> None:
    page, batch = checked(
        "clients",
        {"id": "own", "team": TEAM},
        {"id": "foreign", "team": "team_2", "beta": 1},
        {"id": "silent"},
        {"id": "blank", "team": ""},
        {"id": "an object", "team": {"id": TEAM, "name": "Own"}},
    )
    assert batch.tables["clients"]["client_id"].to_pylist() == [
        *("own", "silent", "blank", "an object")
    ]
    (reject,) = batch.rejects
    assert (reject.reason, reject.field, reject.team_id) == ("of another team", "team", TEAM)
    assert reject.raw == '{"id": "foreign", "team": "team_2", "beta": 1}'
    assert not page.is_foreign


def test_a_page_of_another_team_is_foreign_as_a_whole() -> None:
    page, batch = checked("clients", {"id": "a", "team": "team_2"}, {"id": "b", "team": "team_2"})
    assert page.is_foreign
    assert [reject.reason for reject in batch.rejects] == ["of another team"] * 2
    assert not checked("clients")[0].is_foreign, "an empty page is nobody's"


@pytest.mark.parametrize(("livemode", "rejected"), [(True, 1), (False, 2), (None, 0)])
def test_a_record_of_the_other_mode_is_rejected(livemode: bool | None, rejected: int) -> None:
    records = [{"id": str(n), "livemode": mode} for n, mode in enumerate([True, True, False])]
    records.append({"id": "silent"})
    _, batch = checked("payments", *records, livemode=livemode)
    assert [reject.reason for reject in batch.rejects] == ["of another mode"] * rejected


def test_what_both_modes_share_has_no_mode_of_its_own() -> None:
    _, batch = checked("webhooks", {"id": "wh_1", "livemode": False}, livemode=True)
    assert batch.rejects == []
    assert batch.tables["webhooks"].num_rows == 1


def test_a_page_is_not_believed_whose_invoices_all_lack_their_items() -> None:
    income = RESOURCES["invoices_income"]
    normalizer = EntityNormalizer(ENTITIES["invoices"], RUN_ID, STARTED_AT, normalizing_database())
    for records, is_lacking in (
        ([{"id": "a"}, None, {"id": "b", "items": None}], True),
        ([{"id": "a"}, {"id": "b", "items": []}], False),
        ([None], False),
        ([], False),
    ):
        page = replace(page_of("invoices", records), resource=income)
        assert normalizer.check_page(page).drift.lacks_needed_field == is_lacking
    complement = replace(page_of("invoices", [{"id": "a"}]), resource=RESOURCES["invoices_payment"])
    assert not normalizer.check_page(complement).drift.lacks_needed_field

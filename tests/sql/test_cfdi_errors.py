"""One row per error of the reference list."""

from collections.abc import Callable

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_an_error_goes_by_its_code_as_text_and_is_as_of_when_it_was_seen(load: Load) -> None:
    assert load("cfdi_errors")["cfdi_errors"] == [
        WRITTEN
        | {
            "code": "301",
            "updated_at": at("2026-12-01T00:00:00"),
            "updated_at_basis": "observed",
            "extra": '{"severity":"high","solution":["retry"]}',
        },
        WRITTEN
        | {
            "code": "CFDI40147",
            "description": "El campo «Nombre» no coincide.",
            "explanation": "The name differs.",
            "solution": "Correct it.",
            "type": "receiver",
            "updated_at": at("2026-12-01T00:00:00"),
            "updated_at_basis": "observed",
        },
    ]

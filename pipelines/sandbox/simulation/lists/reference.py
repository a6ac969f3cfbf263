"""What belongs to no team: the matrix of CFDI errors and the state of SAT's lists."""

from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Store

_ERRORS = (
    ("CFDI40147", "El campo Nombre del receptor no coincide con el RFC.", "receiver"),
    ("CFDI40148", "El campo DomicilioFiscalReceptor no coincide.", "receiver"),
    ("CFDI40157", "El régimen fiscal no corresponde al tipo de persona.", "receiver"),
    ("CFDI40161", "El uso de CFDI no es válido para el régimen.", "receiver"),
    ("CFDI40108", "El total no es igual a la suma de sus partes.", "invoice"),
    ("CFDI40119", "La moneda requiere tipo de cambio.", "invoice"),
    ("CFDI40102", "El certificado del emisor no está vigente.", "sender"),
    ("CFDI40138", "El régimen del emisor no es válido.", "sender"),
    ("CFDI999999", "Error no clasificado.", "unknown"),
)
_COPIES = 13  # pages of 50 have to be turned
_LISTS = (
    ("69-B", "Operaciones presuntamente inexistentes"),
    ("69", "Créditos firmes y no localizados"),
    ("49-BIS", "CFDI declarados falsos"),
    ("69-B-BIS", "Transmisión indebida de pérdidas"),
)


def add_reference(store: Store, second: int) -> None:
    """Newest first in a list means last in here: each row is a second older than the one before."""
    rows = [(*row, copy) for copy in range(_COPIES) for row in _ERRORS]
    for number, (code, description, kind, copy) in enumerate(rows):
        store.add(
            positions.position(positions.SHARED_TEAM, "cfdi_errors", second - number, number),
            {
                "code": code if not copy else f"{code}-{copy:02d}",
                "description": description,
                "explanation": "The SAT rejects the value as sent.",
                "solution": "Correct the value and stamp again.",
                "type": kind,
            },
        )
    for number, (list_id, name) in enumerate(_LISTS):
        store.add(
            positions.position(positions.SHARED_TEAM, "sat_lists", second - number, number),
            {
                "id": list_id,
                "name": name,
                "source": "https://sat.example/listados",
                "last_synced_at": (second - 3600 * number) * 1000,
                "records": 11_000 + 731 * number,
                "status": "synced",
            },
        )


LISTS = (
    AccountList(
        "cfdi_errors",
        "/invoices/cfdi-errors",
        paging="number",
        is_shared=True,
        filters=("code", "type", "q"),
    ),
    AccountList("sat_lists", "/sat-lists", paging="whole", is_shared=True),
)

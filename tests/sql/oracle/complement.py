"""Complement "Pagos 2.0" of a CFDI of type P, as far as the API shows its text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .amounts import number

_TAG = re.compile(r"<(?:\w+:)?(Pago|DoctoRelacionado|TrasladoDR)\b([^>]*)>")
_ATTRIBUTE = re.compile(r"""(\w+)\s*=\s*["']([^"']*)["']""")


@dataclass(frozen=True)
class TransferredTax:
    """A TrasladoDR: what of a tax the payment settled, in the currency of the invoice."""

    tax: str
    factor: str
    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class PaidDocument:
    """A DoctoRelacionado with the payment it stands in. `rate`: pesos per unit of the invoice."""

    uuid: str
    paid_on: date
    amount: Decimal
    rate: Decimal | None
    taxes: list[TransferredTax] = field(default_factory=list)


def paid_documents(texts: list[str]) -> list[PaidDocument]:
    return [document for text in texts for document in _documents(text)]


def _documents(text: str) -> Iterator[PaidDocument]:
    payment: dict[str, str] = {}
    found: list[PaidDocument] = []
    for name, inside in _TAG.findall(text):
        attributes = dict(_ATTRIBUTE.findall(inside))
        if name == "Pago":
            payment = attributes
        elif name == "TrasladoDR" and found:
            found[-1].taxes.append(_tax(attributes))
        elif document := _document(attributes, payment):
            found.append(document)
    yield from found


def _document(attributes: dict[str, str], payment: dict[str, str]) -> PaidDocument | None:
    paid = number(attributes.get("ImpPagado"))
    uuid, moment = attributes.get("IdDocumento"), payment.get("FechaPago")
    if paid is None or not uuid or not moment:
        return None
    rate = number(payment.get("TipoCambioP"))
    if rate is not None:
        rate /= number(attributes.get("EquivalenciaDR")) or Decimal(1)
    return PaidDocument(uuid.lower(), date.fromisoformat(moment[:10]), paid, rate)


def _tax(attributes: dict[str, str]) -> TransferredTax:
    return TransferredTax(
        attributes["ImpuestoDR"],
        attributes["TipoFactorDR"].lower(),
        Decimal(attributes.get("TasaOCuotaDR", "0")),
        Decimal(attributes["BaseDR"]),
        Decimal(attributes.get("ImporteDR", "0")),
    )

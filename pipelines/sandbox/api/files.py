"""The files of a CFDI, as data: URLs, which need no network."""

from base64 import b64encode
from xml.sax.saxutils import quoteattr

from pipelines.sandbox.storage.store import Record

FILE_TYPES = ("pdf", "xml")
_MEDIA_TYPES = {"pdf": "application/pdf", "xml": "application/xml"}


def link(file_type: str, invoice: Record) -> str:
    """The URL of a stamped invoice's PDF or XML."""
    content = _xml(invoice) if file_type == "xml" else _pdf(invoice)
    return f"data:{_MEDIA_TYPES[file_type]};base64,{b64encode(content.encode()).decode()}"


def _xml(invoice: Record) -> str:
    names = {"Serie": "series", "Folio": "folio_number", "Total": "total", "Moneda": "currency"}
    attributes = " ".join(
        f"{name}={quoteattr(str(invoice.get(field)))}" for name, field in names.items()
    )
    return (
        f'<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" Version="4.0" {attributes}>'
        f"<cfdi:Complemento><tfd:TimbreFiscalDigital"
        f' xmlns:tfd="http://www.sat.gob.mx/TimbreFiscalDigital" UUID="{invoice["uuid"]}"/>'
        "</cfdi:Complemento></cfdi:Comprobante>"
    )


def _pdf(invoice: Record) -> str:
    return f"%PDF-1.4\n% {invoice['uuid']}\n%%EOF\n"

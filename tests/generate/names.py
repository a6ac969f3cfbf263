"""What the loader's columns are called in staging.

Names are the API's in the loader's tables and this project's from staging on. One table alone
names a column otherwise by `-- type as contract_type: …` in its head.
"""

from tests.generate.heads import Note

LEFT_OUT = {"row_hash", "extra", "team", "is_tombstone"}  # the loader's own, and what repeats a key
RENAMED = {
    "base": "tax_base",
    "cancellation_cancelled_at": "cancelled_at",
    "cancellation_last_checked_at": "cancellation_checked_at",
    "cancellation_motive": "cancellation_motive_code",
    "cancellation_substitution_uuid": "replacement_uuid",
    "currency": "currency_code",
    "exports": "export_code",
    "factor": "tax_factor",
    "global_months": "global_months_code",
    "global_periodicity": "global_periodicity_code",
    "inclusive": "is_inclusive",
    "installments": "installments_count",
    "invoice_type": "cfdi_type_code",
    "livemode": "is_live",
    "owner": "owner_user_id",
    "payment_form": "payment_form_code",
    "payment_method": "payment_method_code",
    "product_key": "product_code",
    "rate": "tax_rate",
    "relationship": "relation_type_code",
    "stamp_stamped_at": "stamped_at",
    "tax": "tax_name",
    "taxability": "tax_object_code",
    "taxes": "transferred_taxes",
    "unit_key": "unit_code",
    "withholding": "is_withheld",
    "withholding_taxes": "withheld_taxes",
}
ENDINGS = {  # the last words of a name
    "tax_id": "rfc",
    "tax_system": "tax_regime_code",
    "cfdi_use": "cfdi_use_code",
    "valid_from": "valid_from_at",
    "valid_until": "valid_until_at",
}
CODES = {  # by the last words of a column's name, the list of SAT that it is a code of
    "cancellation_motive": "c_MotivoCancelacion",
    "cfdi_use": "c_UsoCFDI",
    "currency": "c_Moneda",
    "exports": "c_Exportacion",
    "factor": "c_TipoFactor",
    "global_months": "c_Meses",
    "global_periodicity": "c_Periodicidad",
    "invoice_type": "c_TipoDeComprobante",
    "payment_form": "c_FormaPago",
    "payment_method": "c_MetodoPago",
    "relationship": "c_TipoRelacion",
    "tax_system": "c_RegimenFiscal",
    "taxability": "c_ObjetoImp",
}


def list_of(name: str) -> str | None:
    """The list of SAT that a column of the loader is a code of."""
    found = (
        code for ending, code in CODES.items() if name == ending or name.endswith(f"_{ending}")
    )
    return next(found, None)


def staged_name(name: str, note: Note | None) -> str | None:
    """The name in staging; None for what does not get there."""
    if name in LEFT_OUT:
        return None
    if note and note.staged:
        return note.staged
    for ending, renamed in ENDINGS.items():
        if name == ending or name.endswith(f"_{ending}"):
            return name.removesuffix(ending) + renamed
    return RENAMED.get(name, name)

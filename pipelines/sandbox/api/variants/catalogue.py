"""Every variant by its name, from the innermost to the outermost."""

from pipelines.sandbox.api.variants import access, bodies, date_filters, envelopes, paging, records
from pipelines.sandbox.api.variants.exchange import Variant

CATALOGUE: dict[str, Variant] = (
    records.VARIANTS
    | date_filters.VARIANTS
    | paging.VARIANTS
    | envelopes.VARIANTS
    | access.VARIANTS
    | bodies.VARIANTS
)

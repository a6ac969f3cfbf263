"""A name that an object has twice. JSON allows it, and readers differ on which one counts.

DuckDB, which fills the columns, takes the first; msgspec, by which records are hashed, the last.
The last one counts, as in JavaScript: records with such names are written anew before being read.
API: https://jcristharif.com/msgspec/usage.html
"""

from dataclasses import replace
from decimal import Decimal

import msgspec

from pipelines.gigstack.api.records import split_records
from pipelines.gigstack.normalize.batch import CheckedPage

_NAME_END = b'":'  # in the text of a value the quote would be escaped
_OTHER_ENDS = (b'" :', b'"\t:', b'"\n:', b'"\r:')
_decode = msgspec.json.Decoder().decode
_decode_exactly = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def with_last_values(checked: CheckedPage) -> CheckedPage:
    """The page with each name once in an object; nearly always it is the page as it was."""
    records = checked.drift.records
    if _has_each_name_once(records):
        return checked
    texts = (bytes(raw) for raw in split_records(records))
    once = (text if _has_each_name_once(text) else _encode(_decode_exactly(text)) for text in texts)
    return replace(checked, drift=replace(checked.drift, records=b"[" + b",".join(once) + b"]"))


def _has_each_name_once(text: bytes) -> bool:
    """Whether as many names remain when it is read and written again. Where names end otherwise,
    that is not known.
    """
    if any(end in text for end in _OTHER_ENDS):
        return False
    return text.count(_NAME_END) == _encode(_decode(text)).count(_NAME_END)

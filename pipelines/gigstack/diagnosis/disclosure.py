"""What of an answer may stand in a file that anybody reads: names, known words and shapes.

Never a value of the account. A rule that is in doubt hides. API: https://docs.gigstack.io
"""

import re
from typing import Any

from pipelines.gigstack.api.responses import RATE_WORDS

MAX_NAME_LENGTH = 40
MAX_NAME_DIGITS = 3
MIN_WORD_LENGTH = 3  # on average, of the words of a name
# an upper-case letter begins a word, as in `nextCursor`, or ends the name, as in `clientID`; what
# Firestore makes up as an id has no words
_NAME = re.compile(r"[a-z](?:[a-z0-9]|_(?!_)|[A-Z](?=[a-z]))*(?:[A-Z]{2,4})?")
# fields whose keys the account's owner chooses, wherever they stand
FREE_FORM_ENDINGS = ("metadata", "extracteddata", "details", "settings", "customfields")

ERROR_CODES = frozenset(
    (
        *("unauthorized", "invalid_token", "forbidden", "insufficient_permissions"),
        *("validation_failed", "invalid_request_body", "missing_required_field"),
        *("invalid_field_value", "resource_not_found", "resource_already_exists"),
        *("resource_conflict", "business_rule_violation", "operation_not_allowed"),
        *("external_service_error", "payment_processor_error", "cfdi_service_error"),
        *("internal_server_error", "service_unavailable", "rate_limit_exceeded"),
        *("database_error", "data_integrity_error"),
        *("file_not_found", "file_upload_error", "invalid_file_format"),
    )
)

_SHAPES = (  # the first that matches the whole text
    ("empty", re.compile("")),
    ("digits", re.compile(r"\d+", re.ASCII)),
    ("decimal", re.compile(r"-?\d+(\.\d+)?", re.ASCII)),
    ("iso-date", re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)),
    (
        "iso-time",
        re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII),
    ),
    ("uuid", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)),
    ("rfc", re.compile(r"[A-ZÑ&]{3,4}\d{6}[A-Z\d]{3}", re.IGNORECASE | re.ASCII)),
    ("e-mail", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    ("url", re.compile(r"https?://\S+", re.IGNORECASE)),
)
SHAPE_NAMES = (*(name for name, _ in _SHAPES), "other")
ID_PREFIXES = frozenset(
    (
        *("client_", "cus_", "customer_", "service_", "payment_", "receipt_", "invoice_", "inv_"),
        *("draft_", "drf_", "ret_", "retention_", "team_", "user_", "usr_", "doc_", "document_"),
        *("wh_", "webhook_", "req_", "request_", "refund_", "item_", "evt_"),
    )
)
_ID = re.compile(r"([a-z]+_)(?=.*\d)[A-Za-z0-9]{6,}", re.ASCII)

_JSON_TYPES: dict[type, str] = {str: "string", list: "array", dict: "object"}

_HTTP_DATE = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_HEADER_VALUES = {
    "content-type": re.compile(r"[a-z]+/[a-z]+([.+-][a-z]+)*(; ?charset=[A-Za-z0-9-]{1,12})?"),
    "content-encoding": re.compile(r"(gzip|deflate|br|zstd|identity)?"),
    "content-length": re.compile(r"\d{1,12}", re.ASCII),
    "date": re.compile(_HTTP_DATE, re.ASCII),
    "retry-after": re.compile(rf"\d{{1,6}}(\.\d+)?|{_HTTP_DATE}", re.ASCII),
}
# numbers, moments, and the parameters of draft-ietf-httpapi-ratelimit-headers, but no name
_RATE_VALUE = re.compile(r"[\d\s.,;:=wqrtTZ-]{0,60}", re.ASCII)
_HEADER_NAME = re.compile(r"[a-z][a-z0-9-]{1,59}")


def json_type(value: Any) -> str:
    """The JSON type of a decoded value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return _JSON_TYPES.get(type(value), "number")


def is_plain_name(name: str) -> bool:
    """Whether a name that nobody declared looks like one that a programmer gave."""
    digits = sum(character.isdigit() for character in name)
    capitals = sum(character.isupper() for character in name)
    has_words = digits <= MAX_NAME_DIGITS and capitals * MIN_WORD_LENGTH <= len(name)
    is_short = len(name) <= MAX_NAME_LENGTH
    return is_short and has_words and _NAME.fullmatch(name) is not None


def is_free_form_name(name: str) -> bool:
    return name.replace("_", "").lower().endswith(FREE_FORM_ENDINGS)


def shape_of(text: str) -> str:
    """What a text looks like: one of `SHAPE_NAMES`, or `client_…` for an id with a known prefix."""
    found = _ID.fullmatch(text)
    if found and found[1] in ID_PREFIXES:
        return f"{found[1]}…"
    return next((name for name, shape in _SHAPES if shape.fullmatch(text)), "other")


def length_of(text: str, noun: str = "text") -> str:
    return f"{noun} of {len(text)} character{'' if len(text) == 1 else 's'}"


def error_code(code: str | None) -> str | None:
    """The code of an error if it is a documented one, otherwise only how long it is."""
    return code if code is None or code in ERROR_CODES else length_of(code)


def header_value(name: str, value: str) -> str | None:
    """The value of a header about the transfer or a limit; None for all other headers."""
    shape = _HEADER_VALUES.get(name)
    if shape is None and any(word in name for word in RATE_WORDS):
        shape = _RATE_VALUE
    if shape is None:
        return None
    return value if shape.fullmatch(value) else length_of(value)


def shown_header_name(name: str) -> str:
    digits = sum(character.isdigit() for character in name)
    is_plain = digits <= MAX_NAME_DIGITS and _HEADER_NAME.fullmatch(name)
    return name if is_plain else length_of(name, "name")

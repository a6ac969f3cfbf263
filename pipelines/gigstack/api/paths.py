"""The path of a request, made of a declared template and ids that the API gave.

An id is data: whatever it holds, it must not lead to another endpoint. Some GET requests of the API
charge a credit or reset a password. API: https://docs.gigstack.io
"""

from urllib.parse import quote

from pipelines.foundation.errors import ApiError

MAX_SEGMENT_LENGTH = 512


def fill_path(template: str, **ids: str) -> str:
    """The template with each id in its place, quoted whole.

    Raises:
        ApiError: An id cannot be a segment of a path.
    """
    return template.format(**{name: _segment(name, value) for name, value in ids.items()})


def _segment(name: str, value: str) -> str:
    is_printable = value.isprintable() and value == value.strip()
    if value in ("", ".", "..") or not is_printable or len(value) > MAX_SEGMENT_LENGTH:
        raise ApiError(f"{name} {value[:60]!r} cannot be part of a request's path")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise ApiError(f"{name} {value[:60]!a} cannot be part of a request's path") from error

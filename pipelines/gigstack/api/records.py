"""The records in an answer of the API, each with the text that the API sent.

Decoding a number and encoding it again would round it, so records stay JSON text here.
API: https://docs.gigstack.io
"""

import msgspec

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.api.client import Envelope
from pipelines.gigstack.endpoint_types import Resource

_array_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_object_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def split_records(records: bytes) -> list[msgspec.Raw]:
    """The elements of a JSON array, each with its own text."""
    return _array_decoder.decode(records)


def records_of(envelope: Envelope, resource: Resource) -> bytes:
    """The JSON array of records, wherever the answer keeps it.

    An object of objects becomes an array, a single object an array of one.

    Raises:
        ApiError: `data` is neither a list nor an object.
    """
    data = bytes(envelope.data)
    if data[:1] == b"{" and resource.list_at:
        data = bytes(_object_decoder.decode(data).get(resource.list_at, b"[]"))
    if data[:1] == b"{" and resource.map_key:
        return _array_of_map(data, resource.map_key)
    if data[:1] == b"{":  # some lists sit one level deeper, at data.data
        data = bytes(_object_decoder.decode(data).get("data", b"[" + data + b"]"))
    if data == b"null":
        return b"[]"
    if data[:1] != b"[":
        raise ApiError(f"{resource.name}: expected a list, found {data[:40]!r}")
    return data


def count_records(envelope: Envelope, resource: Resource) -> int:
    """How many records an answer holds."""
    return sum(bytes(raw) != b"null" for raw in split_records(records_of(envelope, resource)))


def _array_of_map(data: bytes, key: str) -> bytes:
    """`{"stripe": {"completed": true}}` as `[{"provider": "stripe", "value": {…}}]`."""
    rows = (
        msgspec.json.encode({key: name})[:-1] + b',"value":' + bytes(value) + b"}"
        for name, value in _object_decoder.decode(data).items()
    )
    return b"[" + b",".join(rows) + b"]"

"""The records in an answer of the API, each with the text that the API sent.

Decoding a number and encoding it again would round it, so records stay JSON text here.
API: https://docs.gigstack.io
"""

from collections.abc import Mapping
from contextlib import suppress

import msgspec

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.api.envelope import Envelope
from pipelines.gigstack.endpoint_types import Resource

PROVIDER_WORDS = ("provider", "id", "type", "name")  # that name an integration

_array_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_object_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def split_records(records: bytes) -> list[msgspec.Raw]:
    """The elements of a JSON array, each with its own text."""
    return _array_decoder.decode(records)


def records_of(envelope: Envelope, resource: Resource) -> bytes:
    """The JSON array of records, wherever the answer keeps it.

    Where the resource has a `map_key`, an object of objects becomes an array.

    Raises:
        ApiError: There is no `data`, or no list in it.
    """
    data = bytes(envelope.data)
    if not data:
        named = ", ".join(envelope.names)[:200] or "no field"
        raise ApiError(f"{resource.name}: the answer has no data; it has {named}")
    if data[:1] == b"{" and resource.list_at:
        data = bytes(_members_of(data, resource).get(resource.list_at, b"[]"))
    if data[:1] == b"{":
        data = _array_of_object(data, resource)
    elif data[:1] == b"[" and resource.map_key == "provider":
        data = _named_by_id(data)
    if data == b"null":
        return b"[]"
    if data[:1] != b"[":
        raise ApiError(f"{resource.name}: expected a list, found {data[:40]!r}")
    return data


def object_of(envelope: Envelope, resource: Resource) -> bytes:
    """The single object of an answer, as a JSON array of one; an empty array if there is none.

    Raises:
        ApiError: There is no `data`, or it is no object.
    """
    data = bytes(envelope.data)
    if data == b"null":
        return b"[]"
    if data[:1] != b"{":
        raise ApiError(f"{resource.name}: expected an object, found {data[:40]!r}")
    return b"[" + data + b"]"


def logged_records(envelope: Envelope, resource: Resource) -> bytes:
    """The records of an answer in the response log, of a list or of a single object.

    An answer that held no record when it was received holds none here.
    """
    for read in (records_of, object_of):
        with suppress(ApiError):
            return read(envelope, resource)
    return b"[]"


def is_array(envelope: Envelope, resource: Resource) -> bool:
    """Whether an answer holds a list, if only an empty one."""
    try:
        return records_of(envelope, resource)[:1] == b"[" and bytes(envelope.data) != b"null"
    except ApiError:
        return False


def count_records(envelope: Envelope, resource: Resource) -> int:
    """How many records an answer holds."""
    return sum(bytes(raw) != b"null" for raw in split_records(records_of(envelope, resource)))


def _members_of(data: bytes, resource: Resource) -> dict[str, msgspec.Raw]:
    try:
        return _object_decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ApiError(f"{resource.name}: the data cannot be read: {error}") from error


def _array_of_object(data: bytes, resource: Resource) -> bytes:
    """A list that sits one level deeper, or an object whose keys are ids."""
    members = _members_of(data, resource)
    if resource.map_key:
        lists = [bytes(value) for value in members.values() if bytes(value)[:1] == b"["]
        if len(lists) == 1 == len(members):  # {"series": [...]}
            return _named_by_id(lists[0]) if resource.map_key == "provider" else lists[0]
        return _array_of_map(members, resource.map_key)
    if "data" not in members:
        found = ", ".join(members)[:200]
        raise ApiError(f"{resource.name}: expected a list, found an object with {found}")
    return bytes(members["data"])


def _array_of_map(members: Mapping[str, msgspec.Raw], key: str) -> bytes:
    """`{"stripe": {"completed": true}}` as `[{"provider": "stripe", "value": {…}}]`."""
    rows = (
        msgspec.json.encode({key: name})[:-1] + b',"value":' + bytes(value) + b"}"
        if bytes(value)[:1] in b"{n"  # an object or null; anything else is rejected later
        else bytes(value)
        for name, value in members.items()
    )
    return b"[" + b",".join(rows) + b"]"


def _named_by_id(data: bytes) -> bytes:
    """`[{"id": "stripe", …}]` as `[{"provider": "stripe", "value": {"id": "stripe", …}}]`."""
    rows = []
    for raw in split_records(data):
        try:
            members = _object_decoder.decode(raw)
        except (msgspec.DecodeError, RecursionError):
            rows.append(bytes(raw))  # no object: rejected later
            continue
        name = next((members[word] for word in PROVIDER_WORDS if word in members), None)
        is_plain = name is None or "value" in members
        named = b'{"provider":' + bytes(name or b"null") + b',"value":' + bytes(raw) + b"}"
        rows.append(bytes(raw) if is_plain else named)
    return b"[" + b",".join(rows) + b"]"

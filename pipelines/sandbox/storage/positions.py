"""Where an object lives, and the ids that lead back there.

A position is one 63-bit integer: team, stream, second of creation, serial number. It is the
clustered key of the account's file, so a page of a list is one range read. Ids and UUIDs are
reversible scrambles of a position: they look random and need no index.
"""

STREAMS = (
    "teams",
    "users",
    "series",
    "integrations",
    "webhooks",
    "clients",
    "services",
    "income",
    "egress",
    "complements",
    "transfers",
    "drafts",
    "sat_invoices",
    "retentions",
    "payments",
    "receipts",
    "documents",
    "downloads",
    "cfdi_errors",
    "sat_lists",
)
SHARED_TEAM = 63  # the partition of what belongs to no single team
TEAM_LIMIT = 62

STREAM_BITS, SECOND_BITS, SERIAL_BITS = 6, 31, 20
_SERIAL = (1 << SERIAL_BITS) - 1
_SECOND = (1 << SECOND_BITS) - 1
_WORD = 1 << 64
_FACTOR = 0x9E3779B97F4A7C15  # odd, so that multiplying by it can be undone
_INVERSE = pow(_FACTOR, -1, _WORD)
_FILLER = 0xD1B54A32D192ED03
_NUMBERS = {stream: number for number, stream in enumerate(STREAMS)}


def partition(team: int, stream: str) -> int:
    """The first position of a team's stream; its last one is just before the next partition."""
    return (team << STREAM_BITS | _NUMBERS[stream]) << (SECOND_BITS + SERIAL_BITS)


def position(team: int, stream: str, second: int, serial: int) -> int:
    return partition(team, stream) | second << SERIAL_BITS | serial & _SERIAL


def at_second(team: int, stream: str, second: int) -> int:
    """The first position that an object created in this second could have."""
    return partition(team, stream) + (min(max(second, 0), _SECOND + 1) << SERIAL_BITS)


def moved(place: int, team: int, stream: str) -> int:
    """The same second and serial in another team's stream."""
    return partition(team, stream) | place & ((1 << (SECOND_BITS + SERIAL_BITS)) - 1)


def partition_of(place: int) -> int:
    return place >> (SECOND_BITS + SERIAL_BITS) << (SECOND_BITS + SERIAL_BITS)


def team_of(place: int) -> int:
    return place >> (STREAM_BITS + SECOND_BITS + SERIAL_BITS)


def stream_of(place: int) -> str:
    return STREAMS[place >> (SECOND_BITS + SERIAL_BITS) & ((1 << STREAM_BITS) - 1)]


def second_of(place: int) -> int:
    return place >> SERIAL_BITS & _SECOND


def object_id(prefix: str, place: int) -> str:
    return f"{prefix}{_scrambled(place):016x}"


def uuid(place: int) -> str:
    word = f"{_scrambled(place):016x}"
    filler = f"{place * _FILLER % _WORD:016x}"
    return f"{word[:8]}-{word[8:12]}-4{filler[:3]}-a{filler[3:6]}-{word[12:]}{filler[6:14]}"


def place_of(name: str) -> int | None:
    """The position that an id or a UUID was made of; None when it cannot be one."""
    try:
        if len(name) == 36 and name.count("-") == 4:
            digits = name.replace("-", "")
            scrambled = int(digits[:12] + digits[20:24], 16)
        else:
            scrambled = int(name[-16:], 16)
    except ValueError:
        return None
    place = (scrambled ^ scrambled >> 32) * _INVERSE % _WORD
    return place if place >> 63 == 0 else None


def _scrambled(place: int) -> int:
    product = place * _FACTOR % _WORD
    return product ^ product >> 32

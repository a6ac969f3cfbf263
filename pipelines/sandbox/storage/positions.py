"""Where an object lives, and the ids that lead back there.

A position is one 63-bit integer: team, list, second of creation, serial number. It is the
clustered key of the account's file, so a page of a list is one range read. Ids and UUIDs are
reversible scrambles of a position: they look random and need no index.
"""

# part of every id: a new list takes the next number, and no number is given twice
NUMBERS = {
    "teams": 0,
    "users": 1,
    "series": 2,
    "integrations": 3,
    "webhooks": 4,
    "clients": 5,
    "services": 6,
    "income": 7,
    "egress": 8,
    "complements": 9,
    "transfers": 10,
    "drafts": 11,
    "sat_invoices": 12,
    "retentions": 13,
    "payments": 14,
    "receipts": 15,
    "documents": 16,
    "downloads": 17,
    "cfdi_errors": 18,
    "sat_lists": 19,
}

SHARED_TEAM = 63  # the partition of what belongs to no single team
TEAM_LIMIT = 62

LIST_BITS, SECOND_BITS, SERIAL_BITS = 6, 31, 20
_SERIAL = (1 << SERIAL_BITS) - 1
_SECOND = (1 << SECOND_BITS) - 1
_WORD = 1 << 64
_FACTOR = 0x9E3779B97F4A7C15  # odd, so that multiplying by it can be undone
_INVERSE = pow(_FACTOR, -1, _WORD)
_FILLER = 0xD1B54A32D192ED03


def partition(team: int, name: str) -> int:
    """The first position of a team's list; its last one is just before the next partition."""
    return (team << LIST_BITS | NUMBERS[name]) << (SECOND_BITS + SERIAL_BITS)


def position(team: int, name: str, second: int, serial: int) -> int:
    return partition(team, name) | second << SERIAL_BITS | serial & _SERIAL


def at_second(team: int, name: str, second: int) -> int:
    """The first position that an object created in this second could have."""
    return partition(team, name) + (min(max(second, 0), _SECOND + 1) << SERIAL_BITS)


def moved(place: int, team: int, name: str) -> int:
    """The same second and serial in another team's list."""
    return partition(team, name) | place & ((1 << (SECOND_BITS + SERIAL_BITS)) - 1)


def partition_of(place: int) -> int:
    return place >> (SECOND_BITS + SERIAL_BITS) << (SECOND_BITS + SERIAL_BITS)


def team_of(place: int) -> int:
    return place >> (LIST_BITS + SECOND_BITS + SERIAL_BITS)


def list_number(place: int) -> int:
    return place >> (SECOND_BITS + SERIAL_BITS) & ((1 << LIST_BITS) - 1)


def list_of(place: int) -> str:
    return {number: name for name, number in NUMBERS.items()}[list_number(place)]


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

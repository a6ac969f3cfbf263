"""Names and values as SQL writes them."""


def identifier(name: str) -> str:
    """A name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text in single quotes."""
    return "'" + value.replace("'", "''") + "'"

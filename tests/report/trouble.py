"""A warehouse after forty nights that brought what should not be, and text that is an attack."""

from pathlib import Path

from pipelines import warehouse

ATTACK = '<img src=x onerror="window.attacked = 1"><script>window.attacked = 2</script>\'"&{{1}}'


def make_trouble(data_dir: Path) -> None:
    """Write it into a loaded warehouse; its next publication shows it."""
    script = Path(__file__).with_name("trouble.sql").read_text(encoding="utf-8")
    with warehouse.connect(data_dir) as connection:
        connection.execute("set variable attack = ?", [ATTACK])
        connection.execute(script)

"""What happens on a team's day: first what was due, then what is new, list by list."""

from pipelines.sandbox.simulation.account_list import AccountList, OnEvent
from pipelines.sandbox.simulation.day import Day
from pipelines.sandbox.storage.store import Event


class DaySimulator:
    """Plays days of an account that has these lists."""

    def __init__(self, lists: tuple[AccountList, ...]) -> None:
        self._furnish = [one.furnish for one in lists if one.furnish]
        self._simulate = [one.simulate_day for one in lists if one.simulate_day]
        self._handlers: dict[str, OnEvent] = {}
        for one in lists:
            self._handlers |= one.events

    def furnish(self, day: Day) -> None:
        """What a team has before its first day."""
        for furnish in self._furnish:
            furnish(day)
        _read_changed_people(day)
        day.store.flush()

    def simulate(self, day: Day, due: list[Event]) -> None:
        """Play the day of one team. `due` are its events, in order."""
        for event in due:
            self._handlers[event.action](day, event.subject, event.detail)
        for simulate_day in self._simulate:
            simulate_day(day)
            _read_changed_people(day)
        day.store.flush()


def _read_changed_people(day: Day) -> None:
    """Read clients and services again as soon as the day has changed one: others quote them."""
    if day.are_people_changed:
        day.store.flush()
        day.team.read_people(day.store)
        day.are_people_changed = False

"""How a program ends when it is asked to: by Ctrl-C, or by SIGTERM from whoever runs it.

API: https://docs.python.org/3/library/signal.html
"""

import signal
from types import FrameType
from typing import NoReturn

_received: list[int] = []


class Interrupted(BaseException):
    """Somebody wants this program to end. No library takes it for an error of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def end_when_asked() -> None:
    """Let the first signal end what is under way in order, and a second one end it at once."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_DFL)
    _received.append(number)
    raise Interrupted(number)


def signal_behind(error: BaseException | None) -> int | None:
    """The signal that an error, or one before it, stands for; None if it is no interruption. After
    a signal it is that one: a library may have made another error of it.
    """
    if _received:
        return _received[0]
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()  # an error and the group that it came in may name each other
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        if isinstance(one, Interrupted):
            return one.number
        if isinstance(one, KeyboardInterrupt):  # as dlt makes of a signal that it received
            return int(getattr(one, "signal_code", signal.SIGINT))
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return None

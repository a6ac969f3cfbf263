"""What happens on a day: first what was due, then what is new."""

from collections.abc import Callable

from pipelines.sandbox.simulation import (
    cancelling,
    collecting,
    crediting,
    documents,
    invoicing,
    paperwork,
    payment_links,
    people,
    receipts,
    sat_mirror,
    teams,
)
from pipelines.sandbox.simulation.day import Client, Day
from pipelines.sandbox.storage.store import Event

_WEEK = (1.2, 1.2, 1.2, 1.2, 1.2, 0.6, 0.4)
_BY_SUBJECT: dict[str, Callable[[Day, int], None]] = {
    "collect": collecting.collect,
    "credit": crediting.credit,
    "refund": collecting.refund,
    "stamp": invoicing.stamp,
    "cancel": cancelling.cancel,
    "answer_cancellation": cancelling.answer,
    "substitute": cancelling.substitute,
    "cancel_complement": cancelling.cancel_complement,
    "cancel_received": sat_mirror.cancel_received,
    "cancel_retention": paperwork.cancel_retention,
    "complete_download": paperwork.complete_download,
    "delete_draft": paperwork.delete_draft,
    "expire_receipt": receipts.expire_receipt,
    "cancel_receipt": receipts.cancel_receipt,
    "review": documents.review,
}
_WITH_DETAIL: dict[str, Callable[[Day, int, str], None]] = {
    "settle": payment_links.settle,
    "self_invoice": receipts.self_invoice,
    "stamp_draft": paperwork.stamp_draft,
    "change_draft": paperwork.change_draft,
}


def live(day: Day, due: list[Event]) -> None:
    """Play the day of one team. `due` are its events, in order."""
    for event in due:
        happen(day, event)
    _change_people(day)
    _issue(day)


def happen(day: Day, event: Event) -> None:
    if event.action in _WITH_DETAIL:
        _WITH_DETAIL[event.action](day, event.subject, event.detail)
    else:
        _BY_SUBJECT[event.action](day, event.subject)


def _change_people(day: Day) -> None:
    team = day.team
    missing = team.clients_wanted - len(team.clients)
    for _ in range(day.some(min(max(missing, 0), team.clients_wanted * 0.01 + 0.05))):
        people.add_client(day, day.moment(), day.random())
    for _ in range(day.some(len(team.clients) * 0.005)):
        people.change_client(day)
    if day.chance(0.03):
        people.delete_client(day)
    if day.chance(0.05):
        people.add_service(day, day.moment())
    if day.chance(0.04):
        people.change_service(day)
    if day.chance(0.03):
        people.delete_service(day)
    if day.chance(0.3):
        teams.visit(day)
    if day.chance(0.02):
        teams.switch_webhook(day)
    if day.people_changed:
        day.store.flush()
        team.read_people(day.store)
        day.people_changed = False


def _issue(day: Day) -> None:
    weekday = (day.start // 86_400 + 3) % 7
    expected = day.team.invoices_per_day * _WEEK[weekday]
    clients = day.team.clients
    random = day.random
    for _ in range(day.some(expected * 0.88)):
        # the square favours the first clients: a few are big
        client = clients[int(random() * random() * len(clients))]
        issue_invoice(day, client)
    for _ in range(day.some(expected * 0.25)):
        receipts.add_receipt(day, day.pick(clients))
    for _ in range(day.some(expected * 0.06)):
        payment_links.add_open_payment(day, day.pick(clients))
    for _ in range(day.some(expected * 0.05)):
        paperwork.add_draft(day, day.pick(clients))
    for _ in range(day.some(expected * 0.25)):
        sat_mirror.receive(day)
    for _ in range(day.some(expected * 0.02)):
        paperwork.add_retention(day)
    for _ in range(day.some(expected * 0.01)):
        invoicing.issue_transfer(day, day.moment())
    if day.chance(0.15):
        paperwork.request_download(day)


def issue_invoice(day: Day, client: Client) -> None:
    """An income invoice and what will become of it."""
    second = day.moment()
    if day.chance(0.4):
        place, record = invoicing.issue_income(day, client, second, payment_method="PPD")
        day.store.plan(day.later(2, 50), place, "collect")
    elif day.chance(0.02):
        invoicing.add_pending(day, client, second)
        return
    else:
        place, record = invoicing.issue_income(day, client, second)
        if day.chance(0.015):
            del record["id"]  # older rows are listed and linked by UUID alone
        if day.chance(0.95):
            collecting.pay_at_once(day, second, record)
    _plan_fate(day, place)


def _plan_fate(day: Day, place: int) -> None:
    fate = day.random()
    plan = day.store.plan
    if fate < 0.04:
        plan(day.later(0, 25), place, "cancel")
    elif fate < 0.055:
        plan(day.later(0, 20), place, "substitute")
    elif fate < 0.09:
        plan(day.later(1, 30), place, "credit")

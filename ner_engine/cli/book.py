"""``ner-engine bot records`` and its neighbours: the database of a bot in, what it keeps out.

Plain lines for people, with times of Seoul; ``--json`` gives JSON Lines, with times in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ner_engine.errors import StoreError
from ner_engine.values import Clock

if TYPE_CHECKING:
    from ner_engine.chatbot.store.database import Store
    from ner_engine.chatbot.store.records import Removed, SavedTurn

__all__ = ["forget", "hand_overs", "purge", "records", "register", "resolve", "sessions", "transcript"]

Database = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="PATH|URL",
        envvar="NER_ENGINE_DB",
        help="A file of SQLite, or a URL such as postgresql+psycopg://bot@host/shop.",
    ),
]
BotName = Annotated[str, typer.Option("--bot", metavar="NAME", help="Of this bot alone.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines for machines.")]
SessionName = Annotated[str, typer.Argument(metavar="SESSION", help="The session's id.")]


def records(
    database: Database,
    bot: BotName = "",
    form: Annotated[str, typer.Option("--form", metavar="NAME", help="Of this form alone.")] = "",
    status: Annotated[
        str, typer.Option("--status", metavar="STATUS", help="booked, withdrawn or replaced.")
    ] = "",
    session: Annotated[str, typer.Option("--session", metavar="ID", help="Of this session alone.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the book, oldest first: orders, reservations and whatever else was recorded.

    Example: ner-engine bot records --db orders.db --form reservation --status booked
    """
    with _open(database) as store:
        found = store.records(bot=bot, form=form, status=status, session=session)
    if as_json:
        _json_lines(record.to_dict() for record in found)
        return
    for record in found:
        lines = [f"{item['name']} {item['count']}" for item in record.items]
        content = ", ".join([*_pairs(record.values), *lines])
        replaces = f" (for {record.replaces})" if record.replaces else ""
        place = f"{record.bot} {record.session} {record.id}{replaces}"
        _say(f"{_time(record.created_at)}  {record.status:9}  {record.form}  {place}  {content}")


def sessions(database: Database, bot: BotName = "", as_json: AsJson = False) -> None:
    """List the conversations, the one spoken in last at the end.

    Example: ner-engine bot sessions --db orders.db
    """
    with _open(database) as store:
        found = store.sessions(bot=bot)
    if as_json:
        _json_lines(session.to_dict() for session in found)
        return
    for session in found:
        _say(f"{_time(session.updated_at)}  {session.bot} {session.id}  {_count(session.revision, 'turn')}")


def transcript(database: Database, session: SessionName, bot: BotName = "", as_json: AsJson = False) -> None:
    """Print what was said in a conversation, in the form that `ner-engine bot test` plays.

    Example: ner-engine bot transcript 010-1234-5678 --bot clinic --db orders.db
    """
    with _open(database) as store:
        found = store.transcript(session, bot=bot)
    if not found:
        raise StoreError(f"no conversation of session {session!r}")
    if as_json:
        _json_lines(turn.to_dict() for turn in found)
        return
    before: SavedTurn | None = None
    for turn in found:
        if before is None or before.bot != turn.bot:
            _say(f"# bot: {turn.bot}")
            _say(f"# now: {Clock.at(turn.at).now:%Y-%m-%dT%H:%M:%S}")
        elif (wait := round((turn.at - before.at).total_seconds())) > 0:
            _say(f"# wait: {_span(wait)}")
        if turn.text:
            _say(f"> {turn.text}")
        for line in turn.reply.splitlines():
            _say(f"< {line}")
        before = turn


def hand_overs(
    database: Database,
    bot: BotName = "",
    resolved: Annotated[bool, typer.Option("--all", help="Also those that somebody has done with.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the conversations that wait for a person, oldest first.

    Example: ner-engine bot hand-overs --db orders.db
    """
    with _open(database) as store:
        found = store.hand_overs(bot=bot, resolved=resolved)
    if as_json:
        _json_lines(hand_over.to_dict() for hand_over in found)
        return
    for hand_over in found:
        state = "waits" if hand_over.resolved_at is None else f"done {_time(hand_over.resolved_at)}"
        place = f"{hand_over.bot} {hand_over.session}"
        _say(f"{_time(hand_over.at)}  {hand_over.id}  {place}  {state}  {', '.join(_pairs(hand_over.summary))}")


def resolve(
    database: Database,
    hand_over: Annotated[int, typer.Argument(metavar="ID", help="As hand-overs lists it.")],
) -> None:
    """Note that a person has done with a conversation: the bot answers in it again.

    Example: ner-engine bot resolve 3 --db orders.db
    """
    with _open(database) as store:
        if not store.resolve(hand_over):
            raise StoreError(f"no conversation waits under {hand_over}")


def forget(database: Database, session: SessionName) -> None:
    """Delete a conversation with all that came of it: turns, records and hand-overs, with every bot.

    Example: ner-engine bot forget 010-1234-5678 --db orders.db
    """
    with _open(database) as store:
        removed = store.forget(session)
    if not removed.sessions:
        raise StoreError(f"no conversation of session {session!r}")
    _deleted(removed)


def purge(
    database: Database,
    before: Annotated[
        str, typer.Option("--before", metavar="DATE", help="An ISO date, from its midnight in Seoul, or a time.")
    ],
) -> None:
    """Delete what is older than a date: conversations silent since then, and turns, records and hand-overs.

    Example: ner-engine bot purge --before 2026-01-01 --db orders.db
    """
    limit = _past(before)
    with _open(database) as store:
        _deleted(store.purge(limit))


def register(app: typer.Typer) -> None:
    """Make all of these commands of ``app``."""
    for command in (records, sessions, transcript, hand_overs, resolve, forget, purge):
        app.command()(command)


def _open(database: str) -> Store:
    from ner_engine.chatbot.store.database import Store

    return Store.open(database, create=False)


def _past(given: str) -> datetime:
    try:
        limit = Clock.at(datetime.fromisoformat(given)).now
    except ValueError:
        raise typer.BadParameter(
            f"expected a date such as 2026-01-01; got {given!r}", param_hint="--before"
        ) from None
    if limit > Clock.at().now:  # a slip of the keyboard would delete everything
        raise typer.BadParameter(f"expected a date that is past; got {given}", param_hint="--before")
    return limit


def _deleted(removed: Removed) -> None:
    counts = (
        _count(removed.sessions, "session"),
        _count(removed.turns, "turn"),
        _count(removed.records, "record"),
        _count(removed.hand_overs, "hand-over"),
    )
    typer.echo(f"deleted: {', '.join(counts)}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _time(at: datetime) -> str:
    return f"{Clock.at(at).now:%Y-%m-%d %H:%M}"


def _span(seconds: int) -> str:
    """``90`` -> ``1m 30s``."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return " ".join(f"{number}{unit}" for number, unit in parts if number)


def _pairs(values: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in values.items()
    ]


def _say(line: str) -> None:
    """Print a line. What a user typed may hold sequences that a terminal obeys: they are shown, not sent."""
    typer.echo("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line))


def _json_lines(found: Iterable[dict[str, Any]]) -> None:
    for entry in found:
        typer.echo(json.dumps(entry, ensure_ascii=False))

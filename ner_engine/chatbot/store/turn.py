"""One turn of a conversation in its transaction: first the lock and the state, then what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ner_engine.chatbot.action.calls import ActionCall
from ner_engine.chatbot.sessions import Busy
from ner_engine.chatbot.state import State
from ner_engine.chatbot.store.records import BOOKED, REPLACED, WITHDRAWN
from ner_engine.chatbot.store.tables import hand_overs, records, sessions, turns
from ner_engine.database.connection import Database, in_each_others_way
from ner_engine.errors import DataError, StoreError

__all__ = ["StoredTurn"]


class StoredTurn:
    """A conversation while one turn of it is taken: its state before, and ``commit`` for what came of it."""

    def __init__(
        self, database: Database, connection: sa.Connection, session: str, bot: str, message_id: str, at: datetime
    ) -> None:
        self._database, self._connection = database, connection
        self._key = {"session": session, "bot": bot}
        self._message_id, self._at = message_id, at
        self._revision, kept = self._take()
        self._state = None if kept is None else self._read(kept)
        self._replayed = self._reply_given() if message_id else None
        self._open = self._replayed is None

    @property
    def state(self) -> State | None:
        """As the last turn left it; None if there was none."""
        return self._state

    @property
    def replayed(self) -> str | None:
        """The reply already given to a message of this id; None for a new one."""
        return self._replayed

    def commit(
        self,
        *,
        state: State,
        text: str,
        reply: str,
        entities: Sequence[Mapping[str, Any]] = (),
        trace: Mapping[str, Any] | None = None,
        records: Sequence[ActionCall] = (),
        withdrawn: Sequence[str] = (),
        hand_over: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the turn: when this returns it is on the disk. Raises Busy if somebody else was quicker."""
        if not self._open:
            raise StoreError(f"{self._database.name}: a turn is kept once, while it is open")
        self._open = False
        try:
            self._write_session(state)
            self._connection.execute(
                turns.insert().values(
                    **self._key,
                    n=self._revision + 1,
                    message_id=self._message_id or None,
                    at=self._at,
                    text=text,
                    reply=reply,
                    entities=[dict(entity) for entity in entities],
                    trace=dict(trace or {}),
                )
            )
            for call in records:
                self._book(call)
            for record in withdrawn:
                self._mark(record, WITHDRAWN)
            if hand_over is not None:
                self._connection.execute(
                    hand_overs.insert().values(**self._key, at=self._at, summary=dict(hand_over))
                )
            self._connection.commit()
        except sa.exc.SQLAlchemyError as error:
            if in_each_others_way(error):
                raise Busy(str(self._database.error(error))) from None
            raise self._database.error(error) from None

    def end(self) -> None:
        """Nothing can be kept after this."""
        self._open = False

    def _take(self) -> tuple[int, Any]:
        """The revision and the state, locked until the transaction ends. A new conversation gets its row here, so
        that two processes cannot both begin it."""
        here = sa.and_(sessions.c.id == self._key["session"], sessions.c.bot == self._key["bot"])
        query = sa.select(sessions.c.revision, sessions.c.state).where(here).with_for_update()
        row = self._connection.execute(query).one_or_none()
        if row is not None:
            return row[0], row[1]
        try:
            with self._connection.begin_nested():
                self._connection.execute(
                    sessions.insert().values(
                        id=self._key["session"],
                        bot=self._key["bot"],
                        revision=0,
                        state=None,
                        created_at=self._at,
                        updated_at=self._at,
                    )
                )
        except sa.exc.IntegrityError:  # another process began it, and has ended its turn
            row = self._connection.execute(query).one()
            return row[0], row[1]
        return 0, None

    def _read(self, kept: Any) -> State:
        try:
            return State.from_dict(kept)
        except DataError as error:
            raise StoreError(f"{self._database.name}: session {self._key['session']}: {error}") from error

    def _reply_given(self) -> str | None:
        query = sa.select(turns.c.reply).where(
            turns.c.session == self._key["session"],
            turns.c.bot == self._key["bot"],
            turns.c.message_id == self._message_id,
        )
        return self._connection.execute(query).scalar_one_or_none()

    def _write_session(self, state: State) -> None:
        written = self._connection.execute(
            sessions.update()
            .where(
                sessions.c.id == self._key["session"],
                sessions.c.bot == self._key["bot"],
                sessions.c.revision == self._revision,
            )
            .values(revision=self._revision + 1, state=state.to_dict(), updated_at=self._at)
        )
        if written.rowcount != 1:  # a table without transactions or locks
            raise Busy(f"{self._database.name}: session {self._key['session']} was changed by another process")

    def _book(self, call: ActionCall) -> None:
        content = {
            "form": call.form,
            "status": BOOKED,
            "values": dict(call.values),
            "items": call.to_dict()["items"],
            "updated_at": self._at,
            "replaces": call.replaces,
        }
        if call.replaces:
            self._mark(call.replaces, REPLACED)
        # A call tried again has the id of the first try.
        again = self._connection.execute(records.update().where(self._record(call.id)).values(**content))
        if again.rowcount == 0:
            self._connection.execute(
                records.insert().values(**self._key, id=call.id, created_at=self._at, **content)
            )

    def _mark(self, record: str, status: str) -> None:
        self._connection.execute(
            records.update()
            .where(self._record(record), records.c.status == BOOKED)
            .values(status=status, updated_at=self._at)
        )

    def _record(self, record: str) -> sa.ColumnElement[bool]:
        return sa.and_(
            records.c.session == self._key["session"], records.c.bot == self._key["bot"], records.c.id == record
        )

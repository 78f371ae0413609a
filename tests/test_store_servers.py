"""What is particular to a server: URLs and drivers, passwords that no message shows, connections that break."""

from __future__ import annotations

import logging
import sys

import pytest

pytest.importorskip("sqlalchemy", reason="needs the store extra")

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from ner_engine.chatbot.state import State
from ner_engine.chatbot.store import tables as store_tables
from ner_engine.chatbot.store.database import Store
from ner_engine.errors import ConfigError, MissingExtra, NerEngineError, StoreError

SECRET = "p@ss:w/rd 한글%"
QUOTED = "p%40ss%3Aw%2Frd%20%ED%95%9C%EA%B8%80%25"


def say(store, text="만두 주세요", **options):
    with store.turn("a", "restaurant", **options) as turn:
        turn.commit(state=State(), text=text, reply="네")


# URLs


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("oracel://bot@host/shop", "expected sqlite, postgresql or mysql; got oracel"),
        ("://", "expected a path, sqlite:///orders.db or postgresql"),
        ("postgresql://bot@host:port/shop", "got one that starts with postgresql://"),
        ("sqlite+aiosqlite:///orders.db", "aiosqlite"),
        ("postgresql+psycopg_async://bot@host/shop", "expected a driver without asyncio"),
    ],
)
def test_a_url_that_is_none_is_refused_in_one_line(url, message):
    with pytest.raises(ConfigError, match=message) as caught:
        Store.open(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("absent", "url", "error", "command"),
    [
        ("psycopg", "postgresql://bot@host/shop", MissingExtra, r"pip install 'ner-engine\[postgres\]'"),
        ("psycopg2", "postgresql+psycopg2://bot@host/shop", MissingExtra, r"ner-engine\[postgres\]"),
        ("pymysql", "mysql+pymysql://bot@host/shop", ConfigError, "pip install pymysql"),
        ("MySQLdb", "mysql://bot@host/shop", ConfigError, "pip install mysqlclient"),
    ],
)
def test_a_driver_that_is_absent_is_named_with_its_command(monkeypatch, absent, url, error, command):
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(error, match=command):
        Store.open(url)


# passwords


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://bot:{QUOTED}@127.0.0.1:1/shop?connect_timeout=5",
        f"postgresql://bot@127.0.0.1:1/shop?password={QUOTED}",
        f"postgresql://bot:{QUOTED}@host:port/shop",
        f"postgresql://bot:{QUOTED}@127.0.0.1:1/shop?no_such_option={QUOTED}",
        f"postgresql://bot:{QUOTED}@127.0.0.1:1/shop?sslmode={QUOTED}",
        f"nosuch://bot:{QUOTED}@host/shop",
        f"sqlite://bot:{QUOTED}@host/shop.db",
    ],
)
def test_no_message_and_no_log_shows_a_password(url, caplog):
    caplog.set_level(logging.DEBUG)
    if url.startswith("postgresql"):
        pytest.importorskip("psycopg", reason="needs the postgres extra")
    with pytest.raises(NerEngineError) as caught:
        Store.open(url)
    shown = [str(caught.value), repr(caught.value), caplog.text]
    for text in shown:
        assert SECRET not in text
        assert QUOTED not in text
    assert "\n" not in shown[0]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_open_store_does_not_show_its_password(postgres, caplog):
    caplog.set_level(logging.DEBUG)
    schema = postgres.new_schema()
    url = postgres.new_database(schema)
    assert "secret-4711" in url
    with Store.open(url) as store:
        say(store)
        shown = repr(store)
        assert shown == "Store('postgresql+psycopg:///postgres')"
        postgres.execute(f"DROP TABLE {schema}.turns")
        with pytest.raises(StoreError) as caught:
            say(store)
    assert "secret-4711" not in shown + str(caught.value) + caplog.text


# connections


def cut(postgres, schema):
    """End the connections of a store; how many there were."""
    return len(
        postgres.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{schema}'"
        )
    )


def test_a_connection_that_broke_between_turns_is_replaced(postgres):
    schema = postgres.new_schema()
    with Store.open(postgres.new_database(schema)) as store:
        say(store)
        assert cut(postgres, schema) == 1
        say(store)
        assert [t.number for t in store.transcript("a")] == [1, 2]


def test_a_connection_that_breaks_inside_a_turn_costs_this_turn_alone(postgres):
    schema = postgres.new_schema()
    with Store.open(postgres.new_database(schema)) as store:
        say(store, message_id="m1")
        with store.turn("a", "restaurant", message_id="m2") as turn:
            assert cut(postgres, schema) == 1
            with pytest.raises(StoreError) as caught:
                turn.commit(state=State(), text="만두", reply="네")
        assert "\n" not in str(caught.value)
        say(store, message_id="m2")
        assert [t.message_id for t in store.transcript("a")] == ["m1", "m2"]


def test_waiting_for_a_lock_and_idling_in_a_turn_end_some_day(postgres):
    with Store.open(postgres.new_database(), timeout_s=2) as store, store._database.reading() as connection:
        shown = [
            connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("lock_timeout", "idle_in_transaction_session_timeout", "transaction_isolation")
        ]
    assert shown == ["2s", "8s", "read committed"]


def test_a_user_who_may_not_make_tables_is_told_so(postgres):
    postgres.execute("CREATE ROLE guest LOGIN")
    postgres.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with pytest.raises(StoreError, match=r"permission denied for schema public"):
        Store.open(postgres.url().replace("bot:secret-4711@", "guest@"))


def test_tables_of_a_neighbour_do_not_matter(postgres):
    postgres.execute("CREATE TABLE public.records (title text)")
    schema = postgres.new_schema()
    with Store.open(postgres.new_database(schema)) as store:
        say(store)
    assert postgres.execute(f"SELECT count(*) FROM {schema}.turns") == [(1,)]
    postgres.execute("DROP TABLE public.records")
    with Store.open(postgres.url()) as store:  # without a schema of one's own
        say(store)
    assert postgres.execute("SELECT count(*) FROM public.turns") == [(1,)]


# MySQL, as far as one gets without its server


def test_the_tables_can_be_made_in_mysql():
    dialect = mysql.dialect()
    for table in store_tables.metadata.sorted_tables:
        statement = str(sa.schema.CreateTable(table, if_not_exists=True).compile(dialect=dialect))
        texts = [c for c in table.columns if isinstance(c.type, sa.String) and not isinstance(c.type, sa.Text)]
        assert statement.count("COLLATE utf8mb4_bin") == len(texts)  # "a" is not "A"
        keys = [
            table.primary_key,
            *(c for c in table.constraints if isinstance(c, sa.UniqueConstraint)),
            *table.indexes,
        ]
        for key in keys:
            size = sum(4 * getattr(column.type, "length", 1) for column in key.columns)
            assert size <= 3072, (table.name, key)  # bytes of an index in InnoDB
            assert not any(isinstance(column.type.dialect_impl(dialect), sa.Text) for column in key.columns)

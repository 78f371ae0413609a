"""``serve(settings)``: from settings to a service that listens, with its workers, until it is stopped."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ner_engine.bundle import find_bundle
from ner_engine.chatbot import load_rules
from ner_engine.errors import MissingExtra, NerEngineError
from ner_engine.service.listening import Seats, listen, shut_out
from ner_engine.service.settings import Settings
from ner_engine.service.supervisor import Supervisor

__all__ = ["serve"]

_METRICS = "PROMETHEUS_MULTIPROC_DIR"


def serve(settings: Settings, *, announce: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT; ``announce`` hears the address when all workers are ready.

    Returns the exit status. Raises NerEngineError, in one line, where the service cannot begin: MissingExtra
    without the extra, ConfigError for an address that is taken or open to others without keys, BundleError.
    """
    if not hasattr(os, "fork"):
        raise NerEngineError("ner-engine serve: expected a system whose processes fork, such as Linux or macOS")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a thread of this process would not survive a fork
    with contextlib.ExitStack() as ending:
        counts = Path(tempfile.mkdtemp(prefix="ner-engine-"))
        ending.callback(shutil.rmtree, counts, ignore_errors=True)
        os.environ[_METRICS] = str(counts)  # before anything is imported that counts
        try:
            from prometheus_client import values
            from prometheus_client.multiprocess import mark_process_dead
            from prometheus_client.values import MultiProcessValue

            from ner_engine.service.bots import create_whole_app
            from ner_engine.service.keys import read_keys
            from ner_engine.service.logs import set_up_logging
            from ner_engine.service.worker import run_worker
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("ner_engine"):
                raise
            raise MissingExtra("ner-engine serve", extra="service") from None
        behind = dict(settings.models)

        def find(model: str) -> str:
            return str(find_bundle(behind[model], models=settings.registry or None).absolute())

        for model in behind:
            find(model)
        load_rules(settings.bot or None)
        if not settings.database:  # the workers share the conversations, and a worker that dies loses none
            (counts / "talks").mkdir()  # apart: every .db beside the counts is read as one of them
            settings = replace(settings, database=str(counts / "talks" / "conversations.db"))
        keys = read_keys(settings.keys) if settings.keys else ()
        listener = listen(settings.host, settings.port, beyond_loopback=bool(keys) or settings.insecure)
        ending.callback(listener.close)
        set_up_logging(settings.log_level)
        seats = Seats(settings.workers)
        parent = os.getpid()

        def work(number: int, channel: socket.socket, sources: tuple[tuple[str, str], ...]) -> int:
            # a worker's successor goes on counting
            values.ValueClass = MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]
            chosen = replace(settings, models=sources)
            status = run_worker(chosen, create_whole_app, listener, seats=seats, worker=number, channel=channel)
            if os.getppid() != parent:  # nobody else is left to do it
                shutil.rmtree(counts, ignore_errors=True)
            return status

        def stop() -> None:
            shut_out(listener)
            listener.close()

        gc.collect()
        gc.freeze()  # what is there now is shared with every worker
        status, why = Supervisor(
            settings.workers,
            work,
            seats=seats,
            models=list(behind),
            find=find,
            limit_s=settings.shutdown_timeout_s,
            on_ready=lambda: announce(_url(listener)),
            on_death=lambda number: mark_process_dead(number, counts),  # type: ignore[no-untyped-call]
            on_stop=stop,
        ).run()
    if why and status:
        raise NerEngineError(why)
    return status


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

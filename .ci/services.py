"""Which of the given PostgreSQL, Redis and RabbitMQ addresses do not answer? Status 0 when all do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing


def ask_postgresql(url: str) -> None:
    import psycopg

    psycopg.connect(url, connect_timeout=3).close()


def ask_redis(url: str) -> None:
    import redis

    with redis.Redis.from_url(url, socket_connect_timeout=3) as client:
        client.ping()


def ask_rabbitmq(url: str) -> None:
    import pika

    with closing(pika.BlockingConnection(pika.URLParameters(url))):
        pass


def main() -> None:
    probes: list[Callable[[str], None]] = [ask_postgresql, ask_redis, ask_rabbitmq]
    missing = []
    for probe, url in zip(probes, sys.argv[1:], strict=True):
        try:
            probe(url)
        except Exception:  # noqa: BLE001  any failure means: not usable here
            missing.append(probe.__name__.removeprefix("ask_"))
    sys.stdout.write(" ".join(missing))
    raise SystemExit(1 if missing else 0)


if __name__ == "__main__":
    main()

"""Are the database and the store answering?"""

from __future__ import annotations

import logging

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = logging.getLogger(__name__)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except DatabaseError:
        log.warning("database does not answer", exc_info=True)
        return False


def store_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.BusyLoadingError:  # a store that has just started reads its data first: no news
        return False
    except (redis.RedisError, OSError):
        log.warning("store does not answer", exc_info=True)
        return False


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when both answer, else 503; says which, and nothing about the installation."""
    answers = {"database": database_answers(), "store": store_answers()}
    return JsonResponse(answers, status=200 if all(answers.values()) else 503)

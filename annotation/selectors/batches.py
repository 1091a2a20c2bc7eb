"""Reading many documents a part at a time."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from annotation.models import Document


def in_batches(documents: QuerySet[Document], size: int) -> Iterator[list[Document]]:
    """The documents in import order, at most `size` in memory.

    Each batch is read to its end before it is handed out. `QuerySet.iterator` would leave a
    statement open between them, and on SQLite a write of the same connection then fails at once
    with "database is locked" if another process has written since the statement began.
    """
    beyond = Q()
    while batch := list(documents.filter(beyond).order_by("position", "pk")[:size]):
        yield batch
        if len(batch) < size:
            return
        last = batch[-1]
        beyond = Q(position__gt=last.position) | Q(position=last.position, pk__gt=last.pk)

"""Two reviewers, or a reviewer and an annotator, at the same moment: nobody's work is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from annotation.models import Annotation
from annotation.services.annotations import annotation_write
from daner_site.accounts.models import User
from quality.domain.adjudication import DecisionError
from quality.models import AdjudicationCase
from quality.services.cases import cases_refresh
from quality.services.settling import StaleCaseError
from tests.services.test_quality_cases import DATE, World, another_reviewer

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls on threads of their own, started together; results or exceptions."""
    barrier = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(number: int, call: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            results[number] = call()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_of_two_reviewers_one_decides_and_the_other_is_told() -> None:
    for _ in range(ROUNDS):
        world = World()
        world.annotate()
        case, second = world.case(), another_reviewer(world)
        decisions = world.decisions()

        def resolve(user: User) -> Any:
            return world.resolve(case, ctx=world.ctx(user), decisions=decisions)  # noqa: B023

        results = at_once(lambda: resolve(world.reviewer), lambda: resolve(second))  # noqa: B023
        gold = [item for item in results if isinstance(item, Annotation)]
        assert sum(isinstance(item, StaleCaseError) for item in results) == 1, results
        assert list(Annotation.objects.filter(document=world.document, kind="gold")) == gold
        case.refresh_from_db()
        assert (case.status, case.gold_annotation, case.resolved_by) == ("resolved", gold[0], gold[0].author)


def test_a_resubmission_during_the_decision_never_undoes_it() -> None:
    """Either the reviewer was first and the gold stands, or they are told and nothing is written."""
    for _ in range(ROUNDS):
        world = World()
        world.annotate()
        case, decisions = world.case(), world.decisions()

        def resubmit() -> None:
            annotation_write(
                project=world.project,  # noqa: B023
                document=world.document,  # noqa: B023
                author=world.two,  # noqa: B023
                kind="human",
                spans=[DATE],
            )
            cases_refresh(document_id=world.document.pk)  # noqa: B023

        result, _ = at_once(lambda: world.resolve(case, decisions=decisions), resubmit)  # noqa: B023
        case.refresh_from_db()
        gold = Annotation.objects.filter(document=world.document, kind="gold")
        if isinstance(result, Annotation):
            assert case.status == AdjudicationCase.Status.RESOLVED
            assert list(gold) == [result]
        else:
            assert isinstance(result, (StaleCaseError, DecisionError)), result
            assert case.status == AdjudicationCase.Status.OPEN
            assert not gold.exists()


def test_two_workers_on_one_document_open_one_case() -> None:
    for _ in range(ROUNDS):
        world = World()
        world.annotate()
        results = at_once(*[lambda: cases_refresh(document_id=world.document.pk)] * 3)  # noqa: B023
        assert {item.pk for item in results} == {AdjudicationCase.objects.get(document=world.document).pk}

"""Two versions of a document's spans: every difference once, nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.spans import LabelledSpan
from quality.domain.adjudication import EDITED, NOTHING, Decision
from quality.domain.conflicts import conflict_groups
from quality.domain.versions import places_apart, standing

ADA, BO = LabelledSpan(0, 3, "PER"), LabelledSpan(8, 10, "PER")
PLACE = LabelledSpan(0, 3, "LOC")

versions = (
    st.sets(st.integers(0, 9), max_size=6)
    .flatmap(
        lambda cells: st.tuples(
            *(st.sampled_from(["PER", "LOC"]).map(lambda label, at=at: (at, label)) for at in cells)
        )
    )
    .map(lambda items: [LabelledSpan(at * 2, at * 2 + 2, label) for at, label in items])
)


def test_added_removed_and_changed_are_told_apart() -> None:
    assert [(item.kind, item.mine, item.theirs) for item in places_apart([ADA], [PLACE])] == [
        ("changed", (ADA,), (PLACE,))
    ]
    assert [item.kind for item in places_apart([ADA], [BO])] == ["removed", "added"]
    assert places_apart([ADA, BO], [BO, ADA]) == []


@given(versions, versions)
def test_taking_every_place_of_theirs_makes_mine_theirs(mine: list[LabelledSpan], theirs: list[LabelledSpan]) -> None:
    result = set(mine)
    for place in places_apart(mine, theirs):
        result = (result - set(place.mine)) | set(place.theirs)
    assert result == set(theirs)


def test_what_stands_leaves_out_what_has_to_be_looked_at() -> None:
    groups = conflict_groups({"a": [ADA, BO], "b": [PLACE, BO]})
    name, agreed = groups
    assert standing(groups, []) == [BO]
    assert standing(groups, [Decision(name.id, "1")]) == sorted([name.options[0].spans[0], BO])
    assert standing(groups, [Decision(name.id, "7"), Decision("gone", "1"), Decision(agreed.id, NOTHING)]) == []
    assert standing(groups, [Decision(name.id, EDITED, (LabelledSpan(0, 2, "PER"),))], [PLACE]) == [
        LabelledSpan(0, 2, "PER"),
        BO,
    ]
    free = LabelledSpan(20, 22, "LOC")
    assert standing(groups, [], [free]) == [BO, free]

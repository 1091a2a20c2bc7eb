"""Prints docs/permissions.md: `python -m tests.contract.permission_table > docs/permissions.md`."""

from __future__ import annotations

from annotation.domain.permissions import ROLE_PERMISSIONS, Permission, ProjectRole

MEANING: dict[Permission, str] = {
    Permission.VIEW: "see the project: progress, model curve, guidelines",
    Permission.ANNOTATE: "get documents to label and submit them",
    Permission.VIEW_LAYERS: "see other people's labels: documents with their layers, agreement, conflicts",
    Permission.REVIEW: "decide conflicts and write gold, judge two models blind",
    Permission.INFER: "ask a trained model for the entities of a text",
    Permission.EXPORT: "download the labels and the models",
    Permission.TRAIN: "start and cancel training, have two models compared blind",
    Permission.MANAGE: "settings, labels, guidelines, import, members",
}

HEAD = """\
# Who may do what

Every project page, API call and live socket asks for one permission, and the role in the project
decides. The tables are made from `annotation/domain/permissions.py`; a test compares them.

Somebody who is not a member of the organisation gets **404** everywhere in it, whether or not the
thing exists. A member without the right gets **403**. Somebody not signed in is sent to the sign-in
page; an API client gets **401**.

## In a project

"""

TAIL = """
## In an organisation

| | owner | administrator | member |
|---|:-:|:-:|:-:|
| open the organisation, see its members, keep API tokens of one's own | ✓ | ✓ | ✓ |
| be manager in every project, create projects | ✓ | ✓ | |
| invite, remove and change members and administrators | ✓ | ✓ | |
| invite, remove and change owners | ✓ | | |

The last owner can neither step down nor be removed. An API token acts as its person, in the one
organisation it was made in.
"""


def table() -> str:
    """The whole document."""
    roles = list(ProjectRole)
    lines = [
        "| | " + " | ".join(role.value for role in roles) + " |",
        "|---|" + ":-:|" * len(roles),
        *(
            f"| `{permission.value}`: {MEANING[permission]} | "
            + " | ".join("✓" if permission in ROLE_PERMISSIONS[role] else "" for role in roles)
            + " |"
            for permission in Permission
        ),
    ]
    return HEAD + "\n".join(line.replace("|  |", "| |") for line in lines) + "\n" + TAIL


if __name__ == "__main__":
    print(table(), end="")

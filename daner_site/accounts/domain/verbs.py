"""The words of the audit trail: what may be written there, and how it reads after a person's name.

Words of all apps stand here together, so that no two apps use one word for two things.
"""

from __future__ import annotations

VERBS: dict[str, str] = {
    # organisations
    "organization.create": "created the organisation",
    "invitation.create": "invited somebody",
    "invitation.revoke": "withdrew an invitation",
    "organization.join": "joined the organisation",
    "organization.role": "changed somebody's role in the organisation",
    "organization.remove": "removed somebody from the organisation",
    "token.create": "made an API token",
    "token.revoke": "revoked an API token",
    # projects
    "project.create": "created the project",
    "project.update": "changed the settings",
    "label.update": "changed a label",
    "label.retire": "retired a label",
    "label.restore": "brought a label back",
    "guideline.publish": "published a guideline",
    "member.set": "gave somebody a role in the project",
    "member.remove": "took somebody's role in the project",
    "member.pause": "paused somebody's labelling",
    "member.resume": "let somebody label again",
    # conversations
    "thread.flag": "flagged a document",
    "thread.resolve": "settled a conversation",
    "thread.reopen": "opened a settled conversation again",
    # texts in and out
    "import.start": "started an import",
    "export.download": "downloaded labels",
    # learning
    "run.open": "started a training",
    "run.cancel": "cancelled a training",
    "blind.open": "had two model versions compared blind",
    "blind.close": "closed a blind comparison",
    "model.download": "downloaded a model",
    # quality
    "case.resolve": "settled a disagreement",
    "case.reopen": "reopened a settled disagreement",
    "case.escalate": "passed a disagreement to a manager",
    "case.takeover": "took over a document that somebody else was reviewing",
    "case.apply": "decided a place like the same words elsewhere",
    "case.unapply": "took back a decision that came from the same words elsewhere",
    "ruling.ask": "asked what the guideline leaves open",
    "ruling.close": "ruled on what the guideline left open",
    "agreement.repair": "corrected agreement figures that a full recomputation did not confirm",
    "gold.withdraw": "withdrew the gold labels of a document",
    "gold.publish": "decided on the gold labels of a document",
}

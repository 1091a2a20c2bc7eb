"""What a project's annotators say together: versioned runs and their documents."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from annotation.models.base import PublicModel
from annotation.models.documents import Document
from annotation.models.projects import Project
from daner_site.accounts.models import TenantModel


class ConsensusRun(PublicModel):
    """The consensus over all documents several people labelled, at one moment.

    The newest finished one is shown. While one is being computed, its row keeps a second worker
    from computing it as well.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    """From 1 within the project."""
    method = models.CharField(max_length=10, blank=True)
    """One of `quality.numeric.consensus.METHODS`."""
    documents = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    """Documents beyond what one run holds in memory."""
    annotators = models.PositiveIntegerField(default=0)
    spans = models.PositiveIntegerField(default=0)
    thirds = models.JSONField(default=list)
    """The two confidences that cut all spans into thirds; empty for no spans."""
    calibration = models.JSONField(null=True)
    """As `Calibration.as_json`: turns a confidence into a probability; null before enough is settled."""
    settled_spans = models.PositiveIntegerField(default=0)
    """Consensus spans in documents that a person has settled."""
    against_vote = models.JSONField(null=True)
    """`{documents, consensus, vote}`: F1 of both on the documents a person settled; null before enough is settled
    and where the method is the vote."""
    alike = models.JSONField(default=list)
    """`[{pair, documents, f1, usual_f1, same_wrong, wrong}]`: pairs that agree more than they should."""
    data_sha = models.CharField(max_length=64)
    """SHA-256 over the annotations read; equal data are not computed twice."""
    watermark = models.PositiveBigIntegerField()
    """The newest annotation that was there."""
    seconds = models.FloatField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "number"], name="consensus_number_unique"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(finished_at__isnull=True), name="one_consensus_in_work"
            ),
        ]

    def __str__(self) -> str:
        return f"consensus {self.number}"


class ConsensusDocument(TenantModel):
    """One document of the newest run; older runs keep their figures, not their documents."""

    run = models.ForeignKey(ConsensusRun, on_delete=models.CASCADE, related_name="rows")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    spans = models.JSONField()
    """`[{start, end, label, confidence, supporters, against}]`, people by user id as text."""
    people = models.PositiveSmallIntegerField()
    uncertainty = models.FloatField()
    """Expected number of wrong words."""
    layers_sha = models.CharField(max_length=64)
    """Which annotations it was made from."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "document"], name="document_once_per_consensus"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["run", "-uncertainty"], name="consensus_least_sure"),
        ]

    def __str__(self) -> str:
        return f"{self.run} of {self.document}"

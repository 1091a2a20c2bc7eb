"""What people write to each other about a document: flags, questions, answers."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.base import PublicModel
from annotation.models.documents import Document
from annotation.models.projects import Project
from daner_site.accounts.models import TenantModel


class Thread(PublicModel):
    """A conversation between one annotator and those who review, about a document or a place in it.

    Annotators are blind to each other: a thread belongs to one person's work (`annotator`), and no
    other annotator ever sees it.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="threads")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="threads")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    """Whose work it is about; null among those who review."""
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    """The place in the text, in code points; both null for the whole document."""
    flagged = models.BooleanField(default=False)
    """Whether it says that something is wrong with the document."""
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(start__isnull=True, end__isnull=True) | Q(end__gt=models.F("start")),
                name="thread_place_is_a_range",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "-created_at"], name="thread_newest"),
        ]

    def __str__(self) -> str:
        return f"thread {self.uuid}"


class Comment(PublicModel):
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    body = models.TextField(max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"comment {self.uuid}"


class CommentNotice(TenantModel):
    """Somebody a comment is for: mentioned, answered, or to see to a flag. Gone once it is read."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="comment_notices")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="notices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "comment"], name="one_notice_per_person_and_comment"),
        ]

    def __str__(self) -> str:
        return f"notice of {self.comment} for {self.user}"

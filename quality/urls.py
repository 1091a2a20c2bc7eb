"""Routes of agreement, conflicts and review."""

from __future__ import annotations

from django.urls import include, path

from quality import adjudication_views, consensus_views, overlap_views, people_views, review_views, same_views, views

app_name = "quality"

project_routes = [
    path("quality/", views.quality, name="quality"),
    path("quality/panel/", views.agreement_panel, name="agreement_panel"),
    path("quality/agreement/file/", views.agreement_file, name="agreement_file"),
    path("quality/summary/", views.summary_panel, name="summary_panel"),
    path("quality/overlap/", overlap_views.overlap_panel, name="overlap_panel"),
    path("quality/consensus/", consensus_views.consensus, name="consensus"),
    path("quality/consensus/file/", consensus_views.consensus_file, name="consensus_file"),
    path("documents/<uuid:document>/consensus/", consensus_views.consensus_document, name="consensus_document"),
    path("quality/people/", people_views.people, name="people"),
    path("quality/people/<int:annotator>/", people_views.person, name="person"),
    path("feedback/", people_views.feedback, name="feedback"),
    path("quality/after/", adjudication_views.after, name="outcomes"),
    path("quality/log/", adjudication_views.rulings, name="rulings"),
    path("quality/log/<uuid:ruling>/", adjudication_views.ruling, name="ruling"),
    path("reviewed/", adjudication_views.reviewed, name="reviewed"),
    path("review/<uuid:case>/escalate/", adjudication_views.escalate, name="case_escalate"),
    path("review/<uuid:case>/suggestions/", adjudication_views.suggestions, name="case_suggestions"),
    path("review/<uuid:case>/comments/", adjudication_views.comments, name="case_comments"),
    path("conflicts/", views.conflicts, name="conflicts"),
    path("review/", review_views.review, name="review"),
    path("review/queue/", review_views.queue, name="review_queue"),
    path("review/<uuid:case>/", review_views.case, name="case"),
    path("review/<uuid:case>/evidence/", review_views.evidence, name="case_evidence"),
    path("review/<uuid:case>/lease/", review_views.lease, name="case_lease"),
    path("review/<uuid:case>/same/", same_views.same, name="case_same"),
    path("review/<uuid:case>/apply/", same_views.apply, name="case_apply"),
    path("review/<uuid:case>/apply/<uuid:application>/undo/", same_views.undo, name="case_apply_undo"),
    path("review/<uuid:case>/reopen/", review_views.reopen, name="case_reopen"),
]

urlpatterns = [path("o/<slug:org>/p/<uuid:project>/", include(project_routes))]

"""Routes of projects and their work."""

from __future__ import annotations

from django.urls import include, path

from annotation import comment_views, draft_views, history_views, key_views, views, work_views
from annotation.import_urls import urlpatterns as import_routes

app_name = "annotation"

project_routes = [
    path("annotate/", work_views.annotate, name="annotate"),
    path("annotate/ahead/", work_views.ahead, name="ahead"),
    path("annotate/<uuid:assignment>/draft/", draft_views.draft, name="draft"),
    path("comments/", comment_views.comments, name="comments"),
    path("comments/unread/", comment_views.unread, name="comments_unread"),
    path("comments/<uuid:thread>/", comment_views.thread, name="thread"),
    path("documents/<uuid:document>/comments/", comment_views.document_comments, name="document_comments"),
    path("history/", history_views.history, name="history"),
    path("history/pace/", history_views.pace, name="pace"),
    path("history/<uuid:assignment>/", history_views.revise, name="revise"),
    path("progress/", work_views.progress_panel, name="progress_panel"),
    path("settings/", views.settings, name="settings"),
    path("labels/", views.labels, name="labels"),
    path("labels/<int:label>/", views.label, name="label"),
    path("keys/", key_views.label_keys, name="label_keys"),
    path("guidelines/", views.guidelines, name="guidelines"),
    path("members/", views.members, name="members"),
    path("members/<int:member>/", views.member, name="member"),
    path("members/<int:member>/pause/", views.member_pausing, name="member_pausing"),
    *import_routes,
]

urlpatterns = [
    path("o/<slug:org>/keys/", key_views.keys, name="keys"),
    path("o/<slug:org>/p/new/", views.project_new, name="project_new"),
    path("o/<slug:org>/p/<uuid:project>/", include(project_routes)),
]

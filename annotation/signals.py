"""The three things annotation tells the apps above it; all are sent after the commit.

Receivers get ids, never rows: `project_id`, `document_id`, `annotation_id` are primary keys.
"""

from __future__ import annotations

from django.dispatch import Signal

annotation_submitted = Signal()
"""kwargs: project_id, document_id, annotation_id"""

gold_published = Signal()
"""kwargs: project_id, document_id, annotation_id"""

project_changed = Signal()
"""kwargs: project_id, kind ("documents", "settings", "labels")"""

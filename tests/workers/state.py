"""The live order and the one a simulation makes of the same state."""

from __future__ import annotations

from activelearning import selectors
from activelearning.engine import simulation, trained
from activelearning.engine.checkpoints import resolve
from activelearning.engine.features import FeatureStore
from activelearning.engine.types import Text
from activelearning.services.snapshots import artefact_folder, features_folder
from annotation.models import Project
from annotation.selectors.training import Amount, open_pool

Placed = list[tuple[str, str, float | None]]
"""(document, what placed it, score) from the head of an order on."""


def live_order(project: Project) -> Placed:
    """What is served, as far as it can still be given out."""
    project.refresh_from_db()
    still_open = {text.document_uuid for text in open_pool(project)}
    entries = project.queue.filter(generation=project.queue_generation).order_by("position")
    rows = entries.values_list("document__uuid", "strategy", "score")
    return [(str(uuid), strategy, score) for uuid, strategy, score in rows if str(uuid) in still_open]


def simulated_order(project: Project) -> Placed:
    """What the simulation would take next, with the active version and the open pool."""
    version = selectors.active_version(project)
    assert version is not None
    store = FeatureStore(resolve(version.checkpoint), features_folder(project))
    model = trained.load(artefact_folder(version), features=store)
    pool = [Text(text.document_uuid, text.text, text.tokens) for text in open_pool(project)]
    amount = Amount(version.train_documents, version.train_words)
    ranked = simulation.next_order(model, pool, selectors.selection_config(project, amount))
    return [(item.document_id, item.strategy, item.score) for item in ranked]

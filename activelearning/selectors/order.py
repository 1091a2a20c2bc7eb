"""How a project wants its open documents put in order."""

from __future__ import annotations

from typing import Any

from activelearning.domain.selection import CostModel, SelectionConfig
from activelearning.domain.timing import fit_cost
from activelearning.models import TrainingRun
from annotation.models import CostUnit, Project
from annotation.selectors.training import Amount, timings


def order_settings(project: Project) -> dict[str, Any]:
    """What people set about the order."""
    return {
        "strategy": project.strategy,
        "seed": project.seed,
        "diversity": project.diversity,
        "random_share": project.random_share,
        "cost_unit": project.cost_unit,
    }


def order_is_current(project: Project) -> bool:
    """Whether the published order was made with the project's settings."""
    made = TrainingRun.objects.filter(project=project, status=TrainingRun.Status.READY, parameters__has_key="order")
    last = made.exclude(version__withheld=True).first()
    return last is not None and last.parameters["order"] == order_settings(project)


def selection_config(project: Project, amount: Amount) -> SelectionConfig:
    """How the engine is to put the open pool in order; `amount`: what its model learns from."""
    return SelectionConfig(
        strategy=project.strategy,
        seed=project.seed,
        diversity=project.diversity,
        random_share=project.random_share,
        labelled_documents=amount.documents,
        labelled_words=amount.words,
        cost=project_cost(project),
    )


def project_cost(project: Project) -> CostModel:
    """What a document costs, in the project's unit; seconds as measured in the project."""
    if project.cost_unit == CostUnit.WORDS:
        return CostModel(per_text=0, per_word=1, per_entity=0)
    if project.cost_unit == CostUnit.DOCUMENTS:
        return CostModel(per_text=1, per_word=0, per_entity=0)
    return fit_cost(timings(project))

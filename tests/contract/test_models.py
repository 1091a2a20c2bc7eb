"""Every row carries its organisation, and tables only point down the stack."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from daner_site.accounts.models import Organization, TenantModel, User

LEVEL = {"accounts": 0, "annotation": 1, "activelearning": 2, "quality": 2}
WITHOUT_TENANT = {User, Organization}
OWN = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in LEVEL]
AUTO_CREATED = {model for model in OWN if model._meta.auto_created}


@pytest.mark.parametrize("model", OWN, ids=lambda model: model._meta.label)
def test_every_table_belongs_to_an_organisation(model: type[models.Model]) -> None:
    if model in WITHOUT_TENANT | AUTO_CREATED:
        return
    assert issubclass(model, TenantModel)
    field = model._meta.get_field("organization")
    assert isinstance(field, models.ForeignKey)
    assert field.related_model is Organization
    assert not field.null


def test_the_only_tables_without_organisation_are_the_known_ones() -> None:
    assert {User.groups.through, User.user_permissions.through} == AUTO_CREATED


@pytest.mark.parametrize("model", OWN, ids=lambda model: model._meta.label)
def test_tables_point_down_only(model: type[models.Model]) -> None:
    level = LEVEL[model._meta.app_label]
    for field in model._meta.get_fields():
        target = field.related_model if field.is_relation and not field.auto_created else None
        if target is None or target._meta.app_label not in LEVEL:
            continue
        same_app = target._meta.app_label == model._meta.app_label
        assert same_app or LEVEL[target._meta.app_label] < level, f"{field} points up or sideways"


@pytest.mark.parametrize("model", OWN, ids=lambda model: model._meta.label)
def test_a_table_of_an_upper_app_leaves_no_attribute_on_a_lower_one(model: type[models.Model]) -> None:
    """`project.runs` would let annotation reach into activelearning without an import."""
    if model._meta.app_label not in ("activelearning", "quality"):
        return
    for field in model._meta.get_fields():
        if (
            field.is_relation
            and not field.auto_created
            and field.related_model._meta.app_label != model._meta.app_label
        ):
            assert field.remote_field.related_name == "+", f'{field} needs related_name="+"'


def test_every_app_of_ours_has_a_level() -> None:
    ours = {
        config.label for config in apps.get_app_configs() if config.name.partition(".")[0] in {*LEVEL, "daner_site"}
    }
    assert {label for label in ours if apps.get_app_config(label).models} == set(LEVEL)

"""Sign-in, organisations and their members."""

from __future__ import annotations

from django.urls import path

from daner_site.accounts import views, views_organization

app_name = "accounts"
urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("signup/", views.signup, name="signup"),
    path("password/", views.password_change, name="password_change"),
    path("invite/<str:token>/", views.invite, name="invite"),
    path("o/new/", views.organization_new, name="organization_new"),
    path("o/<slug:org>/members/", views_organization.members, name="members"),
    path("o/<slug:org>/members/invite/", views_organization.invitation_new, name="invitation_new"),
    path("o/<slug:org>/members/<uuid:member>/role/", views_organization.member_role, name="member_role"),
    path("o/<slug:org>/members/<uuid:member>/remove/", views_organization.member_gone, name="member_remove"),
    path(
        "o/<slug:org>/invitations/<uuid:invitation>/revoke/",
        views_organization.invitation_gone,
        name="invitation_revoke",
    ),
    path("o/<slug:org>/tokens/", views_organization.tokens, name="tokens"),
    path("o/<slug:org>/tokens/<uuid:token>/revoke/", views_organization.token_gone, name="token_revoke"),
]

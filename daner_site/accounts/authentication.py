"""Bearer tokens of the API."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from daner_site.accounts.models import ApiToken, User
from daner_site.accounts.services.tokens import api_token_use


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer daner_…`. `request.auth` is the token; it opens its own organisation only."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = api_token_use(secret=secret.decode("ascii", "replace").strip())
        if token is None:
            raise AuthenticationFailed("This token is not valid: unknown, expired or revoked.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the token."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token from the page “API tokens”."}

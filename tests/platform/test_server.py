"""The ASGI application as browsers meet it."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect


def test_static_files_are_served_from_a_clean_clone(asgi_server: str) -> None:
    with urllib.request.urlopen(f"{asgi_server}/static/django_htmx/htmx-2.min.js", timeout=20) as response:
        assert response.status == 200
        assert "javascript" in response.headers["Content-Type"]
        assert b"htmx" in response.read()


def test_a_missing_page_is_a_404_and_shows_no_settings(asgi_server: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{asgi_server}/no/such/page/", timeout=20)
    with caught.value as answer:
        assert answer.code == 404
        assert b"URLconf" not in answer.read()


def test_a_socket_from_a_foreign_page_is_refused(asgi_server: str) -> None:
    address = asgi_server.replace("http", "ws") + "/ws/o/anything/"
    with pytest.raises(InvalidStatus) as caught, connect(address, origin="https://elsewhere.example", open_timeout=20):
        pass
    assert caught.value.response.status_code == 403


def test_a_host_name_that_is_not_ours_is_refused(asgi_server: str) -> None:
    request = urllib.request.Request(f"{asgi_server}/login/", headers={"Host": "elsewhere.example"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=20)
    with caught.value as answer:
        assert answer.code == 400


@pytest.mark.e2e
def test_the_browser_opens_a_page_without_console_errors(asgi_server: str, page: Any) -> None:
    page.goto(f"{asgi_server}/login/")
    assert re.search("login|sign in|log in", page.content(), re.IGNORECASE)

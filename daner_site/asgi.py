"""ASGI entry point: pages over HTTP, nudges over websockets."""

from __future__ import annotations

import gc
import os
from importlib import import_module

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daner_site.settings")

from django.core.asgi import get_asgi_application

http_application = get_asgi_application()  # loads the apps; the imports below need them

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings

from annotation.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": http_application,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)

# All views, which else the first page would load. What is there now stays for good: looked through again and again for
# what could go, it doubled the time that the tokens of a long text take to read.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()

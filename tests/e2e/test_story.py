"""The main job on a running `manage.py up`: real browser, sockets, workers and training.

A manager brings a real corpus, two annotators label from its gold, the model retrains by itself,
both pages change without a reload, a conflict becomes gold, gold enters the next snapshot, and
the export round-trips.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from annotation.domain.formats import parse
from tests.conftest import wait_until
from tests.platform.test_up import ROOT, Site, free_port

WNUT = ROOT.parent / "shared" / "data" / "wnut17"
LABELS = "person, location, corporation, group, product, creative-work"
EACH = 20
"""Documents each of the two annotators labels."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(not WNUT.exists(), reason="the shared corpora are not here"),
]

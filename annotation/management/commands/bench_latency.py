"""How long an annotator waits: "submit + next", idle and while a model trains, and the live path.

Talks to a running site over HTTP and a websocket, as a browser does, in an organisation of its
own that is removed afterwards.
"""

from __future__ import annotations

import http.client
import json
import re
import secrets
import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.dispatch import Signal
from django.urls import reverse
from websockets.sync.client import connect
from websockets.typing import Origin

from annotation.access import ProjectContext, project_context
from annotation.demo import load_demo
from annotation.domain.spans import LabelledSpan
from annotation.domain.submission import Submission
from annotation.models import ImportJob, Project
from annotation.services.imports import ImportOptions, import_check, import_run, import_start
from annotation.services.projects import project_create
from annotation.services.queue import queue_reshuffle
from annotation.services.work import annotation_submit, assignment_claim_next
from daner_site.accounts.models import Membership, Organization, OrganizationRole, User
from daner_site.core.events import send_on_commit

SEEDED = 90
"""Documents labelled before the clock starts, so that there is something to train on."""


class Browser:
    """One keep-alive connection with cookies; just enough of a browser."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.netloc = parts.netloc
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self.cookies: dict[str, str] = {}

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def request(self, method: str, path: str, form: dict[str, str] | None = None) -> str:
        headers = {"Cookie": self.cookie, "Referer": f"http://{self.netloc}{path}"}
        body = None
        if form is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-CSRFToken": self.cookies.get("csrftoken", ""),
                "HX-Request": "true",
            }
            body = urlencode(form)
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        for header in response.headers.get_all("Set-Cookie") or []:
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value
        if response.status >= 400:
            raise CommandError(f"{method} {path} answered {response.status}")
        return text

    def sign_in(self, username: str, password: str) -> None:
        path = reverse("accounts:login")
        self.request("GET", path)
        self.request("POST", path, {"username": username, "password": password})
        if "sessionid" not in self.cookies:
            raise CommandError("the site refused the benchmark's own user")


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000")
        parser.add_argument("--submits", type=int, default=100, help="per phase")
        parser.add_argument("--nudges", type=int, default=30)
        parser.add_argument("--json", metavar="OUT", help="write the figures to this file")

    def handle(self, **options: Any) -> None:
        password = secrets.token_urlsafe(16)
        name = f"bench-{secrets.token_hex(4)}"
        user = User.objects.create_user(username=name, password=password)
        organization = Organization.objects.create(name=name, slug=name)
        Membership.objects.create(organization=organization, user=user, role=OrganizationRole.OWNER)
        try:
            project = self._project(organization, user)
            browser = Browser(options["url"])
            browser.sign_in(user.username, password)
            figures = self._measure(browser, project, options["submits"], options["nudges"])
        except (ConnectionError, http.client.HTTPException, OSError) as error:
            raise CommandError(f"no site at {options['url']}: {error}") from error
        finally:
            organization.delete()
            user.delete()
        if options["json"]:
            Path(options["json"]).write_text(json.dumps(figures, indent=2), encoding="utf-8")

    def _project(self, organization: Organization, user: User) -> Project:
        """The demo's pool with its first documents labelled from the gold."""
        demo = load_demo()
        # Nothing trains by itself: the command decides when.
        project = project_create(
            organization=organization,
            author=user,
            name="Latency",
            labels=[label.name for label in demo.labels],
            retrain_after=1_000_000,
            retrain_quiet_seconds=86_400,
            overlap_share=0.0,
        )
        texts = "\n".join(item.text for item in demo.pool)
        job = import_check(project=project, author=user, content=texts, format="lines")
        import_start(job=job, author=user, options=ImportOptions(with_labels=False))
        import_run(job_id=job.pk)  # unless the site's worker was faster
        done = ImportJob.objects.filter(pk=job.pk, status=ImportJob.Status.DONE)
        _until(done.exists, 60, "the import does not end")
        gold = {item.text: item.spans for item in demo.pool}
        ctx = _context(user, project)
        for _ in range(SEEDED):
            assignment = assignment_claim_next(ctx=ctx)
            assert assignment is not None
            spans = tuple(LabelledSpan(*span) for span in gold[assignment.document.text])
            annotation_submit(
                ctx=ctx,
                assignment_uuid=assignment.uuid,
                submission=Submission(spans, frozenset(), (), None),
            )
        return project

    def _measure(self, browser: Browser, project: Project, submits: int, nudges: int) -> dict[str, dict[str, float]]:
        idle = self._submits(browser, project, submits, lambda: True)
        browser.request("POST", _url("activelearning:run_start", project), {})
        panel = _url("activelearning:run_panel", project)
        _until(
            lambda: "<progress" in browser.request("GET", panel),
            60,
            "the training did not start; is the train worker running?",
        )
        training = self._submits(browser, project, submits, lambda: "<progress" in browser.request("GET", panel))
        figures = {
            "submit_next_idle_ms": _summary(idle),
            "submit_next_training_ms": _summary(training),
            **self._live(browser, project, nudges),
        }
        base = figures["submit_next_idle_ms"]["p50"]
        for name, row in figures.items():
            self.stdout.write(
                f"{name:28} n={row['n']:4.0f}  p50 {row['p50']:7.1f}  p95 {row['p95']:7.1f}  "
                f"ratio of p50 to idle submit {row['p50'] / base:5.2f}"
            )
        return figures

    def _submits(self, browser: Browser, project: Project, count: int, go_on: Callable[[], bool]) -> list[float]:
        """Milliseconds of each POST that stores one document and brings the next."""
        path = _url("annotation:annotate", project)
        page = browser.request("GET", path)
        times: list[float] = []
        while len(times) < count and go_on():
            found = re.search(r'name="assignment" value="([^"]+)"', page)
            if found is None:
                break  # the pool is used up
            form = {"assignment": found[1], "action": "submit", "payload": '{"spans": []}'}
            start = time.perf_counter()
            page = browser.request("POST", path, form)
            times.append(1000 * (time.perf_counter() - start))
        return times

    def _live(self, browser: Browser, project: Project, count: int) -> dict[str, dict[str, float]]:
        """From a queue publication's commit to the nudge, and to the re-fetched panel.

        The publication runs in this process as it does in a worker; the clock starts in the
        first callback after its commit, just before the nudge is sent.
        """
        commits: list[float] = []
        committed = Signal()
        committed.connect(lambda **_: commits.append(time.perf_counter()), weak=False)
        socket_url = f"ws://{browser.netloc}/ws/o/{project.organization.slug}/p/{project.uuid}/"
        panel, heard, changed = _url("annotation:progress_panel", project), [], []
        with connect(
            socket_url,
            additional_headers={"Cookie": browser.cookie},
            origin=Origin(f"http://{browser.netloc}"),
        ) as socket:
            for _ in range(count):
                with transaction.atomic():
                    send_on_commit(committed)
                    queue_reshuffle(project=project)
                while json.loads(socket.recv(timeout=10))["kind"] != "queue":
                    pass
                heard.append(1000 * (time.perf_counter() - commits[-1]))
                browser.request("GET", panel)
                changed.append(1000 * (time.perf_counter() - commits[-1]))
        return {"commit_to_nudge_ms": _summary(heard), "commit_to_panel_ms": _summary(changed)}


def _context(user: User, project: Project) -> ProjectContext:
    ctx = project_context(user, project.organization.slug, project.uuid)
    assert ctx is not None
    return ctx


def _url(name: str, project: Project) -> str:
    return reverse(name, args=[project.organization.slug, project.uuid])


def _summary(times: list[float]) -> dict[str, float]:
    if len(times) < 2:
        raise CommandError("too few measurements; the training ended before the first submit")
    return {
        "n": len(times),
        "p50": statistics.median(times),
        "p95": statistics.quantiles(times, n=20)[18],
    }


def _until(condition: Callable[[], bool], limit_s: float, message: str) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise CommandError(message)
        time.sleep(0.1)

"""The unit tests of the scripts (tests/js), run in Chromium.

`node --test tests/js` runs the same files; a machine without Node loses nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.platform.test_up import ROOT

pytestmark = pytest.mark.e2e
FILES = sorted(path.name for path in (ROOT / "tests" / "js").glob("*.test.mjs"))
ORIGIN = "http://scripts.test"

PAGE = """<!doctype html><script type="importmap">{"imports":
{"node:test": "/shim/test.js", "node:assert/strict": "/shim/assert.js", "node:fs": "/shim/fs.js"}}</script>"""

SHIMS = {
    "test.js": """
const queue = [];
export function test(name, body) { queue.push([name, body]); }
globalThis.runAll = async () => {
  const results = [];
  for (const [name, body] of queue) {
    try { await body(); results.push([name, null]); } catch (error) { results.push([name, String(error.stack ?? error)]); }
  }
  return results;
};""",
    "assert.js": """
const fail = (message, more) => { throw new Error(`${more ?? ""} ${message}`); };
const plain = (value) => {
  if (value instanceof Map) return ["Map", [...value].map(plain)];
  if (value instanceof Set) return ["Set", [...value].map(plain)];
  if (Array.isArray(value)) return ["Array", value.map(plain)];
  if (value && typeof value === "object") return ["Object", Object.keys(value).sort().map((key) => [key, plain(value[key])])];
  return [typeof value, Object.is(value, -0) ? "-0" : String(value)];
};
const deep = (value) => JSON.stringify(plain(value));
const assert = (value, more) => { if (!value) fail(`is ${value}`, more); };
assert.ok = assert;
assert.equal = (a, b, more) => { if (!Object.is(a, b)) fail(`${a} is not ${b}`, more); };
assert.notEqual = (a, b, more) => { if (Object.is(a, b)) fail(`${a} is ${b}`, more); };
assert.deepEqual = (a, b, more) => { if (deep(a) !== deep(b)) fail(`${JSON.stringify(a)} is not ${JSON.stringify(b)}`, more); };
assert.notDeepEqual = (a, b, more) => { if (deep(a) === deep(b)) fail("are the same", more); };
assert.throws = (body, kind) => {
  try { body(); } catch (error) {
    if (typeof kind === "function" && !(error instanceof kind)) fail(`threw ${error}`);
    if (kind instanceof RegExp && !kind.test(String(error))) fail(`threw ${error}`);
    return;
  }
  fail("threw nothing");
};
assert.rejects = async (promise, kind) => {
  try { await (typeof promise === "function" ? promise() : promise); } catch (error) { return assert.throws(() => { throw error; }, kind); }
  return fail("did not reject");
};
assert.match = (value, pattern) => assert(pattern.test(value), `${value} does not match ${pattern}`);
export default assert;""",
    "fs.js": """
export function readFileSync(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.send();
  return request.responseText;
}""",
}


def serve(route: Any) -> None:
    path = urlsplit(route.request.url).path.removeprefix("/")
    if path == "":
        return route.fulfill(body=PAGE, content_type="text/html")
    kind = "application/json" if path.endswith(".json") else "text/javascript"
    if path.startswith("shim/"):
        return route.fulfill(body=SHIMS[path.removeprefix("shim/")], content_type=kind)
    found = ROOT / path
    if path.startswith(("static/js/", "tests/js/", "tests/fixtures/")) and found.is_file():
        return route.fulfill(body=found.read_bytes(), content_type=kind + "; charset=utf-8")
    return route.fulfill(status=404, body="")


@pytest.mark.parametrize("name", FILES)
def test_the_tests_of_the_scripts_pass_in_the_browser(page: Any, name: str) -> None:
    results = run(page, name)
    assert results
    assert not [result for result in results if result[1]], json.dumps(results, indent=1)


def test_a_failing_test_is_seen(page: Any) -> None:
    page.route(
        "**/tests/js/bad.test.mjs",
        lambda route: route.fulfill(
            body='import assert from "node:assert/strict"; import { test } from "node:test";'
            'test("one", () => assert.equal(1, 1)); test("two", () => assert.deepEqual([1, "2"], [1, 2]));',
            content_type="text/javascript",
        ),
    )
    assert [bool(problem) for _, problem in run(page, "bad.test.mjs")] == [False, True]


def run(page: Any, name: str) -> list[Any]:
    if name != "bad.test.mjs":
        assert Path(ROOT / "tests" / "js" / name).is_file()
    page.route(lambda url: url.startswith(ORIGIN) and not url.endswith("/bad.test.mjs"), serve)
    page.goto(ORIGIN + "/")
    return page.evaluate(f"import('/tests/js/{name}').then(() => runAll())")

"""The browser module in Chromium: a page on another origin, the deployed functions, real tokens."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, Route, sync_playwright

from tests.functions.contact_centre import ContactCentre
from twilio_emulator.testing import wait_for

FLEX = "https://flex.twilio.com"
PLUGIN = "http://localhost:3000"
FOREIGN = "https://flex.example.com"
PAGE = """<!doctype html>
<link rel="icon" href="data:,">
<script type="module">
  const { TaskAttributes } = await import('https://DOMAIN/task-attributes.js');
  window.refused = [];
  window.tasks = new TaskAttributes({
    url: 'https://DOMAIN',
    token: () => window.askToken(),
    onRefused: (error, change) => window.refused.push([error.name, change.taskSid]),
    retry: { minMs: 10, maxMs: 100, patienceMs: PATIENCE },
  });
  document.title = 'ready';
</script>"""
ORIGINS = {"ALLOWED_ORIGINS": f"{FLEX},{PLUGIN}"}
UPDATE = "/update-task-attributes"

pytestmark = pytest.mark.parametrize("centre", [ORIGINS], indirect=True, ids=["functions"])


@dataclass
class Agent:
    """Somebody with a browser that keeps what pages store, in a contact centre."""

    playwright: Playwright
    centre: ContactCentre
    folder: Path
    worker_sid: str
    tokens: list[str] = field(default_factory=list)
    context: BrowserContext | None = None

    def start(self) -> BrowserContext:
        """Start the browser; Twilio's hosts are the emulator."""
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.folder),
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"],
            proxy={"server": self.centre.emulator.base_url},
            ignore_https_errors=True,
        )
        return self.context

    def stop(self) -> None:
        """Close the browser."""
        if self.context is not None:
            self.context.close()
            self.context = None

    def open(self, origin: str = FLEX, patience: int = 10_000) -> Page:
        """Open a page of some origin with the module on it."""
        context = self.context or self.start()
        page = context.new_page()
        html = PAGE.replace("DOMAIN", self.centre.deployment.domain)
        html = html.replace("PATIENCE", str(patience))

        def serve(route: Route) -> None:
            route.fulfill(content_type="text/html", body=html)

        page.route(f"{origin}/", serve)
        page.expose_function("askToken", self.token)
        page.goto(f"{origin}/")
        page.wait_for_function("document.title === 'ready'")
        return page

    def lose_network(self, page: Page) -> None:
        """Take the network away, and wait until the page knows."""
        page.context.set_offline(True)
        page.wait_for_function("navigator.onLine === false")

    def token(self) -> str:
        """Give the page the next token that a test has laid out, or a good one."""
        return self.tokens.pop(0) if self.tokens else self.good_token()

    def good_token(self, **chosen: Any) -> str:
        """Sign the agent in."""
        return self.centre.emulator.flex_token(worker_sid=self.worker_sid, **chosen)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Start what drives browsers; only outside of continuous integration may Chromium miss."""
    if shutil.which("chromium") is None and not os.environ.get("CI"):
        pytest.skip("chromium is not installed: apt-get install chromium fonts-dejavu-core")
    with sync_playwright() as started:
        yield started


@pytest.fixture
def agent(playwright: Playwright, centre: ContactCentre, tmp_path: Path) -> Iterator[Agent]:
    """An agent whose browser is not started yet."""
    worker = centre.add_worker("ann", roles=["agent"])
    agent = Agent(playwright, centre, tmp_path, worker)
    yield agent
    agent.stop()


@pytest.fixture
def task(centre: ContactCentre) -> str:
    """A task that nobody routes anywhere else."""
    return make_task(centre, {"customer": "c-1", "notes": []})


def make_task(centre: ContactCentre, attributes: dict[str, Any]) -> str:
    """Create a task and return its SID."""
    queue = centre.add_queue(f"queue-{len(centre.read_all('TaskQueues'))}", "1==1")
    configuration = {"task_routing": {"default_filter": {"queue": queue}}}
    workflow = centre.post(
        f"{centre.url}/Workflows",
        FriendlyName=f"workflow-{queue}",
        Configuration=json.dumps(configuration),
    )
    form = {"WorkflowSid": workflow["sid"], "Attributes": json.dumps(attributes)}
    return str(centre.post(f"{centre.url}/Tasks", **form)["sid"])


def read(centre: ContactCentre, task: str) -> dict[str, Any]:
    """Read a task."""
    answer = centre.emulator.request("GET", f"{centre.url}/Tasks/{task}")
    found: dict[str, Any] = answer.json()
    return {**found, "attributes": json.loads(found["attributes"])}


def attributes(centre: ContactCentre, task: str) -> dict[str, Any]:
    """Read a task's attributes, without the marks."""
    found: dict[str, Any] = read(centre, task)["attributes"]
    return {key: value for key, value in found.items() if key != "applied_changes"}


def writes(centre: ContactCentre, task: str) -> list[dict[str, Any]]:
    """The journal's writes of a task's attributes that had effect."""
    calls = centre.calls(method="POST", path=f"/Tasks/{task}$", status=200)
    return [call for call in calls if "Attributes" in call["params"]]


def update(page: Page, *arguments: Any) -> Any:
    """Call updateTaskAttributes; a refusal comes back as its fields."""
    return call(page, "updateTaskAttributes", *arguments)


def call(page: Page, method: str, *arguments: Any) -> Any:
    """Call a method of the module and wait for its end."""
    return page.evaluate(
        """([method, values]) => window.tasks[method](...values).catch(
          ({ name, message, retrySafe, status, kept }) => ({
            name, message, retrySafe, status, kept }))""",
        [method, list(arguments)],
    )


def requests(centre: ContactCentre, path: str = UPDATE) -> list[dict[str, Any]]:
    """The requests to a function, preflights aside."""
    host = centre.deployment.domain
    return centre.emulator.journal(kind="function", method="POST", host=host, path=path)


def waiting(page: Page) -> Callable[[], bool]:
    """Tell, when asked, whether nothing waits in the page's outbox any more."""
    return lambda: bool(page.evaluate("window.tasks.pending().length === 0"))


@pytest.mark.parametrize("origin", [FLEX, PLUGIN])
def test_a_page_of_an_allowed_origin_changes_a_task(
    centre: ContactCentre, agent: Agent, task: str, origin: str
) -> None:
    """The module is imported from the functions' domain and its answer can be read."""
    page = agent.open(origin)

    answer = update(page, task, {"outcome": "sold", "customer": None})

    assert answer["outcome"] == "updated"
    assert answer["taskSid"] == task
    assert attributes(centre, task) == {"outcome": "sold", "notes": []}
    assert answer["attributes"] == attributes(centre, task)
    assert page.evaluate("[window.tasks.storage, localStorage.length]") == ["localStorage", 0]


def test_a_foreign_origin_changes_nothing(centre: ContactCentre, agent: Agent, task: str) -> None:
    """A page of somebody else may load the module; with a good token it still changes nothing."""
    page = agent.open(FOREIGN, patience=0)

    answer = update(page, task, {"outcome": "stolen"})

    assert answer == {"outcome": "kept", "taskSid": task}
    assert {entry["status"] for entry in requests(centre)} == {403}
    assert (attributes(centre, task), writes(centre, task)) == (
        {"customer": "c-1", "notes": []},
        [],
    )


def test_deferred_changes_are_written_once_when_the_task_is_completed(
    centre: ContactCentre, agent: Agent, task: str
) -> None:
    """Three deferred changes and the last one are one write, before the status."""
    wait_for(lambda: accept(centre, agent, task), what="the task to be accepted")
    page = agent.open()
    for number in range(3):
        answer = update(page, task, {f"step_{number}": True}, True)
        assert answer["outcome"] == "deferred"
    assert (attributes(centre, task), writes(centre, task)) == (
        {"customer": "c-1", "notes": []},
        [],
    )

    ended = call(page, "completeTask", task, "sold", {"attributes": {"outcome": "sold"}})

    assert ended["outcome"] == "completed"
    found = read(centre, task)
    assert (found["assignment_status"], found["reason"]) == ("completed", "sold")
    steps = {f"step_{number}": True for number in range(3)}
    assert attributes(centre, task) == {
        "customer": "c-1",
        "notes": [],
        "outcome": "sold",
        **steps,
    }
    assert len(writes(centre, task)) == 1


def test_a_completion_whose_answer_is_lost_writes_its_change_once(
    centre: ContactCentre, agent: Agent, task: str
) -> None:
    """The task was completed and nobody heard: the repeated request changes nothing."""
    wait_for(lambda: accept(centre, agent, task), what="the task to be accepted")
    page = agent.open()
    update(page, task, [{"append": {"path": ["notes"], "values": ["deferred"]}}], True)
    last = [{"append": {"path": ["notes"], "values": ["last"]}}]
    rule = {"kind": "function", "function": "/complete-task", "method": "POST", "count": 1}
    with centre.emulator.fault(**rule, drop=True, after=True):
        ended = call(page, "completeTask", task, "sold", {"attributes": last})

    assert ended["outcome"] == "unchanged"
    assert attributes(centre, task)["notes"] == ["deferred", "last"]
    assert len(requests(centre, "/complete-task")) == 2
    assert len(writes(centre, task)) == 1


def accept(centre: ContactCentre, agent: Agent, task: str) -> bool:
    """Have the agent take a task, as Flex would."""
    worker = f"{centre.url}/Workers/{agent.worker_sid}"
    activity = next(each for each in centre.read_all("Activities") if each["available"])
    centre.post(worker, ActivitySid=activity["sid"])
    reservations = centre.read_all(f"Tasks/{task}/Reservations")
    for each in reservations:
        url = f"{centre.url}/Tasks/{task}/Reservations/{each['sid']}"
        centre.emulator.request("POST", url, data={"ReservationStatus": "accepted"})
    return bool(read(centre, task)["assignment_status"] == "assigned")


def test_a_browser_closed_while_offline_sends_once_when_it_is_back(
    centre: ContactCentre, agent: Agent, task: str
) -> None:
    """What an agent changed without network is there after the browser was closed and opened."""
    page = agent.open()
    agent.lose_network(page)
    changes = [{"append": {"path": ["notes"], "values": ["while offline"]}}]
    assert update(page, task, changes) == {"outcome": "kept", "taskSid": task}
    agent.stop()
    assert requests(centre) == []

    page = agent.open()

    wait_for(waiting(page), what="the outbox to be empty")
    assert attributes(centre, task)["notes"] == ["while offline"]
    assert len(requests(centre)) == 1
    assert len(writes(centre, task)) == 1


def test_what_was_kept_goes_out_when_the_network_is_back(
    centre: ContactCentre, agent: Agent, task: str
) -> None:
    """The page need not be touched: `online` is enough, and the order is that of the calls."""
    page = agent.open()
    agent.lose_network(page)
    for number in range(3):
        note = [{"append": {"path": ["notes"], "values": [number]}}]
        assert update(page, task, note)["outcome"] == "kept"

    page.context.set_offline(False)

    wait_for(waiting(page), what="the outbox to be empty")
    assert attributes(centre, task)["notes"] == [0, 1, 2]


def test_two_tabs_apply_each_change_once(centre: ContactCentre, agent: Agent, task: str) -> None:
    """Tabs share the outbox: every change is written once, and each call gets its answer."""
    one, two = agent.open(), agent.open()
    script = """([task, from]) => Promise.all([0, 1, 2, 3].map((n) =>
      window.tasks.updateTaskAttributes(
        task, [{ append: { path: ['notes'], values: [`${from}-${n}`] } }])))"""
    promised = f"(values) => {{ window.ends = ({script})(values); }}"
    for page, name in ((one, "one"), (two, "two")):
        page.evaluate(promised, [task, name])

    ends = [page.evaluate("window.ends") for page in (one, two)]

    outcomes = {end["outcome"] for tab in ends for end in tab}
    assert outcomes <= {"updated", "unchanged"}
    notes = attributes(centre, task)["notes"]
    assert sorted(notes) == sorted(f"{name}-{n}" for name in ("one", "two") for n in range(4))
    for name in ("one", "two"):
        assert [note for note in notes if note.startswith(name)] == [
            f"{name}-{n}" for n in range(4)
        ]
    assert len(writes(centre, task)) == 8
    assert [page.evaluate("localStorage.length") for page in (one, two)] == [0, 0]


def test_a_tab_sends_what_a_closed_one_left(centre: ContactCentre, agent: Agent, task: str) -> None:
    """A page closed between the call and the answer loses nothing, and doubles nothing."""
    one, two = agent.open(), agent.open()
    with centre.emulator.fault(kind="function", function=UPDATE, method="POST", latency_ms=500):
        one.evaluate(
            """(task) => void window.tasks.updateTaskAttributes(
              task, [{ append: { path: ['notes'], values: ['left'] } }])""",
            task,
        )
        one.wait_for_function("window.tasks.pending().length === 1")
        one.close()
    two.evaluate("window.tasks.flush()")

    wait_for(waiting(two), what="the outbox to be empty")
    assert attributes(centre, task)["notes"] == ["left"]
    assert len(writes(centre, task)) == 1


@pytest.mark.parametrize(
    "fault",
    [{"drop": True, "after": True}, {"status": 502, "after": True}, {"status": 429}],
    ids=["answer dropped", "answer lost on the way", "refused by the platform"],
)
def test_an_answer_that_is_lost_doubles_nothing(
    centre: ContactCentre, agent: Agent, task: str, fault: dict[str, Any]
) -> None:
    """The function took effect and its answer was lost: the repeated request changes nothing."""
    page = agent.open()
    note = [{"append": {"path": ["notes"], "values": ["once"]}}]
    rule = {"kind": "function", "function": UPDATE, "method": "POST", "count": 1, **fault}
    with centre.emulator.fault(**rule):
        answer = update(page, task, note)

    assert answer["outcome"] in ("updated", "unchanged")
    assert attributes(centre, task)["notes"] == ["once"]
    assert (len(writes(centre, task)), len(requests(centre))) == (1, 2)


def test_a_function_killed_after_its_effect_doubles_nothing(
    centre: ContactCentre, agent: Agent, task: str
) -> None:
    """The process dies between its write and its answer; the change is applied once."""
    page = agent.open()
    update(page, task, {"warm": True})
    note = [{"append": {"path": ["notes"], "values": ["once"]}}]
    api = {"kind": "api", "path": f"/Tasks/{task}$", "count": 1}
    kill = {"kind": "function", "function": UPDATE, "method": "POST", "count": 1}
    with (
        centre.emulator.fault(**api, method="POST", drop=True, after=True) as written,
        centre.emulator.fault(**api, method="GET", skip=1, latency_ms=4000) as read_again,
        centre.emulator.fault(**kill, process="kill", process_after_ms=1500) as killed,
    ):
        answer = update(page, task, note)
        hits = {rule["id"]: rule["hits"] for rule in centre.emulator.faults()}

    assert [hits[rule] for rule in (written, read_again, killed)] == [1, 1, 1]
    assert answer["outcome"] == "unchanged"
    assert attributes(centre, task)["notes"] == ["once"]
    assert {entry["status"] for entry in requests(centre)} == {200, 500}


def test_deferred_changes_whose_answer_is_lost_are_deferred_once(
    centre: ContactCentre, agent: Agent, task: str
) -> None:
    """Deferring is repeated by its id as well: the flush writes one element."""
    page = agent.open()
    note = [{"append": {"path": ["notes"], "values": ["later"]}}]
    rule = {"kind": "function", "function": UPDATE, "method": "POST", "count": 1}
    with centre.emulator.fault(**rule, drop=True, after=True):
        assert update(page, task, note, True)["outcome"] == "deferred"

    update(page, task, {"now": True})

    assert attributes(centre, task) == {"customer": "c-1", "notes": ["later"], "now": True}
    assert len(writes(centre, task)) == 1


def test_a_refused_change_blocks_no_later_one(
    centre: ContactCentre, agent: Agent, task: str
) -> None:
    """The function's error reaches the caller and onRefused; the next change is written."""
    page = agent.open()

    refused = update(page, task, [{"append": {"path": ["customer"], "values": [1]}}])
    after = update(page, task, {"fine": True})

    assert (refused["name"], refused["status"]) == ("not-applicable", 422)
    assert (refused["retrySafe"], refused["kept"]) == (False, False)
    assert after["outcome"] == "updated"
    assert page.evaluate("window.refused") == [["not-applicable", task]]
    assert page.evaluate("localStorage.length") == 0


def test_an_expired_token_is_renewed_once(centre: ContactCentre, agent: Agent, task: str) -> None:
    """The function refuses an expired token; the page gives another one and goes on."""
    stale = agent.good_token(expires_in=1)
    centre.emulator.advance(2)
    agent.tokens = [stale]
    page = agent.open()

    assert update(page, task, {"a": 1})["outcome"] == "updated"
    assert [entry["status"] for entry in requests(centre)] == [401, 200]


def test_somebody_who_is_not_signed_in_loses_nothing(
    centre: ContactCentre, agent: Agent, task: str
) -> None:
    """Two tokens that are no good: the error says that the change is kept; later it is sent."""
    agent.tokens = ["nonsense", "more nonsense"]
    page = agent.open()

    refused = update(page, task, {"a": 1})

    assert (refused["name"], refused["status"], refused["kept"]) == ("unauthenticated", 401, True)
    assert page.evaluate("window.tasks.flush()") == []
    assert attributes(centre, task)["a"] == 1


def test_a_task_that_is_gone_is_an_outcome(centre: ContactCentre, agent: Agent) -> None:
    """Nobody can change a task that was deleted, and nothing stays in the outbox."""
    page = agent.open()
    gone = f"WT{'0' * 32}"

    assert update(page, gone, {"a": 1})["outcome"] == "gone"
    assert page.evaluate("localStorage.length") == 0


def test_the_first_of_two_agents_gets_the_reservation(
    centre: ContactCentre, agent: Agent, playwright: Playwright, tmp_path: Path
) -> None:
    """One is accepted, the other reads that it is gone."""
    rival = Agent(playwright, centre, tmp_path / "rival", centre.add_worker("bo", roles=["agent"]))
    activity = next(each for each in centre.read_all("Activities") if each["available"])
    for who in (agent, rival):
        centre.post(f"{centre.url}/Workers/{who.worker_sid}", ActivitySid=activity["sid"])
    task = make_task(centre, {})
    queue = read(centre, task)["task_queue_sid"]
    centre.post(f"{centre.url}/TaskQueues/{queue}", MaxReservedWorkers=2)
    task = str(
        centre.post(
            f"{centre.url}/Tasks",
            WorkflowSid=read(centre, task)["workflow_sid"],
            TaskChannel="chat",
        )["sid"]
    )
    offered = {
        each["worker_sid"]: each["sid"] for each in centre.read_all(f"Tasks/{task}/Reservations")
    }
    try:
        ends = [
            call(who.open(), "acceptReservation", task, offered[who.worker_sid])
            for who in (agent, rival)
        ]
    finally:
        rival.stop()

    assert ends[0]["outcome"] == "accepted"
    assert (ends[1]["name"], ends[1]["status"], ends[1]["kept"]) == ("gone", 410, False)

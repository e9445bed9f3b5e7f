"""What happens in the emulator shows on the page without a reload."""

from __future__ import annotations

import json
import shlex
import socket
from pathlib import Path
from string import Template

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.emulator.task_centre import TaskCentre
from twilio_emulator.testing import RunningEmulator, start_emulator

from .conftest import Open

SYNC = "https://sync.twilio.com/v1/Services"


def _three_workers(centre: TaskCentre) -> list[str]:
    return [centre.worker(name) for name in ("alice", "bob", "carol")]


def test_waiting_tasks_appear(centre: TaskCentre, opened: Open) -> None:
    """A queue made and a task waiting while the page is open show with their figures."""
    page = opened()
    row = page.locator(f"tr[data-queue={centre.queue}]")
    expect(row).to_contain_text("Everyone")
    expect(row.locator("[data-label=Waiting]")).to_have_text("0")
    centre.task()
    centre.task()
    expect(row.locator("[data-label=Waiting]")).to_have_text("2")
    expect(row.locator("[data-label=Oldest]")).to_contain_text("s")
    expect(row.locator("[data-label=Reserves]")).to_have_text("3")
    expect(row.locator("[data-label=Order]")).to_have_text("FIFO")
    expect(page.locator("[data-figure=waiting] strong")).to_have_text("2")
    added = centre.make("TaskQueues", FriendlyName="Night shift", TargetWorkers="night == true")
    expect(page.locator(f"tr[data-queue={added['sid']}]")).to_contain_text("night == true")


def test_eligible_and_available_workers_are_counted(centre: TaskCentre, opened: Open) -> None:
    """The queue counts workers who come, and those who go on a break."""
    page = opened()
    workers = page.locator(f"tr[data-queue={centre.queue}] .workers")
    expect(workers).to_have_text("0 of 0")
    made = _three_workers(centre)
    expect(workers).to_have_text("3 of 3")
    centre.change(f"/Workers/{made[0]}", ActivitySid=centre.activity("Offline"))
    expect(workers).to_have_text("2 of 3")
    row = page.locator(f"tr[data-worker={made[0]}]")
    expect(row).to_contain_text("Offline")
    expect(row.locator(".activity")).to_have_attribute("data-available", "false")


def test_race_shows_winner_and_rescinded(centre: TaskCentre, opened: Open) -> None:
    """Of three workers offered a task the one who accepts wins, the others are rescinded."""
    page = opened()
    workers = _three_workers(centre)
    task = centre.task({"name": "Lost card"})
    race = page.locator(f"article[data-task={task}]")
    expect(race).to_contain_text("Lost card")
    expect(race.locator(".lane[data-outcome=pending]")).to_have_count(3)
    expect(race.locator(".outcome").first).to_contain_text("left")
    (won,) = centre.reservations(task, WorkerSid=workers[1])
    centre.change(f"/Tasks/{task}/Reservations/{won['sid']}", ReservationStatus="accepted")
    winner = race.locator(f".lane[data-worker={workers[1]}]")
    expect(winner).to_have_attribute("data-outcome", "accepted")
    expect(winner).to_contain_text("won +")
    expect(race.locator(".lane[data-outcome=rescinded]")).to_have_count(2)
    expect(race.locator(".lane").first).to_contain_text("bob")
    expect(race.locator(".status")).to_have_text("assigned")
    load = page.locator(f"#workers tr[data-worker={workers[1]}] .load")
    expect(load.locator("[data-level=full]")).to_have_text("default1/1")


def test_rejected_and_timed_out_offers_are_told_apart(centre: TaskCentre, opened: Open) -> None:
    """A rejection and a timeout each show with their time."""
    page = opened()
    workers = _three_workers(centre)
    task = centre.task()
    race = page.locator(f"article[data-task={task}]")
    (refused,) = centre.reservations(task, WorkerSid=workers[0])
    centre.change(f"/Tasks/{task}/Reservations/{refused['sid']}", ReservationStatus="rejected")
    expect(race.locator(f".lane[data-worker={workers[0]}]").first).to_contain_text("rejected +")
    page.get_by_role("button", name="+1 h").click()
    late = race.locator(".lane[data-outcome=timeout]")
    expect(late.first).to_contain_text("timed out +2 min")


def test_wide_race_is_folded(centre: TaskCentre, opened: Open) -> None:
    """Of many offers the first ones show, the winner among them; a button shows the others."""
    centre.change(f"/TaskQueues/{centre.queue}", MaxReservedWorkers="10")
    workers = [centre.worker(f"worker-{number}") for number in range(10)]
    page = opened()
    task = centre.task()
    race = page.locator(f"article[data-task={task}]")
    expect(race.locator(".lane")).to_have_count(6)
    (won,) = centre.reservations(task, WorkerSid=workers[9])
    centre.change(f"/Tasks/{task}/Reservations/{won['sid']}", ReservationStatus="accepted")
    expect(race.locator(".lane").first).to_contain_text("worker-9")
    race.get_by_role("button", name="Show 4 more offers").click()
    expect(race.locator(".lane")).to_have_count(10)
    expect(race.locator(".lane[data-outcome=rescinded]")).to_have_count(9)


def test_finish_line_stands_where_the_winner_won(centre: TaskCentre, opened: Open) -> None:
    """The line through the race is at the end of the winner's offer, and of those rescinded."""
    workers = _three_workers(centre)
    task = centre.task()
    centre.emulator.advance(7)
    won = centre.reservations(task, WorkerSid=workers[0])[0]
    centre.change(f"/Tasks/{task}/Reservations/{won['sid']}", ReservationStatus="accepted")
    page = opened()
    race = page.locator(f"article[data-task={task}]")
    expect(race.locator(".outcome").first).to_contain_text("won +7.")
    line = race.locator(".finish").evaluate("(e) => e.getBoundingClientRect().x")
    ends = race.locator(".offer").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect().right)"
    )
    assert len(ends) == 3
    assert all(abs(end - line) < 2 for end in ends)
    marks = race.locator(".ruler span").all_text_contents()
    assert marks[0] == "0"
    assert marks[-1] in ("6.0 s", "7.0 s")


def test_callbacks_are_told_apart(centre: TaskCentre, opened: Open) -> None:
    """A callback nobody answers stands among the callbacks and among what failed."""
    page = opened()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/events"
        centre.change("", EventCallbackUrl=url)
        centre.worker("dora")
        page.get_by_role("button", name="Callbacks").click()
        line = page.locator("#request-list .line").first
        expect(line).to_contain_text("/events")
        expect(line.locator(".code")).to_have_text("none")
        expect(page.locator("#request-list")).not_to_contain_text("/v1/Workspaces")


def test_task_details_tell_attributes_and_offers(centre: TaskCentre, opened: Open) -> None:
    """A click on a race's title opens the task with what became of each offer."""
    page = opened()
    _three_workers(centre)
    task = centre.task({"name": "Lost card", "city": "Berlin"})
    page.locator(f"article[data-task={task}] .title").click()
    details = page.locator("#details-body")
    expect(details).to_contain_text('"city": "Berlin"')
    expect(details.locator("li")).to_have_count(3)


def test_journal_shows_requests_with_details(centre: TaskCentre, opened: Open) -> None:
    """Requests appear with their status; a click tells the parameters; clearing empties it."""
    page = opened()
    centre.send("GET", "/Workers", params={"FriendlyName": "nobody"})
    centre.send("GET", "/Workers/WK" + "0" * 32)
    missing = page.locator("#request-list .line[data-class='4']").first
    expect(missing).to_contain_text("404")
    page.get_by_role("button", name="Failed").click()
    expect(page.locator("#request-list .line[data-class='2']")).to_have_count(0)
    page.get_by_role("button", name="All", exact=True).click()
    page.locator("#request-list .line[data-class='2']").first.click()
    expect(page.locator("#details-body")).to_contain_text('"FriendlyName": "nobody"')
    page.get_by_role("button", name="Close").click()
    centre.emulator.clear_journal()
    expect(page.locator("#request-list .empty")).to_contain_text("No requests yet")


def test_events_appear(centre: TaskCentre, opened: Open) -> None:
    """An event shows when it happens, and its data on a click."""
    page = opened()
    worker = centre.worker("dora")
    line = page.locator("[data-event='worker.created']").first
    expect(line).to_be_visible()
    line.click()
    expect(page.locator("#details-body")).to_contain_text(worker)


def test_faults_are_switched_added_and_lifted(centre: TaskCentre, opened: Open) -> None:
    """A preset is a switch; the form adds a rule; requests that meet it are marked."""
    page = opened()
    outage = page.get_by_role("switch", name="outage")
    outage.click()
    expect(outage).to_have_attribute("aria-checked", "true")
    assert centre.send("GET").status_code == 503
    expect(page.locator("#request-list .line .fault").first).to_contain_text("fault-")
    expect(page.locator("#presets li", has_text="503").locator(".hits")).to_have_text("1 hit")
    outage.click()
    expect(outage).to_have_attribute("aria-checked", "false")
    assert centre.send("GET").status_code == 200
    page.get_by_text("Add another fault").click()
    page.get_by_label("Path (pattern)").fill("/Activities")
    page.get_by_label("Status").fill("429")
    page.get_by_role("button", name="Add fault").click()
    expect(page.locator("#rules li")).to_contain_text("path=/Activities")
    assert centre.send("GET", "/Activities").status_code == 429
    expect(page.locator("#rules .hits")).to_contain_text("1 hit")
    page.get_by_role("button", name="Lift fault-").click()
    expect(page.locator("#rules li")).to_have_count(0)
    assert centre.send("GET", "/Activities").status_code == 200


def test_wrong_fault_is_refused_in_words(opened: Open) -> None:
    """A rule the emulator does not take is answered on the page with its reason."""
    page = opened()
    page.get_by_text("Add another fault").click()
    page.get_by_label("Path (pattern)").fill("(")
    page.get_by_role("button", name="Add fault").click()
    expect(page.get_by_role("alert")).to_contain_text("path")
    expect(page.locator("#rules li")).to_have_count(0)


def test_batches_show_their_progress(centre: TaskCentre, opened: Open) -> None:
    """A batch's progress document becomes a bar that moves with it."""
    page = opened()
    service = centre.emulator.request("POST", SYNC).json()["sid"]
    url = f"{SYNC}/{service}/Documents"
    data = {"type": "worker-queue-sync", "status": "running", "total": 40, "done": 10}
    name = "batch-" + "a1" * 10
    form = {"UniqueName": name, "Data": json.dumps({**data, "updated": 8, "failed": 2})}
    assert centre.emulator.request("POST", url, data=form).status_code == 201
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "10")
    expect(page.locator(".batch")).to_contain_text("10 of 40 workers · 8 updated · 2 failed")
    ended = {"Data": json.dumps({**data, "status": "completed", "done": 40, "updated": 40})}
    centre.emulator.request("POST", f"{url}/{name}", data=ended)
    expect(page.locator(".batch .status")).to_have_text("completed")
    expect(bar).to_have_attribute("aria-valuenow", "40")


def test_workers_are_searched_and_paged(centre: TaskCentre, opened: Open) -> None:
    """The list holds 25 workers at a time and finds others by attribute and activity."""
    for number in range(30):
        centre.worker(f"worker-{number:02}", team="north" if number == 29 else "south")
    page = opened()
    rows = page.locator("#workers tbody tr")
    expect(rows).to_have_count(25)
    expect(page.locator("#workers .where")).to_have_text("1\u201325 of 30")
    page.get_by_role("button", name="Next").click()
    expect(rows).to_have_count(5)
    page.get_by_label("Search workers").fill("team NORTH")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("worker-29")
    page.get_by_label("Search workers").fill("nobody at all")
    expect(page.locator("#workers .empty")).to_contain_text("No worker fits this search")


def test_clock_is_moved(centre: TaskCentre, opened: Open) -> None:
    """The button moves the emulator's clock, and the page tells how far ahead it is."""
    page = opened()
    before = centre.task()
    created = centre.get(f"/Tasks/{before}")["age"]
    page.get_by_role("button", name="+1 h").click()
    expect(page.locator("#ahead")).to_contain_text("min ahead")
    assert centre.get(f"/Tasks/{before}")["age"] >= created + 3600


def test_empty_workspace_says_what_to_run(centre: TaskCentre, opened: Open) -> None:
    """Where there is nothing to show stands a command that changes that."""
    page = opened()
    hint = page.locator("#races .empty")
    expect(hint).to_contain_text("No task has been offered")
    expect(hint.locator("code")).to_contain_text(f"/v1/Workspaces/{centre.sid}/Tasks")
    expect(page.locator("#batches .empty code")).to_have_text("taskrouter sync")


def test_another_workspace_is_chosen(centre: TaskCentre, opened: Open) -> None:
    """The choice of workspaces changes what is shown."""
    page = opened()
    made = centre.emulator.request(
        "POST", "https://taskrouter.twilio.com/v1/Workspaces", data={"FriendlyName": "Other"}
    ).json()
    page.get_by_label("Workspace", exact=True).select_option(label="Other")
    expect(page.locator("#queues .empty")).to_be_visible()
    expect(page.locator("#connection")).to_have_text("Live")
    page.get_by_label("Workspace", exact=True).select_option(value=centre.sid)
    expect(page.locator(f"tr[data-queue={centre.queue}]")).to_be_visible()
    centre.emulator.request("DELETE", made["url"])


def test_hints_work_as_they_stand(page: Page) -> None:
    """From an empty emulator the commands on the page lead to a race, one after the other."""
    with start_emulator(sample=False) as emulator:
        page.goto(f"{emulator.base_url}/_emulator/")
        _run_hint(page, "#queues", emulator)
        expect(page.get_by_label("Workspace", exact=True)).to_contain_text("Demo")
        _run_hint(page, "#queues", emulator)
        expect(page.locator("#queues tbody")).to_contain_text("Everyone")
        _run_hint(page, "#workers", emulator)
        expect(page.locator("#workers tbody")).to_contain_text("alice")
        expect(page.locator("#races .empty code")).to_contain_text("/Tasks -d TaskQueueSid=WQ")
        _run_hint(page, "#races", emulator)
        expect(page.locator("#races")).to_contain_text("First call")
    page.close()


def _run_hint(page: Page, section: str, emulator: RunningEmulator) -> None:
    command = page.locator(f"{section} .empty code").text_content() or ""
    words = shlex.split(Template(command).substitute(emulator.environment()))
    assert words[:2] == ["curl", "-u"]
    account, _, token = words[2].partition(":")
    form = "&".join(words[n + 1] for n, word in enumerate(words) if word == "-d")
    answer = httpx.post(
        words[3],
        auth=(account, token),
        content=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        trust_env=False,
    )
    assert answer.status_code == 201, answer.text


def test_many_workers_do_not_weigh_on_the_page(page: Page) -> None:
    """Of 15,000 workers the page holds 25, and finds one by name."""
    with start_emulator(workers=15_000) as emulator:
        page.goto(f"{emulator.base_url}/_emulator/")
        expect(page.locator("#workers .where")).to_have_text("1\u201325 of 15,000")
        expect(page.locator("#queues tbody .workers")).to_contain_text("of 15,000", timeout=20000)
        assert page.locator("*").count() < 2000
        page.get_by_label("Search workers").fill("_14999")
        expect(page.locator("#workers tbody tr")).to_have_count(1)
    page.close()


@pytest.fixture
def page(browser: Browser) -> Page:
    """Open an empty page."""
    return browser.new_page()


def test_page_reconnects_after_a_restart(page: Page, tmp_path: Path) -> None:
    """A killed emulator shows as reconnecting; the next one on its port fills the page anew."""
    with start_emulator(workers=3, data=tmp_path / "state") as first:
        port = first.port
        page.goto(f"{first.base_url}/_emulator/")
        expect(page.locator("#connection")).to_have_text("Live")
        expect(page.locator("#workers tbody tr")).to_have_count(3)
        first.kill()
        expect(page.locator("#connection")).to_have_text("Reconnecting…")
    with start_emulator(data=tmp_path / "state", port=port) as second:
        expect(page.locator("#connection")).to_have_text("Live", timeout=15000)
        _rename_first_worker(second)
        expect(page.locator("#workers tbody")).to_contain_text("renamed")
    page.close()


def test_open_page_keeps_no_emulator_from_stopping(page: Page) -> None:
    """An emulator told to stop does so in order while a page listens to it."""
    with start_emulator(workers=1) as emulator:
        page.goto(f"{emulator.base_url}/_emulator/")
        expect(page.locator("#connection")).to_have_text("Live")
        emulator.process.terminate()
        assert emulator.process.wait(30) == 0
        expect(page.locator("#connection")).to_have_text("Reconnecting…")
    page.close()


def test_reset_fills_the_page_anew(page: Page) -> None:
    """After a reset the page shows the new state alone."""
    with start_emulator(workers=4) as emulator:
        page.goto(f"{emulator.base_url}/_emulator/")
        expect(page.locator("#workers tbody tr")).to_have_count(4)
        _rename_first_worker(emulator)
        expect(page.locator("#workers tbody")).to_contain_text("renamed")
        emulator.reset(workers=2)
        expect(page.locator("#workers tbody tr")).to_have_count(2)
        expect(page.locator("#workers tbody")).not_to_contain_text("renamed")
        expect(page.locator("#request-list .empty")).to_be_visible()
    page.close()


def _rename_first_worker(emulator: RunningEmulator) -> None:
    root = "https://taskrouter.twilio.com/v1/Workspaces"
    sid = emulator.request("GET", root).json()["workspaces"][0]["sid"]
    workers = emulator.request("GET", f"{root}/{sid}/Workers").json()["workers"]
    emulator.request("POST", workers[0]["url"], data={"FriendlyName": "renamed"})

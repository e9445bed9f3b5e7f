"""The page is safe, fits a phone, and can be read and used in both colours and by keyboard."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.emulator.task_centre import TaskCentre
from twilio_emulator.testing import RunningEmulator

from .conftest import Open

ATTACK = "<img src=x onerror=attacked=1><script>attacked=1</script>'\""

LOW_CONTRAST = """
() => {
  const parse = (text) => {
    const found = text.match(/^rgba?\\(([^)]+)\\)$/);
    return found ? found[1].split(/[,\\s/]+/).map(Number) : null;
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour && (colour[3] ?? 1) === 1) return colour;
    }
    return [255, 255, 255];
  };
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const bad = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!hasText || !element.checkVisibility() || element.disabled) continue;
    const value = ratio(parse(getComputedStyle(element).color), behind(element));
    if (value < 4.5) bad.push(`${element.tagName}.${element.className} ${value.toFixed(2)}`);
  }
  return bad;
}
"""


def _busy(centre: TaskCentre) -> str:
    """Make a race with a winner, a waiting task, and requests of several statuses."""
    for name in ("alice", "bob", "carol"):
        centre.worker(name)
    task = centre.task({"name": "Lost card"})
    won = centre.reservations(task)[0]
    centre.change(f"/Tasks/{task}/Reservations/{won['sid']}", ReservationStatus="accepted")
    centre.task({"name": "Second"})
    centre.send("GET", "/Workers/WK" + "0" * 32)
    return task


def test_markup_in_names_and_attributes_stays_text(centre: TaskCentre, opened: Open) -> None:
    """Markup in a worker's name, a task's attributes and a queue's name is shown, never run."""
    page = opened()
    worker = centre.worker(ATTACK, note=ATTACK)
    centre.change(f"/TaskQueues/{centre.queue}", FriendlyName=ATTACK)
    task = centre.task({"name": ATTACK, ATTACK: ATTACK})
    centre.send("GET", "/Workers", params={"FriendlyName": ATTACK})
    expect(page.locator(f"#workers tr[data-worker={worker}]")).to_contain_text("<img src=x")
    expect(page.locator(f"tr[data-queue={centre.queue}]")).to_contain_text("<img src=x")
    race = page.locator(f"article[data-task={task}]")
    expect(race.locator(".who")).to_contain_text("<img src=x")
    race.locator(".title").click()
    expect(page.locator("#details-body pre")).to_contain_text("<script>")
    page.get_by_role("button", name="Close").click()
    page.locator("#request-list .line", has_text="Workers").first.click()
    expect(page.locator("#details-body pre")).to_contain_text("<img src=x")
    assert page.evaluate("window.attacked") is None
    assert page.locator("main img, main script, dialog img").count() == 0


def test_nothing_but_own_files_may_run(emulator: RunningEmulator) -> None:
    """The page and its files carry a policy without inline scripts, styles or other sites."""
    for path in ("", "page/main.js", "live/workers"):
        answer = httpx.get(f"{emulator.base_url}/_emulator/{path}", trust_env=False)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_policy_is_never_violated(centre: TaskCentre, opened: Open) -> None:
    """Drawing a busy page breaks none of the policy's rules and loads nothing from elsewhere."""
    _busy(centre)
    page = opened()
    page.evaluate(
        "() => { window.broken = []; addEventListener('securitypolicyviolation',"
        " (event) => window.broken.push(event.violatedDirective)); }"
    )
    hosts: list[str] = []
    page.on("request", lambda request: hosts.append(request.url))
    page.reload()
    expect(page.locator(".lane").first).to_be_visible()
    page.locator(".race .title").first.click()
    expect(page.locator("#details-body pre")).to_be_visible()
    assert page.evaluate("window.broken ?? []") == []
    assert all(url.startswith(centre.emulator.base_url) for url in hosts)


@pytest.mark.parametrize("path", ["", "live", "live/workers", "page/main.js"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "elsewhere.example"},
    ],
)
def test_other_sites_are_refused(
    emulator: RunningEmulator, path: str, headers: dict[str, str]
) -> None:
    """Another site's page, and a name made to lead here, get nothing."""
    url = f"{emulator.base_url}/_emulator/{path}"
    answer = httpx.get(url, headers=headers, trust_env=False)
    assert answer.status_code == 403
    assert set(answer.json()) == {"error"}


def test_secrets_are_not_on_the_page(centre: TaskCentre, opened: Open) -> None:
    """Neither the auth token nor an API key's secret reaches the browser."""
    page = opened()
    expect(page.locator("#accounts")).to_contain_text(centre.emulator.account_sid)
    with httpx.stream(
        "GET", f"{centre.emulator.base_url}/_emulator/live", trust_env=False
    ) as stream:
        picture = next(line for line in stream.iter_lines() if line.startswith("data:"))
    assert centre.emulator.account_sid in picture
    assert centre.emulator.auth_token not in picture
    assert centre.emulator.api_key_secret not in picture
    assert centre.emulator.auth_token not in page.content()


@pytest.mark.parametrize("width", [360, 390, 768, 1400])
def test_no_width_scrolls_sideways(centre: TaskCentre, opened: Open, width: int) -> None:
    """At every width the page and its details fit without scrolling sideways."""
    _busy(centre)
    centre.worker("a-name-without-any-break-" * 2)
    page = opened(width=width, height=800)
    expect(page.locator(".lane").first).to_be_visible()
    page.get_by_text("Add another fault").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".race .title").first.click()
    expect(page.locator("#details-body pre")).to_be_visible()
    assert page.evaluate("document.querySelector('dialog').scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(centre: TaskCentre, opened: Open, scheme: str) -> None:
    """In light and dark every text has a contrast of at least 4.5 to 1."""
    _busy(centre)
    page = opened(color_scheme=scheme, reduced_motion="reduce")
    expect(page.locator(".lane[data-outcome=rescinded]").first).to_be_visible()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(243, 244, 248)") == (scheme == "light")
    assert page.evaluate(LOW_CONTRAST) == []


def test_theme_can_be_chosen_and_is_kept(opened: Open) -> None:
    """The button goes from the system's colours to light and dark, also over a reload."""
    page = opened(color_scheme="light")
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    dark = page.evaluate(colour)
    assert dark != light
    page.reload()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate(colour) == dark


def test_page_is_used_by_keyboard(centre: TaskCentre, opened: Open) -> None:
    """The first stop skips to the races; Enter opens a task, Escape leads back to it."""
    task = _busy(centre)
    page = opened()
    title = page.locator(f"article[data-task={task}] .title")
    expect(title).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, f"article[data-task={task}] .title")
    page.keyboard.press("Enter")
    expect(page.locator("#details")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#details")).not_to_be_visible()
    expect(title).to_be_focused()


def test_everything_to_press_has_a_name(centre: TaskCentre, opened: Open) -> None:
    """Every button, field and link tells a screen reader what it is."""
    _busy(centre)
    page = opened()
    expect(page.locator(".lane").first).to_be_visible()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a")]
        .filter((e) => e.checkVisibility() && !e.textContent.trim()
          && !e.getAttribute("aria-label") && !e.closest("label"))
        .map((e) => e.outerHTML)"""
    )
    assert nameless == []


def test_focus_stays_while_the_page_changes(centre: TaskCentre, opened: Open) -> None:
    """What has the focus keeps it when rows around it come and go."""
    worker = centre.worker("zoe")
    page = opened()
    name = page.locator(f"#workers tr[data-worker={worker}] button")
    name.focus()
    centre.worker("adam")
    expect(page.locator("#workers tbody tr")).to_have_count(2)
    expect(name).to_be_focused()


def _tab_to(page: Page, selector: str, *, presses: int = 60) -> None:
    for _ in range(presses):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by {presses} presses of Tab")

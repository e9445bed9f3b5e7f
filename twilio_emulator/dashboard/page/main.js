// Start the page: the bar at the top, and one module per section.

import { $, h, keep, put, say } from "./dom.js";
import { day, timeOfDay } from "./format.js";
import { ask, follow, now, state, when } from "./live.js";
import { tellProblem } from "./notice.js";
import { showAccounts } from "./accounts.js";
import { showBatches } from "./batches.js";
import { showEvents } from "./events.js";
import { showFaults } from "./faults.js";
import { showFigures } from "./figures.js";
import { showQueues } from "./queues.js";
import { showRaces } from "./races.js";
import { showRequests } from "./requests.js";
import { showWorkers } from "./workers.js";

const WORDS = { connecting: "Connecting…", live: "Live", reconnecting: "Reconnecting…" };
const THEMES = { system: "light dark", light: "light", dark: "dark" };

function connected(to) {
  put($("connection"), "data-state", to);
  say($("connection"), WORDS[to]);
  put(document.body, "data-connection", to);
}

function showWorkspaces() {
  const chosen = state.chosen.get("workspace")?.sid;
  const made = [...state.workspaces].map(([sid, workspace]) => ({ sid, name: workspace.name }));
  keep(
    $("workspace"),
    made,
    ({ sid }) => sid,
    ({ sid }) => {
      const option = h("option", { value: sid });
      option.show = (item) => say(option, item.name);
      return option;
    },
  );
  put($("workspace"), "disabled", made.length === 0);
  if (chosen) $("workspace").value = chosen;
}

function showClock() {
  const clock = state.clock.get("clock");
  if (!clock) return;
  say($("day"), day(now()));
  say($("time"), timeOfDay(now()));
  put($("time"), "datetime", new Date(now()).toISOString());
  const ahead = clock.ahead >= 1 ? `${Math.round(clock.ahead / 60)} min ahead` : "";
  say($("ahead"), clock.virtual ? "virtual" : ahead);
}

async function advance(seconds) {
  try {
    await ask("clock/advance", { method: "POST", body: { seconds } });
  } catch (problem) {
    tellProblem(`The clock did not move: ${problem.message}`);
  }
}

function chooseTheme(name) {
  const theme = name in THEMES ? name : "system";
  document.documentElement.style.colorScheme = THEMES[theme];
  put(document.documentElement, "data-theme", theme);
  say($("theme"), `Theme: ${theme}`);
  localStorage.setItem("theme", theme);
}

function nextTheme() {
  const names = Object.keys(THEMES);
  chooseTheme(names[(names.indexOf(localStorage.getItem("theme")) + 1) % names.length]);
}

function followChosen() {
  follow(new URLSearchParams(location.search).get("workspace"), connected);
}

chooseTheme(localStorage.getItem("theme"));
$("theme").addEventListener("click", nextTheme);
$("workspace").addEventListener("change", () => {
  history.replaceState(null, "", `?workspace=${$("workspace").value}${location.hash}`);
  followChosen();
});
for (const button of document.querySelectorAll("[data-seconds]"))
  button.addEventListener("click", () => advance(Number(button.dataset.seconds)));

when(["workspaces", "chosen"], showWorkspaces);
when(["clock"], showClock);
setInterval(showClock, 500);
for (const start of [
  showFigures,
  showRaces,
  showQueues,
  showWorkers,
  showRequests,
  showFaults,
  showBatches,
  showEvents,
  showAccounts,
])
  start();
followChosen();

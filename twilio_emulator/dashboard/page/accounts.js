// Accounts and sub-accounts, without their secrets.

import { $, empty, h, keep, say } from "./dom.js";
import { count, plural } from "./format.js";
import { state, when } from "./live.js";

export function showAccounts() {
  when(["accounts", "workspaces"], show);
}

function show() {
  say(document.querySelector("#accounts .count"), count(state.accounts.size));
  if (!state.accounts.size) return empty($("account-list"), "There is no account.", "twilio-emulator reset");
  keep($("account-list"), [...state.accounts], ([sid]) => sid, makeAccount);
}

function makeAccount([sid]) {
  const [name, status, words] = [h("strong"), h("span", { class: "status" }), h("span", { class: "muted" })];
  const element = h(
    "article",
    { class: "account" },
    h("header", {}, name, status),
    h("code", { text: sid, tabindex: 0 }),
    words,
  );
  element.show = ([, account]) => {
    const workspaces = [...state.workspaces.values()].filter((workspace) => workspace.account === sid).length;
    say(name, account.name);
    say(status, account.status);
    const owner = account.owner && account.owner !== sid ? ` · sub-account of ${account.owner}` : "";
    say(words, `${plural(workspaces, "workspace")} · ${plural(account.keys.length, "API key")}${owner}`);
  };
  return element;
}

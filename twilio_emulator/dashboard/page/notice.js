// One line at the top that says what went wrong.

import { $ } from "./dom.js";

let timer = 0;

/** Say what went wrong, for a while. */
export function tellProblem(text) {
  $("notice").textContent = text;
  $("notice").hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => ($("notice").hidden = true), 8000);
}

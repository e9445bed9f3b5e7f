// The strip of figures below the bar.

import { $, h, keep, put, say } from "./dom.js";
import { count } from "./format.js";
import { state, when } from "./live.js";

export function showFigures() {
  when(["figures", "faults"], show);
}

function show() {
  const tasks = state.figures.get("tasks");
  if (!tasks) return keep($("figures"), [], String, () => null);
  const activities = Object.values(state.figures.get("activities") ?? {});
  const workers = activities.reduce((sum, item) => sum + item.workers, 0);
  const available = activities.reduce((sum, item) => sum + (item.available ? item.workers : 0), 0);
  const figures = [
    ["waiting", tasks.pending, "tasks waiting", tasks.pending ? "pending" : ""],
    ["reserved", tasks.reserved, "being offered", tasks.reserved ? "pending" : ""],
    ["assigned", tasks.assigned, "assigned", tasks.assigned ? "accepted" : ""],
    ["wrapping", tasks.wrapping, "wrapping up", tasks.wrapping ? "wrapping" : ""],
    ["completed", tasks.completed, "completed", ""],
    ["available", available, `of ${count(workers)} available`, ""],
    ["faults", inForce(), "faults in force", inForce() ? "rejected" : ""],
  ];
  keep(
    $("figures"),
    figures,
    ([name]) => name,
    ([name]) => {
      const [value, label] = [h("strong"), h("span")];
      const figure = h("div", { class: "figure", "data-figure": name }, value, label);
      figure.show = ([, number, words, outcome]) => {
        say(value, count(number));
        say(label, words);
        put(figure, "data-outcome", outcome || null);
      };
      return figure;
    },
  );
}

export const inForce = () => [...state.faults.values()].filter((fault) => fault.count !== 0).length;

// Build and update elements.  Text only ever becomes text: nothing here parses HTML.

/** Make an element; `text` is its text, `on` its listeners, the rest are attributes. */
export function h(tag, { text, on, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) put(element, name, value);
  for (const [name, listener] of Object.entries(on ?? {})) element.addEventListener(name, listener);
  if (text !== undefined) element.textContent = text;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Set an attribute, or take it away where the value is null or false. */
export function put(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value))
    element.setAttribute(name, value === true ? "" : value);
}

/** Set a text, leaving the element alone where it is the same already. */
export function say(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

export const $ = (id) => document.getElementById(id);

const KEPT = new WeakMap();

/**
 * Show a list: one child per item, made once by `make(item)` and shown again by the child's own
 * `show(item)`, so that what has the focus or is being read stays where it is.
 */
export function keep(parent, items, keyOf, make) {
  const known = KEPT.get(parent) ?? new Map();
  const now = new Map();
  let place = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    const child = known.get(key) ?? make(item);
    child.show?.(item);
    now.set(key, child);
    known.delete(key);
    if (child === place) place = place.nextSibling;
    else parent.insertBefore(child, place);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
  for (const child of known.values()) child.remove();
  KEPT.set(parent, now);
}

/** Show what to do next where there is nothing to show. */
export function empty(parent, text, command) {
  keep(
    parent,
    [{ text, command }],
    () => `empty ${text} ${command}`,
    () => h("div", { class: "empty" }, h("p", { text }), command ? copied(command) : null),
  );
}

function copied(command) {
  const button = h("button", {
    type: "button",
    class: "quiet",
    text: "Copy",
    "aria-label": "Copy the command",
    on: {
      click: async () => {
        await navigator.clipboard.writeText(command);
        say(button, "Copied");
      },
    },
  });
  return h("div", { class: "command" }, h("code", { text: command, tabindex: 0 }), button);
}

/** A button that looks like a link and opens details. */
export const opener = (text, open, attributes = {}) =>
  h("button", { type: "button", class: "link", text, on: { click: open }, ...attributes });

/** Call `run` once things have been quiet for a moment. */
export function calmly(run, milliseconds) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), milliseconds);
  };
}

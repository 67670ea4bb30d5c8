// Elements made in code. Whatever comes from a message goes in as text: nothing here reads HTML.

/** An element. Attributes named on… are handlers, `style` is an object of properties; null children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style") for (const [key, to] of Object.entries(value)) element.style.setProperty(key, to);
  else element.setAttribute(name, value === true ? "" : value);
}

/** Text for screen readers alone. */
export function unseen(text) {
  return h("span", { class: "unseen" }, text);
}

/** Sets an element's text, if it is another: what has not changed is not laid out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function button(label, onclick, attributes = {}) {
  return h("button", { type: "button", onclick, ...attributes }, label);
}

/** A <select> of [value, label] pairs. */
export function choice(label, pairs, onchange, attributes = {}) {
  const options = pairs.map(([value, text]) => h("option", { value }, text));
  return h("select", { "aria-label": label, onchange: (event) => onchange(event.target.value), ...attributes }, options);
}

/** Whether the element can be seen at all: nothing is drawn into what cannot. */
export function isShown(element) {
  return !document.hidden && element.checkVisibility({ visibilityProperty: true });
}

// Light or dark: as the system has it until somebody chooses. Colours for what is drawn come from the style sheet.

const KEPT = "hotline.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** Emits `change`. */
class Theme extends EventTarget {
  #chosen = localStorage.getItem(KEPT) ?? "";
  #colours = new Map();

  constructor() {
    super();
    system.addEventListener("change", () => this.#show());
    this.#show();
  }

  get isDark() {
    return this.#chosen ? this.#chosen === "dark" : system.matches;
  }

  choose(theme) {
    this.#chosen = theme === "dark" || theme === "light" ? theme : "";
    localStorage.setItem(KEPT, this.#chosen);
    this.#show();
  }

  toggle() {
    this.choose(this.isDark ? "light" : "dark");
  }

  /** The value of a custom property of the style sheet: read once, since maps ask for each feature that they draw. */
  colour(name) {
    if (!this.#colours.has(name)) this.#colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
    return this.#colours.get(name);
  }

  #show() {
    this.#colours.clear();
    document.documentElement.dataset.theme = this.isDark ? "dark" : "light";
    this.dispatchEvent(new Event("change"));
  }
}

export const theme = new Theme();
export const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

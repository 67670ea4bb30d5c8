// Light or dark: as the system has it until somebody chooses. Colours for what is drawn come from the style sheet.

const KEPT = "hotline.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** Emits `change`. */
class Theme extends EventTarget {
  #chosen = localStorage.getItem(KEPT) ?? "";

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

  /** The value of a custom property of the style sheet. */
  colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  #show() {
    document.documentElement.dataset.theme = this.isDark ? "dark" : "light";
    this.dispatchEvent(new Event("change"));
  }
}

export const theme = new Theme();
export const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

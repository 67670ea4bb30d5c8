// The state of the view stands in the address, after #, as key=value&…: it can be sent, kept and gone back to.

import { token } from "./source.js";

const DEFAULTS = { s: "", b: "", at: "", speed: "", play: "", t: "calls", sel: "", ll: "", gars: "", theme: "", party: "",
  q: "" };
const WRITE_MS = 250;

/** Emits `change` when somebody goes back or forth, or edits the address; not when the page itself writes it. */
export class Address extends EventTarget {
  #values = {};
  #timer = 0;

  constructor() {
    super();
    this.#read();
    addEventListener("hashchange", () => {
      this.#read();
      this.dispatchEvent(new Event("change"));
    });
  }

  get(name) {
    return this.#values[name] || DEFAULTS[name];
  }

  /** Writes are gathered: the browser allows only so many in a while. */
  set(values) {
    Object.assign(this.#values, values);
    this.#timer ||= setTimeout(() => this.#write(), WRITE_MS);
  }

  #read() {
    const values = new URLSearchParams(location.hash.slice(1));
    if (values.has("token")) {
      token.set(values.get("token"));
      values.delete("token");
    }
    this.#values = Object.fromEntries(values);
    this.#write(); // at once: a token is not left in the address
  }

  #write() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const kept = Object.entries(this.#values).filter(([name, value]) => value && value !== DEFAULTS[name]);
    const readable = new URLSearchParams(kept).toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/");
    history.replaceState(null, "", readable ? `#${readable}` : location.pathname + location.search);
  }
}

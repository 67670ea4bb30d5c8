// What the server knows of one source: `live`, or a recording. The only module that speaks to the server.

const HERE = "api/v1";
const TOKEN = "hotline.token";
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8_000;
const ASK_AGAIN_MS = [200, 800];

/** Why a request was not met, as the server says it. `problems` goes field by field. */
export class Fault extends Error {
  constructor(status, { error, problems = [] }) {
    super(error);
    this.status = status;
    this.problems = problems;
  }
}

/** What only reads is asked again when no answer came: a browser drops all requests when a network comes or goes. */
async function fetched(address, options = {}) {
  for (const waitMs of options.method === "POST" ? [] : ASK_AGAIN_MS) {
    const answer = await fetch(address, options).catch((fault) => giveUp(fault, options.signal));
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  return fetch(address, options);
}

function giveUp(fault, signal) {
  if (signal?.aborted) throw fault;
}

async function asked(path, { method = "GET", body, token, signal } = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetched(`${HERE}/${path}`, { method, body, headers, signal });
  if (answer.ok) return answer.json();
  const fault = await answer.json().catch(() => ({ error: `${answer.status} ${answer.statusText}` }));
  throw new Fault(answer.status, fault);
}

function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** The token that lets this page write; kept for as long as its tab is open. */
export const token = {
  get: () => sessionStorage.getItem(TOKEN) ?? "",
  set: (value) => (value ? sessionStorage.setItem(TOKEN, value) : sessionStorage.removeItem(TOKEN)),
};

export function sources() {
  return asked("sources");
}

/** Hands a recording to the server; it answers with the source that it has become. */
export function upload(file) {
  return asked(`sources${query({ name: file.name })}`, { method: "POST", body: file, token: token.get() });
}

export function check(to, text) {
  return asked(`live/check${query({ to })}`, { method: "POST", body: text });
}

export function inject(to, text) {
  return asked(`live/inject${query({ to })}`, { method: "POST", body: text, token: token.get() });
}

export function geography(name) {
  return fetched(`geography/${name}.geojson`).then((answer) => answer.json());
}

export class Source {
  constructor(name) {
    this.name = name;
    this.isLive = name === "live";
  }

  setting = () => asked(`${this.name}/setting`);
  marks = () => asked(`${this.name}/marks`);
  standing = () => asked(`${this.name}/standing`);
  tension = (n) => asked(`${this.name}/tension${query({ n })}`);
  volume = (by, n) => asked(`${this.name}/volume${query({ by, n })}`);
  picture = (at) => asked(`${this.name}/picture${query({ ...at })}`);
  changes = (after, until) => asked(`${this.name}/changes${query({ after, until })}`);
  table = (name, filters) => asked(`${this.name}/${name}${query(filters)}`);
  about = (kind, id, n) => asked(`${this.name}/about/${kind}/${id.split("/").map(encodeURIComponent).join("/")}${query({ n })}`);

  /** Where the whole recording can be fetched. */
  get recordingAddress() {
    return `${HERE}/${this.name}/recording`;
  }

  /** What happens after message `n`, whose id names the record too; a break is mended from what was heard last. */
  stream(id, n, heard) {
    return new Stream(`${HERE}/${this.name}/stream`, id, n, heard);
  }
}

/** Calls heard.change, heard.clock, heard.tracks, and heard.line(true or false) as the connection comes and goes. */
class Stream {
  #retryMs = FIRST_RETRY_MS;
  #events = null;
  #timer = 0;

  constructor(address, id, n, heard) {
    Object.assign(this, { address, id, n, heard });
    this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    this.#events?.close();
  }

  #connect() {
    const events = new EventSource(`${this.address}${query({ after: this.id })}`);
    this.#events = events;
    events.addEventListener("open", () => this.#connected());
    events.addEventListener("error", () => this.#broken());
    events.addEventListener("change", (event) => this.#changed(JSON.parse(event.data), event.lastEventId));
    events.addEventListener("clock", (event) => this.heard.clock(JSON.parse(event.data)));
    events.addEventListener("tracks", (event) => this.heard.tracks(JSON.parse(event.data)));
  }

  #connected() {
    this.#retryMs = FIRST_RETRY_MS;
    this.heard.line(true);
  }

  /** What was heard before is not heard again: numbers only rise. */
  #changed(changes, id) {
    if (!changes.reset && changes.n <= this.n) return;
    [this.n, this.id] = [changes.n, id];
    this.heard.change(changes);
  }

  #broken() {
    this.#events.close(); // a browser gives up for good at some answers: this does not
    this.heard.line(false);
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}

// Which source is looked at, and a second one beside it; a recording can be dropped on the page, or kept from it.

import { button, choice, h } from "./dom.js";
import { failed, notice } from "./notices.js";
import { upload } from "./source.js";
import { words } from "./words.js";

/** What a source is called where there is little room: a recording's title begins with its file's name. */
export function titleOf({ title }) {
  return title.split(" · ")[0];
}

const cut = (name) => (name.length > 28 ? `${name.slice(0, 27)}…` : name);

/** Choosers of a source and of the one beside it, where there is more than one. */
export function sourceChoosers(page, watch) {
  const names = page.watches.map((watched) => watched.source.name);
  const find = (name) => page.known.find((source) => source.name === name);
  const short = (source) => cut(titleOf(source));
  const first = choice(words.time.sources, page.known.map((source) => [source.name, short(source)]), (name) => watch([find(name)]));
  first.value = names[0];
  const others = page.known.filter((source) => source.name !== names[0] && !source.live);
  const second = choice(words.time.beside, [["", words.time.noOther], ...others.map((source) => [source.name, short(source)])],
    (name) => watch([find(names[0]), find(name)].filter(Boolean)));
  second.value = names[1] ?? "";
  const picker = h("input", { type: "file", accept: ".jsonl,.json", class: "unseen", tabindex: "-1", "aria-label": words.time.openFile });
  picker.addEventListener("change", () => picker.files[0] && dispatchEvent(new CustomEvent("recording", { detail: picker.files[0] })));
  return h("div", { class: "buttons" }, page.known.length > 1 ? first : null, others.length && !find(names[0]).live ? second : null,
    button(words.time.openFile, () => picker.click(), { title: words.time.drop }), picker,
    h("a", { href: page.watches[0].source.recordingAddress, download: "" }, words.time.save));
}

/** Hands every recording that is dropped or picked to the server, and shows it. */
export function receiveRecordings(watch) {
  const receive = async (file) => {
    notice(words.time.uploading(file.name));
    try {
      await watch(await upload(file));
    } catch (fault) {
      failed(fault);
    }
  };
  addEventListener("recording", ({ detail }) => receive(detail));
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    if (event.dataTransfer.files[0]) receive(event.dataTransfer.files[0]);
  });
}

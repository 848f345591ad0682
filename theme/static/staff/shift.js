// What one shift leaves for the next: one note for each house, read and written on the board.
import { call, ok, trouble } from "staff/house.js";
import { house } from "staff/people.js";
import { at, part, put, say, speak, time } from "staff/words.js";

const place = document.querySelector("[data-slot=notes]");
let notes = [];
let isReadOnly = false;

export function learn(found) {
  notes = found;
}

export const all = () => notes;

export function clear() {
  notes = [];
  place.replaceChildren();
}

export function readOnly(yes) {
  isReadOnly = yes;
  draw();
}

// Whoever is writing keeps their words; they see another note when they have finished.
export function draw() {
  if (place.querySelector("form:not([hidden])") && !isReadOnly) return;
  place.replaceChildren(...house.slugs().map(shown));
}

function shown(slug) {
  const note = notes.find(({ property }) => property === slug);
  const row = part("shift");
  if (house.count() > 1) put(at(row, "house"), house.called(slug));
  put(at(row, "words"), note?.words ?? say("no_note"));
  speak(at(row, "by"), note ? say("note_by", { name: note.by, time: time(note.at) }) : "");
  speak(at(row, "write"), say(note ? "note_change" : "note_write"));
  at(row, "write").hidden = isReadOnly;
  const form = row.querySelector("form");
  at(row, "write").addEventListener("click", () => {
    form.hidden = false;
    at(row, "write").hidden = true;
    form.elements.words.value = note?.words ?? "";
    form.elements.words.focus();
  });
  const close = () => {
    form.hidden = true;
    draw();
    place.querySelector("button:not([hidden])")?.focus();
  };
  form.querySelector("[data-do=close]").addEventListener("click", close);
  form.addEventListener("keydown", (event) => event.key === "Escape" && close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await call("PUT", "house/shift-note", { property: slug, words: form.elements.words.value });
    if (!ok(answer.status)) return speak(at(row, "told"), trouble(answer));
    notes = answer.data.note;
    return close();
  });
  return row;
}

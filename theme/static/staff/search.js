// Looks for guests and stays while one types: a list below the field, walked through with arrow keys (ARIA's combobox).
import { call, ok, trouble } from "staff/house.js";
import * as pane from "staff/pane.js";
import { house } from "staff/people.js";
import { at, locale, part, put, say, speak } from "staff/words.js";

const field = document.querySelector("#find");
const list = document.querySelector("#finds");
const box = list.parentElement;
const said = document.querySelector("[data-slot=find-told]");
const PAUSE = 180; // milliseconds without a key
const SHORTEST = 2;
const BEGINNING = 3; // letters of a name by which somebody is found; a room or a whole word may be shorter
const days = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
let timer;
let asking; // the search under way
let current; // the choice that Enter takes

const noon = (on) => new Date(`${on}T12:00`);
const choices = () => [...list.querySelectorAll("[role=option]")];

export function focus() {
  field.focus();
  field.select();
}

export function clear() {
  field.value = "";
  close();
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  asking?.abort();
  if (field.value.trim().length < SHORTEST) return close();
  timer = setTimeout(seek, PAUSE);
});

async function seek() {
  asking = new AbortController();
  const { signal } = asking;
  const text = field.value.trim();
  const answer = await call("GET", `house/search?q=${encodeURIComponent(text)}`, undefined, { signal });
  if (signal.aborted) return undefined;
  if (!ok(answer.status)) return show([], trouble(answer));
  const found = groups(answer.data);
  return found.length || text.length >= BEGINNING ? show(found, say("found_none")) : close();
}

function groups({ stays, conversations }) {
  const shown = stays.map(stay);
  const others = conversations.map(talk);
  return [["stays", shown], ["talks", others]].filter(([, found]) => found.length);
}

function show(found, none) {
  point(undefined);
  list.replaceChildren(...found.map(([name, lines]) => group(name, lines)));
  choices().forEach((line, number) => (line.id = `find-${number}`));
  const count = choices().length;
  list.hidden = !count;
  said.classList.toggle("away", count > 0);
  speak(said, count ? say("found", { count }) : none);
  box.hidden = false;
  field.setAttribute("aria-expanded", String(count > 0));
}

function group(name, lines) {
  const node = document.createElement("div");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", list.dataset[name]);
  const title = document.createElement("h3");
  title.setAttribute("role", "presentation");
  title.textContent = list.dataset[name];
  node.append(title, ...lines);
  return node;
}

function stay(found) {
  const place = [house.count() > 1 && house.called(found.property), found.unit || say("no_unit")].filter(Boolean).join(" · ");
  const line = option("stay", found.id, { unit: place, guest: found.guest, more: found.reference });
  const state = found.status === "confirmed" ? "" : `${say(`status_${found.status}`)} · `;
  speak(at(line, "when"), state + days.formatRange(noon(found.from_on), noon(found.until_on)));
  return line;
}

function talk({ id, who, unit, channel, last }) {
  const line = option("talk", id, { unit, guest: who.name || who.phone || who.email || say("unknown_guest"), more: last?.text });
  speak(at(line, "when"), say(channel === "email" ? "by_email" : "by_whatsapp"));
  return line;
}

function option(kind, id, words) {
  const line = part("found");
  for (const [name, text] of Object.entries(words)) put(at(line, name), text);
  line.setAttribute("aria-selected", "false");
  line.addEventListener("click", () => take(kind, id));
  return line;
}

function take(kind, id) {
  clear();
  pane.open(kind, id);
}

function close() {
  clearTimeout(timer);
  asking?.abort();
  point(undefined);
  box.hidden = true;
  list.replaceChildren();
  speak(said, "");
  field.setAttribute("aria-expanded", "false");
}

function point(line) {
  current?.setAttribute("aria-selected", "false");
  current = line;
  if (!line) return field.removeAttribute("aria-activedescendant");
  line.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", line.id);
  return line.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = choices();
  if (!all.length) return;
  const place = all.indexOf(current);
  point(all[(place < 0 ? (by > 0 ? 0 : all.length - 1) : place + by + all.length) % all.length]);
}

const KEYS = {
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  Enter: () => (current ?? choices()[0])?.click(),
  Escape: () => (box.hidden ? clear() : close()),
};

field.addEventListener("keydown", (event) => {
  if (event.key === "/" && !field.value) event.preventDefault(); // the key that leads here
  if (event.isComposing || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
// The list closes when somebody goes elsewhere; a tap on it does not take the focus away first.
box.addEventListener("pointerdown", (event) => event.preventDefault());
field.addEventListener("blur", close);
field.addEventListener("focus", () => field.value.trim().length >= SHORTEST && seek());

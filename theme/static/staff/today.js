// Who comes and who goes, today and tomorrow; whether the room is ready, whether they have seen their page and codes.
import { call, ok, trouble } from "staff/house.js";
import * as pane from "staff/pane.js";
import { house, people } from "staff/people.js";
import { announce, at, hour, label, locale, part, plain, put, say, speak } from "staff/words.js";

const slot = (name) => document.querySelector(`[data-slot=${name}]`);
const stays = new Map(); // id -> stay
const moves = new Map(); // id -> what was said here and is on its way
let days = {}; // house -> its day, which turns at four in the morning
let isReadOnly = false;

const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const dated = (on) => new Date(`${on}T12:00`);

export function learn(found, { whole = false, on } = {}) {
  if (whole) stays.clear();
  if (on) days = on;
  found.forEach((stay) => stays.set(stay.stay_id, stay));
}

export const forget = (id) => stays.delete(id);
export const all = () => [...stays.values()];

export function clear() {
  stays.clear();
  draw();
}

export function readOnly(yes) {
  isReadOnly = yes;
  draw();
}

const shifted = (on, by) => {
  const moment = dated(on);
  moment.setDate(moment.getDate() + by);
  return moment.toLocaleDateString("sv");
};
const byHour = (...names) => (one, other) => {
  const [here, there] = [one, other].map((stay) => `${names.map((name) => stay[name]).find(Boolean)} ${stay.unit}`);
  return here < there ? -1 : 1;
};
const first = () => Object.values(days).sort()[0];
const of = (name, by) => all().filter((stay) => days[stay.property] && stay[name] === shifted(days[stay.property], by));

// How many come and go today, for the sentence of an empty board.
export const counts = () => ({ arrivals: of("from_on", 0).length, departures: of("until_on", 0).length });

export function draw() {
  if (!first()) return;
  for (const [by, name] of ["today", "tomorrow"].entries()) {
    const [come, go] = [of("from_on", by).sort(byHour("expected", "check_in")), of("until_on", by).sort(byHour("check_out"))];
    speak(slot(`${name}-day`), day.format(dated(shifted(first(), by))));
    list(slot(`${name}-arrivals`), come, come.map((stay) => line(stay, "arrives", by === 0)));
    list(slot(`${name}-departures`), go, go.map((stay) => line(stay, "leaves", false)));
    if (by === 0) unseen(come);
    slot(`${name}-none`).hidden = come.length + go.length > 0;
  }
  const names = people.onDuty().map(({ name }) => plain(name));
  speak(slot("duty"), names.length ? new Intl.ListFormat(locale).format([...new Set(names)]) : say("nobody_on_duty"));
}

// Lines are made anew each time; whoever stands on a button keeps standing there.
function list(place, found, lines) {
  const { dataset } = document.activeElement ?? {};
  const focused = place.contains(document.activeElement) && document.activeElement.closest("li")?.dataset.id;
  place.replaceChildren(...lines);
  place.closest("section").hidden = !found.length;
  if (focused) place.querySelector(`[data-id="${focused}"] button[data-of="${dataset.of}"]`)?.focus({ preventScroll: true });
}

function line(stay, what, isToday) {
  const row = part("stay");
  row.dataset.id = stay.stay_id;
  const arrives = what === "arrives";
  const unit = arrives ? stay.unit : stay.leaves;
  speak(at(row, "when"), arrives ? hour(stay.expected) || say("from", { time: hour(stay.check_in) }) : say("until", { time: hour(stay.check_out) }));
  row.classList.toggle("told-us", arrives && Boolean(stay.expected));
  put(at(row, "unit"), [house.count() > 1 && house.called(stay.property), unit || say("no_unit")].filter(Boolean).join(" · "));
  put(at(row, "guest"), stay.guest || stay.stay);
  const opens = at(row, "opens");
  opens.dataset.opens = `stay=${stay.stay_id}`;
  opens.addEventListener("click", () => pane.open("stay", stay.stay_id));
  speak(at(row, "seen"), arrives ? seen(stay) : "");
  const isReady = moves.get(stay.stay_id) ?? stay.is_ready;
  const button = at(row, "ready");
  button.hidden = !arrives || !isToday || isReadOnly;
  speak(at(row, "state"), arrives && isToday ? say(isReady ? "room_ready" : "room_not_ready") : "");
  if (button.hidden) return row;
  button.classList.toggle("back", isReady);
  button.textContent = say(isReady ? "do_undo" : "do_ready");
  button.setAttribute("aria-label", label("do_what", { verb: button.textContent, what: stay.guest, unit }));
  button.addEventListener("click", () => ready(stay, !isReady));
  return row;
}

function seen(stay) {
  if (stay.codes_seen) return say("codes_seen");
  return say(stay.opened_page ? "page_opened" : "page_not_opened");
}

// Who has not looked since codes are on the page, which is a reason to call.
function unseen(come) {
  const isOut = ({ codes_at: since }) => since && new Date(since) <= Date.now();
  const out = come.filter(isOut);
  const found = out.filter(({ codes_seen: seen }) => !seen);
  const place = slot("today-unseen");
  place.hidden = !found.length;
  speak(at(place, "sum"), say("unseen", { count: found.length, all: out.length }));
  const list = at(place, "list");
  const focused = list.contains(document.activeElement) && document.activeElement.dataset.opens;
  list.replaceChildren(...found.map(looker));
  if (focused) list.querySelector(`[data-opens="${focused}"]`)?.focus({ preventScroll: true });
}

function looker(stay) {
  const row = part("unseen");
  put(at(row, "unit"), stay.unit || say("no_unit"));
  put(at(row, "guest"), stay.guest || stay.stay);
  const button = row.querySelector("button");
  button.dataset.opens = `stay=${stay.stay_id}`;
  button.addEventListener("click", () => pane.open("stay", stay.stay_id));
  return row;
}

async function ready(stay, isReady) {
  moves.set(stay.stay_id, isReady);
  draw();
  const answer = await call("PUT", `house/stays/${stay.stay_id}/readiness`, { is_ready: isReady });
  moves.delete(stay.stay_id);
  const now = stays.get(stay.stay_id);
  if (ok(answer.status) && now) stays.set(stay.stay_id, { ...now, is_ready: isReady });
  if (!ok(answer.status)) {
    announce(trouble(answer));
    speak(slot("today-told"), trouble(answer));
  } else speak(slot("today-told"), "");
  draw();
}

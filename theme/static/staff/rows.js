// One line a request: age, unit, guest, what, who has it; its likely next step and the undo beside it; more below it.
import { answers } from "staff/answers.js";
import { call, ok } from "staff/house.js";
import * as pane from "staff/pane.js";
import { house, nameOf, people } from "staff/people.js";
import * as requests from "staff/requests.js";
import { act, back, next } from "staff/verbs.js";
import { called, isFree, what } from "staff/wording.js";
import { age, at, label, money, part, plain, put, say, span, speak, time } from "staff/words.js";

const board = document.querySelector("#board");
const lists = { open: board.querySelector("[data-slot=open]"), closed: board.querySelector("[data-slot=closed]") };
const rows = new Map(); // id -> its line
const FORMS = ["decline", "assign", "note"];
let isReadOnly = false;

export function readOnly(yes) {
  isReadOnly = yes;
  draw();
}

// -- all lines ---------------------------------------------------------------------------------------
export function draw() {
  const shown = { open: requests.open(), closed: requests.closed() };
  const focused = document.activeElement;
  for (const [name, list] of Object.entries(lists)) {
    shown[name].forEach((request, place) => {
      const row = rows.get(request.id) ?? made(request.id);
      if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
      fill(row, request);
    });
  }
  for (const [id, row] of rows) {
    if (requests.find(id)) continue;
    row.remove();
    rows.delete(id);
  }
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  lists.closed.closest("details").hidden = !shown.closed.length;
  put(board.querySelector("[data-slot=closed-count]"), String(shown.closed.length || ""));
  board.querySelector("[data-slot=empty]").hidden = shown.open.length > 0;
  lists.open.hidden = !shown.open.length;
}

function made(id) {
  const row = part("row");
  row.dataset.id = id;
  row.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (button) does(id, button.dataset.do);
  });
  rows.set(id, row);
  return row;
}

function fill(row, request) {
  const state = requests.stateOf(request);
  row.dataset.is = requests.isPromised(request) ? "requested" : state;
  row.dataset.weight = requests.weight(request);
  row.classList.toggle("moving", requests.isMoving(request));
  put(at(row, "age"), age(request.asked_at));
  put(at(row, "house"), house.count() > 1 ? house.called(request.property) : "");
  put(at(row, "unit"), request.unit || say("no_unit"));
  put(at(row, "guest"), request.guest);
  speak(at(row, "urgent"), request.urgent ? say("urgent") : "");
  put(at(row, "what"), what(request));
  put(at(row, "gist"), gist(request));
  speak(at(row, "who"), who(request, state));
  const undo = back(request);
  name(at(row, "back"), undo && "undo", request);
  name(at(row, "next"), undo === next(request) ? undefined : next(request), request);
  const more = at(row, "more");
  if (more.hidden) return;
  detail(more, request);
  if (more.dataset.version !== String(request.version)) history(more, request);
}

function name(button, verb, request) {
  button.hidden = !verb || isReadOnly;
  if (!verb) return;
  speak(button, say(`do_${verb}`));
  button.hidden = isReadOnly;
  button.setAttribute("aria-label", label("do_what", { verb: say(`do_${verb}`), what: what(request), unit: request.unit }));
}

const gist = (request) => [...request.said.map(([, words]) => words), !isFree(request) && request.note].filter(Boolean).join(" · ");

// Who has it, or that nobody has.
function who(request, state) {
  if (requests.isMoving(request)) return say("moving");
  if (state === "requested") {
    const waits = requests.weight(request) === "overdue" ? overdue(request) : say("waits");
    return request.assigned_to ? say("for_whom", { name: nameOf(request.assigned_to), state: waits }) : waits;
  }
  if (requests.isPromised(request)) return requests.weight(request) === "overdue" ? overdue(request) : say("nobody");
  if (state === "accepted" && request.assigned_to) return requests.isForMe(request) ? say("you") : nameOf(request.assigned_to);
  const name = requests.isMine(request) ? say("you") : called(request.who);
  return state === "accepted" ? plain(name) : say(`who_${state}`, { name });
}

function overdue(request) {
  const late = requests.over(request);
  return late < 60000 ? say("overdue") : say("over", { time: span(late) });
}

// -- more of one -----------------------------------------------------------------------------------------
function detail(more, request) {
  if (!more.firstElementChild) more.append(...part("more").children);
  const facts = [
    ...request.said.map(([name, words]) => [name || say("in_words"), words]),
    [say("in_words"), request.note],
    [say("price"), request.price === null ? "" : request.price === 0 ? say("free") : money(request.price, request.currency)],
    [say("asked_at"), time(request.asked_at)],
    [say("booking_word"), request.stay],
    [say("reason"), request.reason],
  ].filter(([, words]) => words);
  at(more, "facts").replaceChildren(...facts.flatMap(fact));
  const state = requests.stateOf(request);
  const isOpen = requests.OPEN.includes(state);
  const may = { decline: isOpen, assign: isOpen, note: true, stay: true, done: state === "requested" || requests.isPromised(request), reopen: false };
  for (const button of more.querySelectorAll(".verbs button")) button.hidden = isReadOnly || !may[button.dataset.do];
}

function fact([name, words]) {
  const [term, value, text] = ["dt", "dd", "bdi"].map((tag) => document.createElement(tag));
  speak(term, name);
  put(text, words);
  value.append(text);
  return [term, value];
}

async function history(more, { id, version }) {
  more.dataset.version = version;
  const { status, data } = await call("GET", `house/requests/${id}/history`);
  if (!ok(status)) return;
  at(more, "history").replaceChildren(...data.history.map(({ at: moment, what: happened, who: name, to, words, via }) => {
    const line = document.createElement("li");
    const how = via || (to && (to === name ? "self" : "to"));
    speak(line, say(`was_${how ? `${happened}_${how}` : happened}`, { name: called(name), to, time: time(moment) }) || `${time(moment)} ${happened}`);
    if (words) {
      const text = document.createElement("bdi");
      put(text, words);
      line.append(" ", text);
    }
    return line;
  }));
}

function open(id, yes) {
  const row = rows.get(id);
  const more = at(row, "more");
  more.hidden = !yes;
  at(row, "sum").setAttribute("aria-expanded", String(yes));
  if (!yes) return;
  detail(more, requests.find(id));
  history(more, requests.find(id));
}

// What a notification was about: its line, opened, with the focus on it; false when it is not on the board.
export function reveal(id) {
  const row = rows.get(id);
  if (!row) return false;
  const folded = row.closest("details");
  if (folded) folded.open = true;
  open(id, true);
  at(row, "sum").focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}

const isOpened = (id) => !at(rows.get(id), "more").hidden;

// -- what is done ------------------------------------------------------------------------------------------
async function does(id, verb) {
  const request = requests.find(id);
  const row = rows.get(id);
  if (verb === "open") return open(id, !isOpened(id));
  if (isReadOnly) return undefined;
  if (verb === "stay") return pane.open("stay", request.stay_id);
  if (FORMS.includes(verb)) return ask(row, request, verb);
  if (verb === "next") return run(row, next(request));
  if (verb === "back") return back(request) && run(row, back(request));
  return run(row, verb);
}

const running = new Map(); // id -> what is being done with it; the next thing waits for that

function run(row, verb, body) {
  const { id } = row.dataset;
  const done = Promise.resolve(running.get(id)).then(() => finish(row, verb, body));
  running.set(id, done);
  return done;
}

async function finish(row, verb, body) {
  speak(at(row, "told"), "");
  const said = await act(row.dataset.id, verb, body, draw);
  if (said) {
    speak(at(row, "told"), said);
    at(row, "told").setAttribute("role", "alert");
  }
  if (isOpened(row.dataset.id)) open(row.dataset.id, true);
  return said;
}

// A form below the line, for what needs words or a name.
function ask(row, request, verb) {
  if (!isOpened(request.id)) open(request.id, true);
  const more = at(row, "more");
  FORMS.forEach((name) => name !== verb && more.querySelector(`[data-form=${name}]`)?.replaceChildren());
  const place = more.querySelector(`[data-form=${verb}]`);
  if (place.firstElementChild) return place.querySelector("select, textarea").focus();
  const form = part(verb);
  place.replaceChildren(form);
  const field = form.querySelector("select, textarea");
  if (verb === "assign") field.append(...people.of(request.property).map(choice));
  if (verb === "decline") ready(form, field, request);
  form.querySelector("[data-do=close]").addEventListener("click", (event) => {
    event.stopPropagation();
    close(row, place);
  });
  form.addEventListener("keydown", (event) => event.key === "Escape" && close(row, place));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!(await run(row, verb, { [field.name]: field.value }))) close(row, place);
  });
  return field.focus();
}

// Words of the house for a no, in the guest's language.
function ready(form, field, { stay_id: stay, contact_id: contact, property, service }) {
  answers(form.querySelector("[data-slot=answers]"), { stay, contact, property, service }, (text) => {
    field.value = text;
    field.focus();
  });
}

function close(row, place) {
  place.replaceChildren();
  at(row, "sum").focus();
}

function choice({ id, name, is_on_duty: isOnDuty }) {
  return new Option(isOnDuty ? label("on_duty_name", { name }) : plain(name), id);
}

// -- by keyboard -------------------------------------------------------------------------------------------
const current = () => document.activeElement?.closest?.(".row");
export const isAtOne = () => Boolean(current());

export function step(by) {
  const all = [...board.querySelectorAll(".row")].filter((row) => row.offsetParent);
  if (!all.length) return;
  const place = all.indexOf(current());
  const row = all[place < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, place + by))];
  at(row, "sum").focus();
  row.scrollIntoView({ block: "nearest" });
}

// Does something with the line that has the focus, or with the first.
export function key(verb) {
  const row = current() ?? board.querySelector(".row");
  if (!row) return;
  if (!current()) at(row, "sum").focus();
  does(row.dataset.id, verb);
}

// One stay beside the board: who, when, where, what was said of consent, what was asked for, what was written; and the
// form with which somebody asks for a guest at the desk or on the phone.
import { Asking } from "staff/asking.js";
import { call, ok, trouble } from "staff/house.js";
import * as pane from "staff/pane.js";
import { house } from "staff/people.js";
import { called, isFree, what } from "staff/wording.js";
import { at, hour, locale, part, plain, put, say, speak, time } from "staff/words.js";

const PAUSE = 250; // milliseconds between two looks
const day = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short" });
const tongues = new Intl.DisplayNames([locale], { type: "language", fallback: "code" });
const HOWS = { import: "how_import", page: "how_page", "first message": "how_wrote", START: "how_start" };
const noon = (on) => new Date(`${on}T12:00`);
const dayOf = (on) => day.format(noon(on));
let shown; // the panel: its place, its card, its id
let isReadOnly = false;
let timer;

pane.kinds({ stay: { draw, close, readOnly } });

async function draw(place, id) {
  const answer = await call("GET", `house/stays/${id}/card`);
  if (place.isOver()) return undefined;
  if (!ok(answer.status)) return failed(place, answer);
  const node = part("stay-card");
  node.className = "stay-card";
  shown = { id, node, place, asking: new Asking(node, id, () => again()) };
  place.body.replaceChildren(node);
  return fill(answer.data);
}

function failed(place, answer) {
  if (answer.status === 0) return pane.notKept(place);
  const line = document.createElement("p");
  line.className = "told";
  speak(line, trouble(answer));
  return place.body.replaceChildren(line);
}

function close() {
  clearTimeout(timer);
  shown = undefined;
}

function readOnly(yes) {
  isReadOnly = yes;
  if (!shown) return;
  shown.asking.readOnly(yes);
  shown.node.querySelectorAll(".first-words button").forEach((button) => (button.disabled = yes));
}

// What a frame tells of the stay that is shown is looked up again.
export function take({ requests = [], stays = [], conversations = [], gone = [] }) {
  if (!shown) return;
  const isOurs = [...requests, ...stays, ...conversations].some(({ stay_id: id }) => id === shown.id);
  if (!isOurs && !gone.includes(shown.id)) return;
  clearTimeout(timer);
  timer = setTimeout(again, PAUSE);
}

async function again() {
  const seen = shown;
  if (!seen) return;
  const answer = await call("GET", `house/stays/${seen.id}/card`);
  if (ok(answer.status) && shown === seen) fill(answer.data);
}

// -- what is on it -------------------------------------------------------------------------------------
function fill(card) {
  const { node, place, asking } = shown;
  const { line } = card;
  place.title(text(line.guest || line.stay));
  speak(at(node, "standing"), say(card.status === "confirmed" ? `phase_${card.phase}` : `status_${card.status}`));
  put(at(node, "reference"), [line.stay, card.code].filter(Boolean).join(" · "));
  at(node, "facts").replaceChildren(...facts(card).flatMap(fact));
  at(node, "guests").replaceChildren(...card.guests.map(person));
  at(node, "requests").replaceChildren(...card.requests.map(wish));
  speak(at(node, "no-requests"), card.requests.length ? "" : say("no_requests"));
  at(node, "talks").replaceChildren(...card.conversations.map(talk));
  speak(at(node, "no-talks"), card.conversations.length ? "" : say("no_talks"));
  asking.offer(card.services, card.currency);
  asking.readOnly(isReadOnly);
}

function facts(card) {
  const { line } = card;
  const nights = Math.round((noon(line.until_on) - noon(line.from_on)) / 86400000);
  const units = card.nights.map(({ unit }) => unit || say("no_unit"));
  const comes = line.expected ? say("comes_at", { time: hour(line.expected) }) : say("from", { time: hour(line.check_in) });
  return [
    ["dates", day.formatRange(noon(line.from_on), noon(line.until_on))],
    ["nights", nights],
    ["room", [house.count() > 1 && house.called(line.property), ...new Set(units)].filter(Boolean).join(" · ")],
    ["comes", comes],
    ["comes_how", card.arrival_note],
    ["goes", say("until", { time: hour(line.check_out) })],
    ["adults", line.adults],
    ["children", line.children],
    ["pets", card.pets],
    ["speaks", card.language && tongues.of(card.language)],
    ["booked_through", card.source === "direct" ? "" : card.source],
  ].filter(([, words]) => words);
}

function fact([name, words]) {
  const [term, value] = ["dt", "dd"].map((tag) => document.createElement(tag));
  speak(term, say(name));
  value.append(text(words));
  return [term, value];
}

function text(words) {
  const node = document.createElement("bdi");
  put(node, String(words));
  return node;
}

function person(guest) {
  const row = part("person");
  put(at(row, "name"), guest.name);
  speak(at(row, "role"), guest.role === "companion" ? say("companion") : "");
  const ways = [["tel:", guest.phone.replace(/[^+\d]/g, ""), guest.phone], ["mailto:", encodeURIComponent(guest.email), guest.email]];
  at(row, "ways").replaceChildren(...ways.filter(([, , words]) => words).map(way));
  const seen = [
    guest.opened_page ? say("opened_on", { day: dayOf(guest.opened_page) }) : say("page_not_opened"),
    guest.codes_seen && say("codes_seen_on", { day: dayOf(guest.codes_seen) }),
  ];
  speak(at(row, "seen"), seen.filter(Boolean).join(" · "));
  speak(at(row, "agreed"), consent(guest).join(" · "));
  firstWords(row, guest);
  return row;
}

// To whom nobody has written yet: a button for each channel that reaches them, or why there is none.
function firstWords(row, guest) {
  const open = guest.ways.filter(({ why_not: reason }) => !reason);
  const place = at(row, "write");
  place.hidden = !guest.ways.length;
  place.classList.toggle("soft", !open.length);
  if (!open.length) return speak(place, guest.ways.map(({ why_not: reason }) => reason).join(" "));
  const which = open.length > 1 ? { whatsapp: ` · ${say("by_whatsapp")}`, email: ` · ${say("by_email")}` } : {};
  return place.replaceChildren(...open.map(({ channel }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.disabled = isReadOnly;
    button.textContent = say("write_to_them") + (which[channel] ?? "");
    button.setAttribute("aria-label", `${button.textContent}: ${plain(guest.name)}`);
    button.addEventListener("click", () => write(row, button, { contact_id: guest.contact_id, channel }));
    return button;
  }));
}

// Begins the conversation, or finds the one that a colleague has begun meanwhile.
async function write(row, button, wanted) {
  const seen = shown;
  button.disabled = true;
  speak(at(row, "told"), "");
  const answer = await call("POST", `house/stays/${seen.id}/conversations`, wanted);
  if (shown !== seen) return undefined;
  if (ok(answer.status)) return pane.open("talk", answer.data.id);
  button.disabled = isReadOnly;
  return speak(at(row, "told"), trouble(answer));
}

function consent({ opted_in_at: since, opted_in_how: how, stopped }) {
  const agreed = since ? say("agreed", { day: day.format(new Date(since)), how: say(HOWS[how]) || how }) : say("agreed_not");
  const noes = stopped.map((channel) => say(`stopped_${channel}`)).filter(Boolean);
  return stopped.includes("whatsapp") ? noes : [agreed, ...noes];
}

function way([scheme, address, words]) {
  const link = document.createElement("a");
  link.href = scheme + address;
  link.append(text(words));
  return link;
}

function wish(request) {
  const row = part("wish");
  const { state, note, said } = request;
  speak(at(row, "urgent"), request.urgent ? say("urgent") : "");
  put(at(row, "what"), what(request));
  put(at(row, "gist"), [...said.map(([, words]) => words), !isFree(request) && note].filter(Boolean).join(" · "));
  const name = called(request.who);
  const words = { requested: "state_requested", accepted: "state_accepted" }[state] ?? `who_${state}`;
  speak(at(row, "state"), say(words, { name, time: time(request.asked_at) }) + (state === "requested" ? "" : ` · ${time(request.changed_at)}`));
  put(at(row, "reason"), request.reason);
  return row;
}

function talk({ id, who, channel, last }) {
  const row = part("card-talk");
  speak(at(row, "way"), say(channel === "email" ? "by_email" : "by_whatsapp"));
  put(at(row, "who"), who.name || who.phone || who.email);
  put(at(row, "last"), last ? `${time(last.at)} ${plain(last.text)}` : "");
  const button = row.querySelector("button");
  button.dataset.opens = `talk=${id}`;
  button.addEventListener("click", () => pane.open("talk", id));
  return row;
}

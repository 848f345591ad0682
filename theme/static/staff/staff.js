// The staff board: who is signed in, what is on it, how the line stands. Everything else is in the modules beside it.
import * as account from "staff/account.js";
import * as colleagues from "staff/colleagues.js";
import { answers } from "staff/answers.js";
import { enter } from "staff/entry.js";
import { call, ok, whenSignedOut } from "staff/house.js";
import { forget, keep, keepAgain, kept, mayBeHere } from "staff/kept.js";
import * as keys from "staff/keys.js";
import { Line } from "staff/line.js";
import * as menu from "staff/menu.js";
import * as pane from "staff/pane.js";
import { house, learn as learnPeople } from "staff/people.js";
import * as pin from "staff/pin.js";
import * as push from "staff/push.js";
import * as requests from "staff/requests.js";
import * as rows from "staff/rows.js";
import * as search from "staff/search.js";
import * as shift from "staff/shift.js";
import * as sound from "staff/sound.js";
import * as stay from "staff/stay.js";
import * as talks from "staff/talks.js";
import { apart } from "staff/talk_words.js";
import * as today from "staff/today.js";
import { called, stateOfLine, what } from "staff/wording.js";
import { announce, put, say, speak, time } from "staff/words.js";

const slot = (name) => document.querySelector(`[data-slot=${name}]`);
const board = document.querySelector("#board");
const AGES = 20000; // milliseconds
const ABOUT = /^#(request|talk|stay)=([\w-]+)$/;
const LANGUAGE = "guestlink:staff:language";
const tabs = globalThis.BroadcastChannel && new BroadcastChannel("guestlink-staff-sign-in");
const title = document.title;
const head = { me: slot("me").textContent, house: slot("house").textContent }; // while nobody is here
let session;
let shown; // the whole board, as it was read last
let line;

// -- coming and going ----------------------------------------------------------------------------------
async function start() {
  const isInvited = location.hash.startsWith("#in=");
  const isNobody = isInvited || !mayBeHere();
  const answer = isNobody ? { status: 401, data: {} } : await call("GET", "session");
  if (ok(answer.status)) return work(answer.data);
  const last = answer.status === 0 && (await kept());
  if (last) return look(last);
  if (answer.status === 401) await forget();
  return comeIn(answer.status === 0 ? say("no_line") : "");
}

async function comeIn(words = "") {
  board.hidden = true;
  document.body.dataset.at = "entry";
  document.title = title;
  const wanted = ABOUT.test(location.hash) ? location.hash : "";
  const found = await enter(words);
  if (wanted) history.replaceState(null, "", wanted);
  const { status, data } = found.user ? { status: 200, data: found } : await call("GET", "session");
  if (!ok(status)) return comeIn(say("no_line"));
  keepAgain();
  if (isOtherLanguage(data.user.language)) return location.replace(`/staff/${data.user.language}.html${wanted}`);
  return work(data);
}

// Somebody who never chose a language reads their own.
function isOtherLanguage(language) {
  const tags = [...document.querySelectorAll("[data-language]")].map((link) => link.dataset.language);
  try {
    return !localStorage.getItem(LANGUAGE) && language !== document.documentElement.lang && tags.includes(language);
  } catch {
    return false;
  }
}

function show(found) {
  session = found;
  requests.begin(found.user.id);
  talks.begin(found.user.id);
  house.learn(found.houses);
  put(slot("me"), found.user.name);
  speak(slot("house"), new Intl.ListFormat(document.documentElement.lang).format(house.names().map(apart)));
  document.body.dataset.at = "board";
  board.hidden = false;
  menu.item("colleagues").hidden = !colleagues.mayInvite(found);
  pane.begin();
}

async function work(found) {
  keepAgain();
  show(found);
  line = new Line({ reload, take, tell: told });
  await line.open();
  push.begin();
  sound.begin(() => session && requests.all().some((each) => each.urgent && requests.isNobodys(each)));
  reveal();
}

// The line of a request that the address names, as a notification does; then the address is the board's again.
function reveal() {
  const [, name, id] = ABOUT.exec(location.hash) ?? [];
  if (name !== "request" || !session) return;
  history.replaceState(history.state, "", location.pathname);
  if (!rows.reveal(id)) announce(say("not_there"));
}

// Without a connection: what was there last, to be read only, until the house answers.
async function look(last) {
  show(last.session);
  learn(last.board);
  talks.learn(last.board.talks);
  readOnly(true);
  told({ state: "offline", since: last.kept });
  draw();
  do await new Promise((resolve) => setTimeout(resolve, 5000));
  while ((await call("GET", "session")).status === 0);
  location.reload();
}

async function leave({ isOurs = true, words = "" } = {}) {
  if (isOurs) await call("DELETE", "session");
  tabs?.postMessage("left");
  gone(words);
}

function gone(words = "") {
  empty();
  comeIn(words);
}

// Nothing of who was here is left, on the screen and on the device.
function empty(how) {
  line?.close();
  line = shown = session = undefined;
  sound.end();
  navigator.clearAppBadge?.().catch(() => {});
  for (const each of [account, colleagues, pin]) each.close();
  learnPeople([]);
  for (const each of [pane, requests, today, talks, search, shift]) each.clear();
  rows.draw();
  for (const [name, words] of Object.entries(head)) put(slot(name), words);
  for (const name of ["line", "stale", "heard"]) slot(name).textContent = "";
  return forget(how);
}

// Somebody else goes on here, in all tabs.
async function become({ user }) {
  tabs?.postMessage("other");
  await again(isOtherLanguage(user.language) ? `/staff/${user.language}.html` : location.pathname);
}

async function again(path = location.pathname) {
  await empty({ isOther: true });
  if (path !== location.pathname) return location.replace(path);
  history.replaceState(null, "", path);
  return location.reload();
}

whenSignedOut(() => session && gone(say("session_over")));
tabs?.addEventListener("message", ({ data }) => session && (data === "other" ? again() : gone()));
slot("leave").addEventListener("click", () => leave());
account.whenEnded(() => leave());
pin.whenChanged(become);
menu.listen({ switch: pin.ask, account: account.open, colleagues: () => colleagues.open(session) });
for (const link of document.querySelectorAll("[data-language]")) {
  link.addEventListener("click", () => {
    try {
      localStorage.setItem(LANGUAGE, link.dataset.language);
    } catch {}
  });
}

// -- what is on it -------------------------------------------------------------------------------------
async function reload() {
  const answer = await call("GET", "house/board");
  if (!ok(answer.status) || !session) return undefined;
  readOnly(false);
  heard(learn(answer.data));
  await talks.reload(answer.data.conversations_waiting);
  return answer.data.position;
}

function learn(found) {
  shown = found;
  learnPeople(found.duty);
  today.learn([...found.arrivals, ...found.departures], { whole: true, on: found.today });
  shift.learn(found.note);
  const fresh = requests.learn(found.requests, { whole: true });
  draw();
  return fresh;
}

function take(frame) {
  const before = talks.waits();
  frame.gone?.forEach((id) => (requests.forget(id), today.forget(id)));
  today.learn(frame.stays ?? []);
  heard(requests.learn(frame.requests ?? []));
  talks.take(frame);
  stay.take(frame);
  if (talks.waits() > before) sound.play("fresh");
  draw();
}

// Says what others did; what was done here is on the screen already.
function heard(fresh) {
  for (const { request, before } of fresh) {
    if (requests.isMine(request)) continue;
    if (!before && requests.isNobodys(request)) sound.play(request.urgent ? "urgent" : "fresh");
    else push.hush(`request=${request.id}`);
    const about = { what: what(request), unit: request.unit || say("no_unit"), name: called(request.who) };
    if (!before) announce(say(request.urgent ? "heard_urgent" : "heard_new", about));
    else if (before.state !== request.state) announce(say(`heard_${request.state}`, about));
  }
}

function draw() {
  rows.draw();
  today.draw();
  shift.draw();
  talks.draw();
  const waiting = requests.waiting().length + talks.waits();
  navigator.setAppBadge?.(waiting).catch(() => {});
  document.title = waiting ? `(${waiting}) ${title}` : title;
  const { arrivals, departures } = today.counts();
  speak(slot("empty"), say("empty", { arrivals, departures }));
  slot("empty").hidden = requests.open().length > 0;
  if (session && shown) keep(() => ({ session, board: now() }));
}

const now = () => ({ ...shown, requests: requests.all(), arrivals: today.all(), departures: [], note: shift.all(), talks: talks.all() });

// -- how the line stands ---------------------------------------------------------------------------------
function told(standing) {
  if (!session) return;
  const place = slot("line");
  const words = stateOfLine(standing);
  place.dataset.is = standing.state;
  if (place.textContent !== words) place.textContent = words;
  const isOffline = standing.state === "offline";
  readOnly(isOffline);
  slot("stale").hidden = !isOffline;
  if (isOffline) speak(slot("stale"), say("as_of", { time: time(standing.since) }));
}

let isReadOnly = false;

function readOnly(yes) {
  if (yes === isReadOnly) return;
  isReadOnly = yes;
  board.classList.toggle("still", yes);
  rows.readOnly(yes);
  today.readOnly(yes);
  shift.readOnly(yes);
  talks.readOnly(yes);
  pane.readOnly(yes);
}

keys.listen({
  j: () => rows.step(1),
  k: () => rows.step(-1),
  ArrowDown: () => rows.isAtOne() && rows.step(1),
  ArrowUp: () => rows.isAtOne() && rows.step(-1),
  a: () => rows.key("next"),
  u: () => rows.key("back"),
  x: () => rows.key("decline"),
  w: () => rows.key("assign"),
  n: () => rows.key("note"),
  o: () => rows.key("open"),
  c: () => talks.next(),
  s: () => rows.key("stay"),
  "/": () => search.focus(),
});
talks.onComposer((place, { insert, ...about }) => answers(place, about, insert));
setInterval(() => session && draw(), AGES);
addEventListener("hashchange", reveal);
navigator.serviceWorker?.register("/staff/sw.js", { scope: "/staff/" }).catch(() => {});
start();

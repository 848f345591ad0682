// One conversation in the pane: who it is with, what was said, what may be written. It stays where somebody reads.
import { Bubbles } from "staff/bubbles.js";
import { Composer, forgetDrafts, holders, houses } from "staff/composer.js";
import * as conversations from "staff/conversations.js";
import { call, ok, trouble } from "staff/house.js";
import * as pane from "staff/pane.js";
import { house } from "staff/people.js";
import { apart, tongue, whose } from "staff/talk_words.js";
import { announce, at, label, part, put, say, speak } from "staff/words.js";

const NEAR = 60; // pixels from the end that still count as the end
const TICK = 20000;
const onTheirWay = new Map(); // id -> messages that were sent here and are not answered yet
let here; // what is open

export const kind = { draw, close, readOnly };
export const isOpen = (id) => here?.id === id;
const path = (id, more = "") => `house/conversations/${encodeURIComponent(id)}${more}`;

function draw(place, id) {
  const node = part("talk");
  here = { id, place, node, messages: new Map(), isReadOnly: false, news: 0 };
  here.bubbles = new Bubbles(at(node, "bubbles"), decide);
  const known = conversations.find(id);
  place.title(titled(known));
  at(node, "older").addEventListener("click", older);
  at(node, "news").addEventListener("click", () => toEnd(true));
  at(node, "log").addEventListener("scroll", () => isAtEnd() && settle());
  begin();
}

async function begin() {
  const mine = here;
  const { node, place } = here;
  speak(at(node, "told"), say("moment"));
  place.body.replaceChildren(node);
  const answer = await call("GET", path(here.id));
  if (here !== mine) return;
  if (!ok(answer.status)) return answer.status === 0 ? pane.notKept(place) : speak(at(node, "told"), trouble(answer));
  learn(answer.data);
  toEnd();
}

function titled(talk) {
  const title = document.createElement("bdi");
  const named = talk && [house.count() > 1 && house.called(talk.property), talk.unit].filter(Boolean).map(apart);
  speak(title, talk ? [...named, whose(talk)].join(" · ") : say("conversation"));
  return title;
}

function close() {
  clearTimeout(here?.timer);
  here = undefined;
}

export function clear() {
  close();
  onTheirWay.clear();
  forgetDrafts();
}

function readOnly(yes) {
  if (!here) return;
  here.isReadOnly = yes;
  here.composer?.readOnly(yes);
  if (here.thread) show();
  else if (!yes && !here.node.isConnected) begin();
}

// -- what is known of it ------------------------------------------------------------------------------------
// Changes elsewhere: `ids` of conversations that moved, or somebody is typing.
export function moved(ids) {
  if (!here?.thread) return undefined;
  if (ids.includes(here.id)) return refresh();
  return showWriters();
}

// The newest of it again; a call that comes meanwhile asks once more afterwards.
export async function refresh() {
  const mine = here;
  if (!mine?.thread) return undefined;
  if (mine.isAsking) return void (mine.isAgain = true);
  mine.isAsking = true;
  const answer = await call("GET", path(mine.id));
  mine.isAsking = false;
  if (here !== mine) return undefined;
  if (ok(answer.status)) learn(answer.data);
  if (!mine.isAgain) return undefined;
  mine.isAgain = false;
  return refresh();
}

// Takes the newest page: what came while somebody reads above is counted, not jumped to.
function learn(thread) {
  const { node, messages } = here;
  const wasAtEnd = !here.thread || isAtEnd();
  const isFirst = !here.thread;
  const fresh = thread.messages.filter(({ id, direction }) => direction === "in" && !messages.has(id));
  const isBroken = !isFirst && thread.messages.length && ![...thread.messages].some(({ id }) => messages.has(id));
  if (isBroken) messages.clear();
  thread.messages.forEach((each) => messages.set(each.id, each));
  here.next = isFirst || isBroken ? thread.next : here.next;
  here.thread = { ...thread, next: here.next };
  if (isFirst) compose(thread);
  else here.composer.show(thread);
  show();
  if (wasAtEnd) toEnd();
  else here.news += fresh.length;
  if (!isFirst) fresh.forEach(({ text }) => announce(say("heard_here", { words: text || say("kind_else") })));
  speak(at(node, "told"), "");
  news();
  tick();
}

function compose(thread) {
  const keys = (onTheirWay.get(here.id) ?? []).map(({ key }) => key);
  here.composer = new Composer({ id: here.id, thread, keys, send, note });
  if (here.isReadOnly) here.composer.readOnly(true);
  at(here.node, "composer").replaceWith(here.composer.node);
}

function show() {
  const { node, thread, place } = here;
  place.title(titled(thread));
  facts(thread);
  here.bubbles.draw({ thread, messages: sorted(), pending: onTheirWay.get(here.id) ?? [], isReadOnly: here.isReadOnly });
  at(node, "older").hidden = !here.next || here.isReadOnly;
  holders(at(node, "holder"), thread, { isReadOnly: here.isReadOnly, assign });
  houses(at(node, "houses"), thread, { isReadOnly: here.isReadOnly, give });
  showWriters();
}

const sorted = () => [...here.messages.values()].sort((one, other) => (one.id < other.id ? -1 : 1));

function facts({ channel, language, who, stay_id: stayId }) {
  const isMail = channel === "email";
  const address = isMail ? who.email || who.phone : who.phone || who.email;
  const known = [say(isMail ? "on_mail" : "on_whatsapp"), address, tongue(language)];
  speak(at(here.node, "facts"), known.filter(Boolean).map(apart).join(" · "));
  const { acts } = here.place;
  if (!stayId || !pane.knows("stay")) return acts.replaceChildren();
  const button = acts.firstElementChild ?? document.createElement("button");
  Object.assign(button, { type: "button", textContent: say("open_stay"), onclick: () => pane.open("stay", stayId) });
  return acts.firstElementChild || acts.append(button);
}

function showWriters() {
  const names = conversations.writers(here.id);
  speak(at(here.node, "writers"), names.length ? say("writes", { name: names[0] }) : "");
  clearTimeout(here.writers);
  if (names.length) here.writers = setTimeout(() => here?.thread && showWriters(), 1000);
}

// The window runs down while somebody looks.
function tick() {
  clearTimeout(here.timer);
  here.timer = setTimeout(() => {
    if (!here?.thread) return;
    const until = here.thread.window.open_until;
    if (until && new Date(until) <= Date.now()) return void refresh();
    here.composer.show(here.thread);
    tick();
  }, TICK);
}

// -- where somebody reads -----------------------------------------------------------------------------------
const log = () => at(here.node, "log");
const isAtEnd = () => log().scrollHeight - log().scrollTop - log().clientHeight < NEAR;

function toEnd(isAsked = false) {
  log().scrollTop = log().scrollHeight;
  settle();
  if (isAsked) log().focus();
}

function settle() {
  here.news = 0;
  news();
}

function news() {
  const button = at(here.node, "news");
  speak(button, here.news ? label("news", { n: here.news }) : "");
}

async function older() {
  const mine = here;
  const answer = await call("GET", `${path(mine.id)}?before=${encodeURIComponent(mine.next)}`);
  if (here !== mine) return;
  if (!ok(answer.status)) return void announce(trouble(answer));
  const [height, top] = [log().scrollHeight, log().scrollTop];
  answer.data.messages.forEach((each) => mine.messages.has(each.id) || mine.messages.set(each.id, each));
  mine.next = answer.data.next;
  mine.thread.next = mine.next;
  show();
  log().scrollTop = top + log().scrollHeight - height;
  if (!mine.next) log().focus();
}

// -- what is done -------------------------------------------------------------------------------------------
// The bubble stands at once; what the house refuses is taken back with the reason, what nobody knows of can be sent again.
async function send({ text, key }) {
  const { id, composer } = here;
  const waiting = { id: `~${key}`, key, direction: "out", by: say("you"), kind: "text", text, media: null, place: null, at: new Date().toISOString(), receipt: "", state: "waiting", reason: "", automatic: false, answers: "", isUnknown: false };
  const before = (onTheirWay.get(id) ?? []).filter((each) => each.key !== key);
  onTheirWay.set(id, [...before, waiting]);
  composer.keep({ text, key });
  redraw(id, true);
  const answer = await call("POST", path(id, "/messages"), { text, key });
  const left = (onTheirWay.get(id) ?? []).filter((each) => each.key !== key);
  if (answer.status === 0) left.push({ ...waiting, isUnknown: true });
  onTheirWay.set(id, left);
  if (ok(answer.status)) {
    composer.drop();
    if (isOpen(id)) learn(answer.data);
    return;
  }
  redraw(id);
  if (answer.status !== 0 && here?.composer === composer) composer.giveBack(text, trouble(answer));
}

function redraw(id, isEnd = false) {
  if (!isOpen(id) || !here.thread) return;
  show();
  if (isEnd) toEnd();
}

async function decide(message, noun, button) {
  if (message.key) return noun === "retry" ? send(message) : leave(message);
  const { id } = here;
  button.disabled = true;
  const answer = await call("POST", path(id, `/messages/${message.id}/${noun}`));
  button.disabled = false;
  return after(id, answer);
}

function leave({ key }) {
  onTheirWay.set(here.id, onTheirWay.get(here.id).filter((each) => each.key !== key));
  here.composer.drop();
  redraw(here.id);
}

async function note(words) {
  const { id } = here;
  const answer = await call("POST", path(id, "/notes"), { words });
  after(id, answer, { isTold: false });
  return ok(answer.status) ? undefined : trouble(answer);
}

async function assign(to) {
  const { id } = here;
  after(id, await call("PUT", path(id, "/assignment"), { to }));
}

async function give(property) {
  const { id } = here;
  after(id, await call("PUT", path(id, "/house"), { property }));
}

function after(id, answer, { isTold = true } = {}) {
  if (!isOpen(id)) return;
  if (ok(answer.status)) learn(answer.data);
  else {
    show();
    if (isTold) here.composer.tell(trouble(answer));
  }
}

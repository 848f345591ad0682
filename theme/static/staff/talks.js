// Conversations with guests, one line each: whoever waits for a person first, the others below; one opens in the pane.
import { onComposer } from "staff/composer.js";
import * as conversations from "staff/conversations.js";
import { call, ok } from "staff/house.js";
import * as pane from "staff/pane.js";
import { house, nameOf } from "staff/people.js";
import * as talk from "staff/talk.js";
import { whose, wordsOf } from "staff/talk_words.js";
import { age, announce, at, part, put, say, speak } from "staff/words.js";

const section = document.querySelector(".talks");
const slot = (name) => section.querySelector(`[data-slot=${name}]`);
const lists = { waiting: slot("talks-waiting"), others: slot("talks-others") };
const rows = new Map(); // id -> its line
const LONG = 5 * 60000; // milliseconds that a guest waits until the line weighs more
const A_FEW = 20;
let following; // where older ones begin
let isReadOnly = false;

export { onComposer };
export const all = conversations.all;
export const waits = conversations.waits;

// The line of what is open is marked, whoever opened it.
function opens(place, id) {
  talk.kind.draw(place, id);
  draw();
}

function closes() {
  talk.kind.close();
  draw();
}

pane.kinds({ talk: { ...talk.kind, draw: opens, close: closes } });

export function begin(user) {
  conversations.begin(user);
}

// Reads the lists again, after the whole board was read.
export async function reload(counted) {
  const [waiting, newest] = await Promise.all([
    call("GET", "house/conversations?waiting=true"),
    call("GET", `house/conversations?most=${A_FEW}`),
  ]);
  if (!ok(waiting.status) || !ok(newest.status)) return;
  following = newest.data.next;
  heard(conversations.learn([...newest.data.conversations, ...waiting.data.conversations], { whole: true, waiting: counted }));
  talk.refresh();
  draw();
}

// What was kept on this device.
export function learn(found) {
  conversations.learn(found ?? [], { whole: true });
}

export function take(frame) {
  frame.gone?.forEach(conversations.forget);
  conversations.hear(frame.typing ?? []);
  const found = frame.conversations ?? [];
  heard(conversations.learn(found));
  if (found.length || frame.typing?.length) talk.moved(found.map(({ id }) => id));
  if (frame.typing?.length) setTimeout(draw, 8100);
}

export function clear() {
  conversations.clear();
  talk.clear();
  following = undefined;
  draw();
}

export function readOnly(yes) {
  isReadOnly = yes;
  draw();
}

function heard(fresh) {
  for (const each of fresh) {
    if (!talk.isOpen(each.id)) announce(say("heard_wrote", { name: whose(each), unit: each.unit || say("no_unit"), words: wordsOf(each.waits_for ?? each.last) }));
  }
}

// -- the lines ---------------------------------------------------------------------------------------------
export function draw() {
  const shown = { waiting: conversations.waiting(), others: conversations.others() };
  const focused = document.activeElement;
  for (const [name, list] of Object.entries(lists)) {
    shown[name].forEach((each, place) => {
      const row = rows.get(each.id) ?? made(each.id);
      if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
      fill(row, each);
    });
    list.hidden = !shown[name].length;
  }
  for (const [id, row] of rows) {
    if (conversations.find(id)) continue;
    row.remove();
    rows.delete(id);
  }
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  slot("talks-none").hidden = shown.waiting.length > 0;
  put(slot("talks-count"), shown.waiting.length ? String(conversations.waits()) : "");
  lists.others.closest("details").hidden = !shown.others.length;
  slot("talks-more").hidden = !following || isReadOnly;
}

function made(id) {
  const row = part("talk-line");
  at(row, "sum").dataset.opens = `talk=${id}`;
  at(row, "sum").addEventListener("click", () => pane.open("talk", id));
  rows.set(id, row);
  return row;
}

function fill(row, each) {
  const since = each.waiting_since;
  const named = each.property ? house.called(each.property) : say("no_house");
  row.dataset.weight = !since ? (each.unsent ? "fresh" : "calm") : Date.now() - new Date(since) < LONG ? "fresh" : "long";
  row.classList.toggle("open", pane.isAt("talk", each.id));
  put(at(row, "age"), age(since ?? each.last?.at ?? each.heard_at ?? Date.now()));
  put(at(row, "house"), house.count() > 1 ? named : "");
  put(at(row, "unit"), each.unit || (house.count() > 1 ? "" : "–"));
  speak(at(row, "guest"), whose(each));
  put(at(row, "what"), wordsOf(each.waits_for ?? each.last));
  speak(at(row, "who"), who(each));
  const lost = each.unsent - each.in_doubt;
  speak(at(row, "unsent"), [lost > 0 && say("fate_dead"), each.in_doubt > 0 && say("fate_in_doubt")].filter(Boolean).join(" · "));
}

function who(each) {
  const writers = conversations.writers(each.id);
  if (writers.length) return say("writes", { name: writers[0] });
  if (each.assigned_to) return say("has_it", { name: conversations.isMine(each) ? say("you") : nameOf(each.assigned_to) });
  return each.waiting_since ? say("waits") : "";
}

slot("talks-more").addEventListener("click", async () => {
  const { status, data } = await call("GET", `house/conversations?most=${A_FEW}&before=${following}`);
  if (!ok(status)) return;
  following = data.next;
  conversations.learn(data.conversations);
  draw();
});

// By a key: the conversation after the one that is open, else the one that waits longest.
export function next() {
  const found = [...conversations.waiting(), ...conversations.others()];
  if (!found.length) return false;
  const place = found.findIndex(({ id }) => pane.isAt("talk", id));
  return pane.open("talk", found[(place + 1) % found.length].id);
}

// Conversations as this tab knows them, in one line each; and who of the house is writing a reply in which.
const WRITES = 8000; // milliseconds for which a key that somebody pressed counts

const MOST = 50; // that a list holds

const known = new Map();
const typing = new Map(); // id -> who writes there, and until when
let me = "";
let count = 0; // how many wait, as the house counted

export const begin = (user) => (me = user);
export const isMine = ({ assigned_to: holder }) => Boolean(me) && holder === me;
export const myself = () => me;
export const find = (id) => known.get(id);
export const all = () => [...known.values()];

// Takes conversations; gives those in which a guest has said something new.
export function learn(found, { whole = false, waiting } = {}) {
  const before = new Map(known);
  if (whole) known.clear();
  if (waiting !== undefined) count = waiting;
  const fresh = [];
  for (const talk of found) {
    const [last, now] = [before.get(talk.id)?.last?.at ?? "", talk.last?.at ?? ""];
    known.set(talk.id, now < last ? before.get(talk.id) : talk);
    if (now > last && talk.last.direction === "out" && !talk.last.automatic) typing.delete(talk.id);
    if (before.size && (talk.heard_at ?? "") > (before.get(talk.id)?.heard_at ?? "")) fresh.push(talk);
  }
  return fresh;
}

export const forget = (id) => known.delete(id);

export function clear() {
  known.clear();
  typing.clear();
  count = 0;
}

const stamp = (talk) => talk.last?.at ?? "";
const since = (talk) => talk.waiting_since ?? stamp(talk);
// A guest waits for a person, or what a person wrote last did not arrive.
const isLost = ({ unsent, last }) => unsent > 0 && last?.direction === "out" && !last.automatic;
const needs = (talk) => Boolean(talk.waiting_since) || isLost(talk);
export const waiting = () => all().filter(needs).sort((one, other) => (since(one) < since(other) ? -1 : 1));
export const others = () => all().filter((talk) => !needs(talk)).sort((one, other) => (stamp(one) > stamp(other) ? -1 : 1));

// How many wait for a person, also those that are not on the list.
export const waits = () => Math.max(waiting().length, all().length < MOST ? 0 : count);

export function hear(lines) {
  for (const { conversation_id: id, by, who } of lines) {
    if (by === me) continue;
    if (!typing.has(id)) typing.set(id, new Map());
    typing.get(id).set(by, { who, until: Date.now() + WRITES });
  }
}

export function writers(id) {
  return [...(typing.get(id)?.values() ?? [])].filter(({ until }) => until > Date.now()).map(({ who }) => who);
}

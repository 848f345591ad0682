// What is asked for, as this tab knows it: what the house said last, and over it what was done here and is not answered yet.
export const OPEN = ["requested", "accepted"];
const LINGER = 12000; // milliseconds that a finished line stays where it is, its undo beside it

const known = new Map();
const moves = new Map(); // id -> the state that was said here and is on its way
const lingering = new Map(); // id -> until when
let me = "";

export const begin = (user) => (me = user);
export const isMine = (request) => request.by === me;
export const isForMe = (request) => Boolean(me) && request.assigned_to === me;
export const myself = () => me;
export const find = (id) => known.get(id);

// Takes requests; gives those that are news to somebody who looks at the board.
export function learn(requests, { whole = false } = {}) {
  const fresh = [];
  const first = known.size === 0 && whole;
  for (const request of requests) {
    const before = known.get(request.id);
    if (before && before.version >= request.version) continue;
    known.set(request.id, request);
    if (!first) fresh.push({ request, before });
  }
  if (whole) {
    const ids = new Set(requests.map(({ id }) => id));
    [...known.keys()].forEach((id) => ids.has(id) || forget(id));
  }
  return fresh;
}

export function forget(id) {
  known.delete(id);
  moves.delete(id);
}

export function clear() {
  known.clear();
  moves.clear();
  lingering.clear();
}

export const stateOf = (request) => moves.get(request.id) ?? request.state;
export const isMoving = (request) => moves.has(request.id);
export const move = (id, state) => moves.set(id, state);
export const settle = (id) => moves.delete(id);

export function linger(id) {
  lingering.set(id, Date.now() + LINGER);
  return LINGER;
}

export const isOpen = (request) => OPEN.includes(stateOf(request));
const stays = ({ id }) => (lingering.get(id) ?? 0) > Date.now();
export const all = () => [...known.values()];
const byAge = (one, other) => other.urgent - one.urgent || (one.asked_at < other.asked_at ? -1 : 1);

export const open = () => all().filter((each) => isOpen(each) || stays(each)).sort(byAge);
export const closed = () => all().filter((each) => !isOpen(each) && !stays(each)).sort((one, other) => (one.changed_at > other.changed_at ? -1 : 1));
// Whether nobody does it yet: it waits for an answer, or the house has promised it by itself.
export const isNobodys = (each) => isOpen(each) && !each.assigned_to && (stateOf(each) === "requested" || each.who === "the house");
// What the house has promised by itself and nobody does yet: it waits like what is not answered.
export const isPromised = (each) => isNobodys(each) && stateOf(each) === "accepted";
export const waiting = () => all().filter((each) => stateOf(each) === "requested" || isPromised(each));

// How much a line weighs: the nearer the end of the house's own time for an answer, the more.
export function weight(request) {
  if (stateOf(request) !== "requested" && !isPromised(request)) return "calm";
  if (!request.due_at) return "fresh"; // opened again here: the house has not said until when yet
  const [asked, due, now] = [+new Date(request.asked_at), +new Date(request.due_at), Date.now()];
  if (now >= due) return "overdue";
  return now >= (asked + due) / 2 ? "long" : "fresh";
}

// How long an answer is overdue, in milliseconds.
export const over = ({ due_at: due }) => Date.now() - new Date(due);

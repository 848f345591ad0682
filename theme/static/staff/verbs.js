// What is done with a request: said at once, sent behind it, taken back with a name when somebody was faster.
import { call, ok, trouble } from "staff/house.js";
import * as requests from "staff/requests.js";
import { called } from "staff/wording.js";
import { say, time } from "staff/words.js";

// Verb -> the noun of its route, and the state that it leads to.
const VERBS = {
  accept: ["acceptance", "accepted"],
  done: ["completion", "completed"],
  decline: ["decline", "declined"],
  reopen: ["reopening", "requested"],
  release: ["release", "requested"],
  assign: ["assignment"],
  take: ["assignment"],
  note: ["notes"],
};
const NEXT = { requested: "accept", accepted: "done", completed: "reopen", declined: "reopen" };
const BACK = { accepted: "release", completed: "reopen", declined: "reopen" };
const MOMENT = 4.5 * 60000; // an acceptance can be given back for five minutes, unless it changed the stay

export const next = (request) => (requests.isPromised(request) ? "take" : NEXT[requests.stateOf(request)]);
// What takes back what this person did last.
export function back(request) {
  if (!requests.isMine(request) || requests.isMoving(request)) return undefined;
  const isLate = request.changes || Date.now() - new Date(request.changed_at) > MOMENT;
  return request.state === "accepted" && isLate ? undefined : BACK[request.state];
}

// Does it; `draw` is called whenever the lines have changed. Gives undefined when it is done, else why not, in words.
export async function act(id, verb, body, draw) {
  const request = requests.find(id);
  if (!request || requests.isMoving(request)) return undefined;
  const [noun, state] = VERBS[verb];
  requests.move(id, state ?? request.state);
  if (state && !requests.OPEN.includes(state)) setTimeout(draw, requests.linger(id) + 50);
  draw();
  const seen = ["note", "assign"].includes(verb) ? {} : { version: request.version };
  const more = verb === "take" ? { to: requests.myself() } : body;
  const answer = await call("POST", `house/requests/${id}/${noun}`, { ...seen, ...more });
  requests.settle(id);
  if (ok(answer.status)) requests.learn([answer.data]);
  if (answer.data.request) requests.learn([answer.data.request]);
  draw();
  if (ok(answer.status)) return undefined;
  return answer.data.faster ? faster(answer.data) : trouble(answer);
}

const FASTER = ["accepted", "completed", "declined", "cancelled", "reopened", "assigned"];

export function faster({ faster: { what, who, at }, request }) {
  const name = FASTER.includes(what) ? `faster_${what}` : "faster";
  return say(name, { name: called(who), time: time(at), what: request.what });
}

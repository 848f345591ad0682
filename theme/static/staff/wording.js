// Sentences that are put together from what the house says in its own words.
import { say, time } from "staff/words.js";

// The house's word for who is nobody by name.
export function called(who) {
  if (who === "the guest") return say("the_guest");
  if (who === "the house") return say("the_house");
  return who;
}

export function stateOfLine({ state, since }) {
  return say(`line_${state}`, { time: time(since) });
}

// What has no service is called by its code, or is what the guest wrote.
export const isFree = (request) => !request.service && !request.secret && Boolean(request.note);

export function what(request) {
  if (isFree(request)) return request.note;
  if (request.secret && !request.service) return say("fails", { what: say(`code_${request.secret}`) || request.secret.replaceAll("-", " ") });
  return request.service || request.what !== "anything else" ? request.what : say("anything");
}

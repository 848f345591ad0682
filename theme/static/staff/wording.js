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

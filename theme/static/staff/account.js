// How somebody comes in, seen by themselves: where they are signed in, their passkeys. Everything can be ended.
import { addPasskey, hasPasskeys } from "staff/entry.js";
import { call, ok, trouble } from "staff/house.js";
import * as pin from "staff/pin.js";
import { at, date, label, part, put, say, speak, time } from "staff/words.js";

const dialog = document.querySelector("#account");
const slot = (name) => dialog.querySelector(`[data-slot=${name}]`);
const others = dialog.querySelector("[data-do=end-others]");
let sessions = [];
let whenOver; // told when the session of this device was ended here

export const whenEnded = (told) => (whenOver = told);

export async function open() {
  speak(slot("account-told"), "");
  speak(slot("passkey-told"), "");
  slot("passkey").hidden = slot("passkeys-part").hidden = !hasPasskeys;
  dialog.showModal();
  await Promise.all([readSessions(), readPasskeys(), pin.show()]);
}

export function close() {
  dialog.close();
  for (const name of ["sessions", "passkeys"]) slot(name).replaceChildren();
  pin.close();
}

// A session in words: on which browser, by which way, since when.
export function described({ browser, how, made_at: made, seen_at: seen }) {
  return { name: browser || say("some_browser"), more: `${say(`came_${how}`, { time: moment(made) })} ${say("last_seen", { time: moment(seen) })}` };
}

const A_WEEK = 7 * 24 * 3600 * 1000;
const moment = (then) => (Date.now() - new Date(then) < A_WEEK ? time(then) : date(then));

export function thing({ name, more }) {
  const row = part("thing");
  put(at(row, "name"), name);
  speak(at(row, "more"), more);
  return row;
}

async function readSessions() {
  const answer = await call("GET", "sessions");
  if (!ok(answer.status)) return speak(slot("account-told"), trouble(answer));
  sessions = answer.data.sessions.sort((one, other) => other.is_this - one.is_this);
  slot("sessions").replaceChildren(...sessions.map((session) => {
    const told = described(session);
    const row = thing(told);
    speak(at(row, "is-this"), session.is_this ? say("this_device") : "");
    button(at(row, "end"), session.is_this ? "do_leave" : "do_leave_there", told, () => end([session]));
    return row;
  }));
  others.hidden = sessions.length < 2;
}

function button(node, words, { name, more }, does) {
  node.textContent = say(words);
  node.setAttribute("aria-label", label("do_what_to", { verb: say(words), what: `${name}, ${more}` }));
  node.addEventListener("click", does);
}

async function end(those) {
  const here = those.find((session) => session.is_this);
  if (here) return whenOver();
  for (const { id } of those) {
    const answer = await call("DELETE", `sessions/${id}`);
    if (!ok(answer.status) && answer.status !== 404) return speak(slot("account-told"), trouble(answer));
  }
  await readSessions();
  return slot("sessions").querySelector("button").focus();
}

async function readPasskeys() {
  if (!hasPasskeys) return;
  const answer = await call("GET", "passkeys");
  if (!ok(answer.status)) return speak(slot("account-told"), trouble(answer));
  slot("passkeys").replaceChildren(...answer.data.passkeys.map(({ id, made_at: made, used_on: used }, place) => {
    const told = { name: label("passkey_number", { number: place + 1 }), more: `${say("made_on", { time: date(made) })} ${used ? say("used_on", { time: date(`${used}T12:00`) }) : say("never_used")}` };
    const row = thing(told);
    button(at(row, "end"), "do_remove", told, () => forget(id));
    return row;
  }));
}

async function forget(id) {
  const answer = await call("DELETE", `passkeys/${id}`);
  if (!ok(answer.status) && answer.status !== 404) return speak(slot("account-told"), trouble(answer));
  await readPasskeys();
  speak(slot("passkey-told"), say("passkey_removed"));
  return slot("passkey").focus();
}

others.addEventListener("click", () => end(sessions.filter((session) => !session.is_this)));
slot("passkey").addEventListener("click", async () => {
  speak(slot("passkey-told"), await addPasskey());
  await readPasskeys();
});

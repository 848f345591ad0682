// For who runs a house: a link by which a colleague comes in, where they are signed in, and the end of it.
import { described, thing } from "staff/account.js";
import { call, ok, trouble } from "staff/house.js";
import { house, people } from "staff/people.js";
import { at, label, part, put, say, speak } from "staff/words.js";

const dialog = document.querySelector("#colleagues");
const list = dialog.querySelector("[data-slot=colleagues]");
const told = dialog.querySelector("[data-slot=colleagues-told]");
const RANKS = ["staff", "manager", "host"];
const rank = (role) => RANKS.indexOf(role);

export const mayInvite = ({ houses }) => houses.some(({ role }) => rank(role) >= rank("manager"));

export function open({ user, houses }) {
  speak(told, "");
  const mine = new Map(houses.map(({ slug, role }) => [slug, rank(role)]));
  const found = new Map();
  for (const slug of mine.keys()) for (const each of people.of(slug)) found.set(each.id, [...(found.get(each.id) ?? []), each]);
  const mayDo = (theirs) => theirs.some(({ property }) => mine.get(property) >= rank("manager")) && theirs.every(({ property, role }) => mine.get(property) >= rank(role));
  list.replaceChildren(...[...found].filter(([id, theirs]) => id !== user.id && mayDo(theirs)).map(([id, theirs]) => line(id, theirs)));
  if (!list.children.length) speak(told, say("no_colleague"));
  dialog.showModal();
}

export function close() {
  dialog.close();
  list.replaceChildren();
}

dialog.addEventListener("close", () => list.replaceChildren()); // a link is shown once

function line(id, theirs) {
  const row = part("colleague");
  const [{ name }] = theirs;
  put(at(row, "name"), name);
  const words = theirs.map(({ property, role }) => (house.count() > 1 ? `${house.called(property)}: ${say(`role_${role}`)}` : say(`role_${role}`)));
  put(at(row, "more"), words.join(" · "));
  const does = { invite: () => invite(row, id, name), copy: () => copy(row), sessions: () => unfold(row, id), "end-all": () => endAll(row, id, name) };
  for (const button of row.querySelectorAll("[data-do]")) {
    button.setAttribute("aria-label", label("do_what_to", { verb: button.textContent, what: name }));
    button.addEventListener("click", does[button.dataset.do]);
  }
  return row;
}

async function invite(row, id, name) {
  const answer = await call("POST", `house/people/${id}/sign-in-links`);
  if (!ok(answer.status)) return speak(told, trouble(answer));
  speak(told, "");
  speak(at(row, "link-words"), say("link_of", { name }));
  const field = row.querySelector("[name=link]");
  field.value = answer.data.url;
  at(row, "link").hidden = false;
  speak(at(row, "copied"), "");
  return field.select();
}

async function copy(row) {
  const field = row.querySelector("[name=link]");
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    speak(at(row, "copied"), say("copied"));
  } catch {
    speak(at(row, "copied"), say("copy_yourself"));
  }
}

async function unfold(row, id) {
  const place = at(row, "sessions");
  place.hidden = !place.hidden;
  row.querySelector("[data-do=sessions]").setAttribute("aria-expanded", String(!place.hidden));
  if (!place.hidden) await readTheirs(row, id);
}

async function readTheirs(row, id) {
  const answer = await call("GET", `house/people/${id}/sessions`);
  if (!ok(answer.status)) return speak(told, trouble(answer));
  const { sessions } = answer.data;
  at(row, "theirs").replaceChildren(...sessions.map((session) => {
    const made = thing(described(session));
    at(made, "end").remove();
    return made;
  }));
  speak(at(row, "none"), sessions.length ? "" : say("nowhere_in"));
  return sessions;
}

async function endAll(row, id, name) {
  const isLost = row.querySelector("[name=passkeys]").checked;
  const answer = await call("DELETE", `house/people/${id}/sessions?passkeys=${isLost}`);
  if (!ok(answer.status)) return speak(told, trouble(answer));
  await readTheirs(row, id);
  return speak(at(row, "none"), say("is_out", { name }));
}

// How somebody of the house comes in: a code by WhatsApp, a link that is spent by a tap, a passkey.
import { call, ok } from "staff/house.js";
import { label, say } from "staff/words.js";

const room = document.querySelector("#entry");
const form = (name) => room.querySelector(`[data-form=${name}]`);
const line = room.querySelector("[role=alert]");
const noCode = room.querySelector("[data-slot=no-code]");
const LINK = /^#in=([\w.~-]+)(?:&as=([^&]*))?$/;
export const hasPasskeys = Boolean(globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON);
let come;

// Shows the ways in and waits until one led to a session. `words` say why somebody has to come in again.
export function enter(words = "") {
  room.hidden = false;
  tell(words);
  const [, token, name] = LINK.exec(location.hash) ?? [];
  form("link").hidden = !token;
  form("phone").hidden = Boolean(token);
  form("code").hidden = true;
  noCode.hidden = Boolean(token);
  if (token) form("link").querySelector("button").textContent = name ? label("sign_in_as", { name: decoded(name) }) : say("sign_in");
  form("passkey").hidden = !hasPasskeys || Boolean(token);
  room.querySelector("form:not([hidden]) :is(input, button)").focus();
  return new Promise((resolve) => (come = resolve));
}

function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return "";
  }
}

function tell(words) {
  line.textContent = words;
  line.hidden = !words;
}

function on(name, work) {
  form(name).addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = form(name).querySelectorAll("button");
    buttons.forEach((button) => (button.disabled = true));
    tell("");
    await work(form(name));
    buttons.forEach((button) => (button.disabled = false));
  });
}

function failed({ status }, refused) {
  if (status === 0) return tell(say("no_line"));
  if (status === 429) return tell(say("too_many_tries"));
  return tell(say(refused));
}

function arrived({ data }) {
  room.hidden = true;
  form("phone").reset();
  form("code").reset();
  history.replaceState(null, "", location.pathname);
  come(data);
}

on("link", async () => {
  const [, token] = LINK.exec(location.hash) ?? [];
  const answer = await call("POST", "session", { token });
  if (ok(answer.status)) return arrived(answer);
  failed(answer, "link_over");
  if (answer.status === 0 || answer.status === 429) return;
  history.replaceState(null, "", location.pathname);
  form("link").hidden = true;
  form("phone").hidden = noCode.hidden = false;
});

on("phone", async ({ elements }) => {
  const answer = await call("POST", "session/codes", { phone: elements.phone.value });
  if (!ok(answer.status)) return failed(answer, "phone_wrong");
  tell(say("code_sent"));
  form("code").hidden = false;
  form("code").elements.code.focus();
});

on("code", async ({ elements }) => {
  const answer = await call("POST", "session", { phone: form("phone").elements.phone.value, code: elements.code.value });
  if (ok(answer.status)) return arrived(answer);
  elements.code.select();
  failed(answer, "code_wrong");
});

on("passkey", async () => {
  const asked = await call("POST", "session/passkey/options");
  if (!ok(asked.status)) return failed(asked, "passkey_wrong");
  const credential = await chosen(asked.data.options);
  if (!credential) return tell(say("passkey_none"));
  const answer = await call("POST", "session/passkey", { credential });
  if (ok(answer.status)) return arrived(answer);
  failed(answer, "passkey_wrong");
});

async function chosen(options) {
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    return (await navigator.credentials.get({ publicKey })).toJSON();
  } catch {
    return undefined;
  }
}

// A passkey for next time, made on this device; gives what to say about it.
export async function addPasskey() {
  const asked = await call("POST", "passkeys/options");
  if (!ok(asked.status)) return say("passkey_failed");
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.data.options);
    const credential = (await navigator.credentials.create({ publicKey })).toJSON();
    const answer = await call("POST", "passkeys", { credential });
    return say(ok(answer.status) ? "passkey_made" : "passkey_failed");
  } catch {
    return say("passkey_none");
  }
}

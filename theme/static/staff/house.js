// Asks the house. Status 0: nobody knows whether it arrived.
import { say } from "staff/words.js";

const listeners = new Set();
const PATIENCE = 15000;
const DOORS = /^session(\/(codes|passkey|passkey\/options|switch))?$/; // a 401 of these speaks of what was tried

export const whenSignedOut = (told) => listeners.add(told);
export const ok = (status) => status >= 200 && status < 300;

// A cookie that is over is renewed by asking who is signed in; only when that fails somebody is signed out.
export async function call(method, path, body, how = {}) {
  const answer = await ask(method, path, body, how);
  if (answer.status !== 401 || DOORS.test(path)) return answer;
  renewal ??= ask("GET", "session").finally(() => (renewal = undefined));
  const renewed = await renewal;
  if (ok(renewed.status)) return ask(method, path, body, how);
  if (renewed.status === 401) listeners.forEach((told) => told());
  return { status: 0, data: {} };
}

let renewal;

// `key`: what is sent with it again is done once.
async function ask(method, path, body, { signal, key } = {}) {
  const headers = { accept: "application/json", "accept-language": document.documentElement.lang };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key) headers["idempotency-key"] = key;
  const ends = [AbortSignal.timeout(PATIENCE), signal].filter(Boolean);
  const how = { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.any?.(ends) ?? ends[0] };
  try {
    const answer = await fetch(`/api/${path}`, { ...how, cache: "no-store", credentials: "same-origin", redirect: "error" });
    const data = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    return { status: answer.status < 500 ? answer.status : 0, data };
  } catch {
    return { status: 0, data: {} };
  }
}

// What stands in the way, in words.
export function trouble({ status, data }) {
  if (status === 0) return say("no_line");
  if (status === 429) return say("too_many");
  if (status === 404) return say("not_there");
  return say("refused", { reason: data.errors?.[0]?.message ?? data.detail ?? "" });
}

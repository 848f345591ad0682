// What the page asks of the sandbox. Every answer that says no becomes an Error with its words.
async function ask(method, path, body, headers = {}) {
  const answer = await fetch(path, { method, headers, body });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error ?? `The sandbox answered ${answer.status}.`);
  return told;
}

const json = (method, path, body) => ask(method, path, JSON.stringify(body), { "content-type": "application/json" });

export const people = () => ask("GET", "/sandbox/people");
export const clock = () => ask("GET", "/sandbox/clock");
export const advance = (span) => json("POST", "/sandbox/clock", { advance: span });
export const addPerson = (person) => json("POST", "/sandbox/people", person);
export const changePerson = (id, change) => json("PATCH", `/sandbox/people/${id}`, change);
export const chat = (id) => ask("GET", `/sandbox/people/${id}/chat`);
export const say = (id, message) => json("POST", `/sandbox/people/${id}/messages`, message);
export const read = (id) => json("POST", `/sandbox/people/${id}/reading`, {});
export const prefer = (id, marketing) => json("PUT", `/sandbox/people/${id}/preference`, { marketing });
export const moveTo = (id, phone) => json("PUT", `/sandbox/people/${id}/phone`, { phone });

export async function putUp(file, name) {
  const kind = { "content-type": file.type || "application/octet-stream" };
  return (await ask("POST", `/sandbox/media?filename=${encodeURIComponent(name)}`, file, kind)).id;
}

// Calls `look` whenever something moved, at most every `rest` milliseconds, and says whether the line is up.
export function watch(look, told, rest = 120) {
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      look();
    }, rest);
  };
  const connect = () => {
    const events = new EventSource("/sandbox/events");
    events.onmessage = () => {
      told(true);
      soon();
    };
    events.onerror = () => {
      told(false);
      // One refused answer closes an EventSource for good: then a new one has to be made.
      if (events.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
    };
  };
  connect();
}

// What a guest asks of the house from the page: forms, own requests, arrival, rating, alarm; kept on the phone while offline.
const main = document.querySelector("main");
const page = window.guestlink ?? {};
const { slug, language, zone } = main.dataset;
const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
// Token, phase and dates, as the seal said them; the templates of all forms; whether the token is refused.
let stay;
let sheet;
let gone = false;

// -- words --
function say(name, values = {}) {
  return (page.words?.[name] ?? "").replace(/\{(\w+)\}/g, (hole, key) => values[key] ?? hole);
}

// Says a line where a screen reader hears it; with `call` the house's number follows.
function tell(line, text, call = false) {
  if (!line) return;
  line.replaceChildren(text);
  const phone = document.querySelector('footer a[href^="tel:"]');
  const [before, after] = say("call").split("{phone}");
  if (call && phone && after !== undefined) line.append(" ", before, phone.cloneNode(true), after);
}

const told = (form) => form.querySelector(".told");
const shown = (style, at) => new Intl.DateTimeFormat(locale, { ...style, timeZone: zone || undefined }).format(new Date(at));
const today = () => new Intl.DateTimeFormat("sv", { timeZone: zone || undefined }).format(new Date());

// -- what stays on this phone: one name for each waiting thing, so two tabs never write over each other --
const prefix = `guestlink:${slug}:`;
const fallback = new Map();

function keep(name, value) {
  try {
    localStorage.setItem(prefix + name, value);
  } catch {
    // A browser that keeps nothing remembers while the page is open.
    fallback.set(prefix + name, value);
  }
}

function drop(name) {
  fallback.delete(prefix + name);
  try {
    localStorage.removeItem(prefix + name);
  } catch {}
}

function kept(name) {
  try {
    return localStorage.getItem(prefix + name) ?? fallback.get(prefix + name);
  } catch {
    return fallback.get(prefix + name);
  }
}

function parsed(name) {
  try {
    return JSON.parse(kept(name) ?? "null");
  } catch {
    return null;
  }
}

const put = (entry) => keep(`queue:${entry.id}`, JSON.stringify(entry));
const find = (id) => parsed(`queue:${id}`);

function waiting() {
  let names = [...fallback.keys()];
  try {
    names = names.concat(Object.keys(localStorage));
  } catch {}
  const mine = names.filter((name) => name.startsWith(prefix + "queue:")).map((name) => parsed(name.slice(prefix.length)));
  return mine.filter(Boolean).sort((one, other) => one.at - other.at);
}

// -- the API. Status 0: nobody knows whether it arrived, so it is sent again with the same key --
async function call(method, path, body, key, patience = 20000) {
  const headers = { accept: "application/json", authorization: `Bearer ${stay.token}` };
  if (body) headers["content-type"] = "application/json";
  if (key) headers["idempotency-key"] = key;
  const how = { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(patience) };
  try {
    const answer = await fetch(`/api/${path}`, { ...how, cache: "no-store", credentials: "omit", redirect: "error" });
    const data = answer.status === 204 ? {} : await answer.json();
    if (answer.status === 401) gone = true;
    return { status: answer.status < 500 ? answer.status : 0, data };
  } catch {
    return { status: 0, data: {} };
  }
}

const ok = (status) => status >= 200 && status < 300;

// What stands in the way, in words; `call` follows it.
function trouble({ status, data }) {
  if (status === 401) return say("gone");
  if (status === 429) return say("too_many");
  return say("refused", { reason: data.errors?.[0]?.message ?? data.detail ?? "" });
}

// -- own requests, newest first --
const requests = new Map();
const items = new Map();
// By this tab, at this moment.
const sending = new Set();
const isOpen = ({ state }) => state === "requested" || state === "accepted";
const section = () => document.querySelector("[data-slot=requests]");
const heard = () => all(".told", section() ?? main).find((line) => !line.closest("[data-is]"));

// Takes what the house says about a request; whether it is news.
function learn(request) {
  const known = requests.get(request.id);
  if (known && known.version >= request.version) return false;
  requests.set(request.id, request);
  return Boolean(known);
}

function show() {
  const slot = section();
  const list = slot?.querySelector("[data-of=list]");
  if (!list) return;
  const local = waiting().filter((entry) => entry.title && !sending.has(entry.id));
  const rows = [
    ...local.reverse().map((entry) => ({ ...entry.body, ...entry, ...notSent(entry) })),
    ...[...requests.values()].sort((one, other) => (one.asked_at < other.asked_at ? 1 : -1)),
  ];
  rows.forEach((row, at) => {
    if (!items.has(row.id)) items.set(row.id, part("data-part=request").firstElementChild);
    const item = items.get(row.id);
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
    fill(item, row);
  });
  for (const [id, item] of items) {
    if (rows.some((row) => row.id === id)) continue;
    item.remove();
    items.delete(id);
  }
  slot.hidden = rows.length === 0 && !heard()?.textContent;
}

const notSent = ({ refused }) => ({ state: refused ? "refused" : "waits", reason: refused, can_cancel: true });

function fill(item, row) {
  item.dataset.is = row.state;
  const price = row.price ? money(row.price, row.currency) : "";
  const said = row.said?.map(([, words]) => words) ?? [...Object.values(row.fields), row.note];
  const texts = {
    title: titleOf(row),
    state: say(`state_${row.state}`),
    when: say("asked", { moment: shown({ weekday: "long", hour: "numeric", minute: "2-digit" }, row.asked_at ?? row.at) }),
    said: [...said, price].filter(Boolean).join(" · "),
    reason: row.reason ?? "",
  };
  for (const [name, text] of Object.entries(texts)) {
    for (const line of all(`[data-of=${name}]`, item)) {
      if (line.textContent !== text) line.textContent = text;
      line.hidden = !text;
    }
  }
  const form = item.querySelector("form");
  if (!form) return;
  form.hidden = !row.can_cancel;
  form.elements.id.value = row.id;
  form.elements.version.value = row.version ?? 0;
  const button = form.querySelector("[data-cancel]");
  if (row.refused && button.textContent !== say("remove")) button.textContent = say("remove");
}

function money(minor, currency) {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

// What has no service is called by its code, or is simply what the guest wrote.
function titleOf({ title, secret }) {
  const card = secret && document.querySelector(`.code[data-name="${CSS.escape(secret)}"] h3`);
  return title || card?.textContent || say("anything");
}

function news(request, line = heard()) {
  tell(line, say("news", { title: titleOf(request), state: say(`state_${request.state}`) }));
}

// -- asking the house what became of them: soon after a change, then more slowly, and never for nobody --
const SOON = 5000;
const SELDOM = 30000;
let pause = SOON;
let timer;
let looking = false;

function lookLater(soon = false) {
  clearTimeout(timer);
  if (soon) pause = SOON;
  if (gone || document.hidden || !navigator.onLine || ![...requests.values()].some(isOpen)) return;
  timer = setTimeout(look, pause);
  pause = Math.min(pause * 1.5, SELDOM);
}

async function look() {
  if (looking || gone || !navigator.onLine) return;
  looking = true;
  const { status, data } = await call("GET", "requests");
  looking = false;
  const changed = status === 200 ? data.requests.filter(learn) : [];
  changed.forEach((request) => news(request));
  show();
  lookLater(changed.length > 0);
}

// -- the queue: an entry is kept before it is sent and dropped when the house has answered --
// One tab at a time sends an entry; a tab that only tidies up leaves it to the one that is at it.
async function claim(entry, ifAvailable, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`${prefix}queue:${entry.id}`, { ifAvailable }, (lock) => lock && work());
}

async function deliver(entry) {
  sending.add(entry.id);
  const result = await call(entry.method, entry.path, entry.body, entry.method === "POST" ? entry.id : "");
  sending.delete(entry.id);
  const newest = find(entry.id)?.at === entry.at;
  if (ok(result.status)) {
    if (newest) drop(`queue:${entry.id}`);
    if (entry.method === "POST") learn(result.data);
    if (entry.path.startsWith("guest/channels/")) showWays(result.data);
  }
  return result;
}

let draining = false;
let retry;

function drainLater() {
  clearTimeout(retry);
  if (!document.hidden && waiting().some((entry) => !entry.refused)) retry = setTimeout(drain, SELDOM);
}

async function drain() {
  if (draining || !stay || gone || !navigator.onLine) return;
  draining = true;
  for (const { id, refused } of waiting()) {
    if (refused) continue;
    const result = await claim({ id }, true, async () => {
      // Another tab may have sent it meanwhile.
      const entry = find(id);
      if (!entry) return null;
      const answer = await deliver(entry);
      if (answer.status && !ok(answer.status) && ![401, 429].includes(answer.status) && find(id)) {
        put({ ...entry, refused: trouble(answer) });
      }
      return answer;
    });
    if (result) report(id, result);
    if (result && [0, 401, 429].includes(result.status)) break;
  }
  draining = false;
  show();
  lookLater(true);
  drainLater();
}

// Something that waited has been answered.
function report(id, result) {
  const form = document.querySelector(`form[data-waits="${id}"]`);
  if (!result.status) return;
  if (gone) tell(heard(), say("gone"), true);
  if (ok(result.status) && result.data.state) news(result.data);
  if (form) tell(told(form), ok(result.status) ? say("saved") : trouble(result), !ok(result.status));
}

// -- forms --
const keys = new WeakMap();
const touched = new WeakSet();

function entryOf(form) {
  const given = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
  const { service = "", note = "", secret = "" } = given;
  const at = Date.now();
  switch (form.getAttribute("action")) {
    case "/open/arrival": {
      const { time = "", adults, children, word = "" } = given;
      const body = { time, adults: +adults || 0, children: +children || 0, note, word, language };
      return { id: "arrival", method: "PUT", path: "arrival", at, body };
    }
    case "/open/rating":
      return { id: "rating", method: "PUT", path: "rating", at, body: { stars: +given.stars, words: given.words, language } };
    case "/open/channels": {
      const { channel, phone = "" } = given;
      const body = { agrees: given.agrees === "yes", phone, language };
      return { id: `channel-${channel}`, method: "PUT", path: `guest/channels/${channel}`, at, body };
    }
    case "/open/requests": {
      const asked = Object.entries(given).filter(([name, value]) => name.startsWith("field-") && value);
      const fields = Object.fromEntries(asked.map(([name, value]) => [name.slice(6), value]));
      const id = keys.get(form) ?? crypto.randomUUID();
      keys.set(form, id);
      const title = form.closest("li")?.querySelector("h3")?.textContent.trim() || say("anything");
      return { id, method: "POST", path: "requests", at, title, body: { service, fields, note, secret, language } };
    }
  }
}

async function send(form) {
  clear(form);
  const entry = entryOf(form);
  tell(told(form), say("sending"));
  if (entry.body.secret) return alarm(form, entry);
  put(entry);
  const result = await claim(entry, false, () => deliver(entry));
  const isRequest = entry.method === "POST";
  if (ok(result.status) || result.status === 0) {
    if (isRequest) keys.delete(form);
    if (isRequest) form.reset();
    const { channel } = form.elements;
    const done = channel ? `${channel.value}_${entry.body.agrees ? "yes" : "no"}` : { arrival: "saved", rating: "rated" }[entry.id] ?? "sent";
    const { state } = result.data;
    // What the house accepts by itself is answered already.
    if (isRequest && ok(result.status) && state !== "requested") news(result.data, told(form));
    else tell(told(form), say(ok(result.status) ? done : "waits"));
    if (channel && ok(result.status)) land(told(form));
  } else {
    // The form keeps what was written.
    drop(`queue:${entry.id}`);
    const pointed = point(form, result.data.errors ?? []);
    tell(told(form), pointed ? say("check") : trouble(result), !pointed);
  }
  show();
  lookLater(true);
  if (ok(result.status)) drain();
  else drainLater();
}

// "It does not work" is worth nothing in an hour: it is told now, or the guest calls.
async function alarm(form, { id, body }) {
  const result = await call("POST", "requests", body, id, 10000);
  if (ok(result.status)) {
    keys.delete(form);
    learn(result.data);
    show();
    lookLater(true);
  }
  tell(told(form), ok(result.status) ? say("alarmed") : result.status ? trouble(result) : say("alarm_offline"), true);
}

async function cancel(form) {
  const { id, version } = form.elements;
  const line = heard();
  const item = form.closest("[data-is]");
  if (find(id.value)) {
    drop(`queue:${id.value}`);
    tell(line, say("removed"));
    land(line);
    return show();
  }
  const result = await call("POST", `requests/${encodeURIComponent(id.value)}/cancellation`, { version: +version.value });
  const now = result.status === 409 ? result.data.request : ok(result.status) && result.data;
  if (now) {
    learn(now);
    show();
    news(now);
  } else tell(told(form) ?? line, result.status ? trouble(result) : say("cancel_offline"), true);
  if (form.hidden) {
    land(item);
  }
  lookLater(true);
}

// The button that was pressed is gone: the reader stays where it was.
function land(place) {
  place.tabIndex = -1;
  place.focus();
}

// Each wrong field says what is wrong with it; the first one is where the guest goes on.
let marks = 0;

function point(form, errors) {
  const wrong = [];
  for (const { field, message } of errors) {
    const found = form.elements[`field-${field}`] ?? form.elements[field];
    const input = found instanceof RadioNodeList ? found[0] : found;
    if (!input || input.type === "hidden") continue;
    const line = document.createElement("p");
    Object.assign(line, { className: "wrong", id: `wrong-${++marks}`, textContent: message });
    if (input.type === "radio") input.closest("fieldset").append(line);
    else (input.closest("label") ?? input).after(line);
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), line.id].filter(Boolean).join(" "));
    wrong.push(input);
  }
  wrong[0]?.focus();
  return wrong.length > 0;
}

function clear(form) {
  all(".wrong", form).forEach((line) => line.remove());
  for (const input of all("[aria-invalid]", form)) {
    input.removeAttribute("aria-invalid");
    const hints = input.getAttribute("aria-describedby").replace(/ ?wrong-\d+/g, "");
    if (hints) input.setAttribute("aria-describedby", hints);
    else input.removeAttribute("aria-describedby");
  }
}

const busy = new WeakSet();

addEventListener("submit", async (event) => {
  const form = event.target;
  const cancels = form.getAttribute("action") === "/open/cancellation";
  if (!stay || !form.getAttribute("action")?.startsWith("/open/")) return;
  event.preventDefault();
  // A second tap on the same thing is the first one.
  if (busy.has(form)) return;
  busy.add(form);
  form.setAttribute("aria-busy", "true");
  await (cancels ? cancel(form) : send(form)).finally(() => {
    busy.delete(form);
    form.removeAttribute("aria-busy");
  });
});

addEventListener("input", ({ target }) => {
  if (!target.form) return;
  touched.add(target);
  // Other words are another request.
  keys.delete(target.form);
});

// -- placing the sheet --
function part(selector) {
  return sheet.querySelector(`template[${selector}]`)?.content.cloneNode(true);
}

function place(slot, selector) {
  for (const there of all(`[data-slot=${slot}]`)) {
    const copy = part(selector);
    if (copy) there.replaceChildren(copy);
  }
}

// A slow phone draws and answers taps between two of these.
const rest = () => new Promise((go) => (window.requestIdleCallback ?? setTimeout)(go));

async function placeForms() {
  for (const name of ["ask", "arrival", "channels", "rating", "lost"]) place(name, `data-form=${name}`);
  place("requests", "data-part=requests");
  for (const card of all(".code:has(.valid)")) {
    const copy = part("data-form=alarm");
    if (!copy || !card.querySelector(".value")) continue;
    copy.querySelector("[name=secret]").value = card.dataset.name;
    card.append(copy);
  }
  const soonest = [stay.from, today()].sort()[1];
  for (const form of all("template[data-form=service]", sheet)) {
    await rest();
    const copy = form.content.cloneNode(true);
    all("input[type=date]", copy).forEach((input) => Object.assign(input, { min: soonest, max: stay.until }));
    document.querySelector(`li[data-service="${form.dataset.service}"]`)?.append(copy);
  }
}

// What the guest told before, from the phone if it still waits, else from the house.
async function prefill(id) {
  const form = document.querySelector(`[data-slot=${id}] form`);
  if (!form) return;
  form.dataset.waits = id;
  const entry = find(id);
  if (entry) tell(told(form), entry.refused ?? say("waits"));
  const { status, data } = entry ? { status: 200, data: entry.body } : await call("GET", id);
  for (const [name, value] of status === 200 ? Object.entries(data ?? {}) : []) {
    const input = form.elements[name];
    const parts = input instanceof RadioNodeList ? [...input] : [input];
    if (input && value && !parts.some((one) => touched.has(one))) input.value = value;
  }
}

// -- how the house may write: each form shows how things stand and asks for the contrary --
function showWays(ways) {
  const box = document.querySelector("[data-slot=channels] section");
  if (!box) return;
  const forms = all("form", box);
  for (const form of forms) {
    const way = ways[form.dataset.slot];
    form.hidden = !way;
    if (!way) continue;
    form.dataset.waits = `channel-${form.dataset.slot}`;
    form.elements.agrees.value = way.agreed ? "no" : "yes";
    for (const state of all("[data-when]", form)) state.hidden = state.disabled = state.dataset.when !== (way.agreed ? "yes" : "no");
    const phone = form.querySelector("[data-of=phone]");
    if (phone) phone.hidden = phone.querySelector("input").disabled = way.leads_to !== "";
    const where = phone && way.leads_to ? say("ends_in", { ends: way.leads_to }) : way.leads_to;
    for (const line of all("[data-of=leads_to]", form)) line.textContent = where;
  }
  box.hidden = forms.every((form) => form.hidden);
}

async function lookWays() {
  if (!document.querySelector("[data-slot=channels]")) return;
  const { status, data } = await call("GET", "guest/channels");
  if (status === 200) showWays(data);
}

// -- says once a day that the page was opened, and whether it showed codes; nobody waits for it --
async function count(cards) {
  if (kept("opened") === today()) return;
  const { status } = await call("POST", "openings", { codes: cards.some((card) => card.querySelector(".value")) });
  if (status && stay.phase !== "departed") keep("opened", today()); // a stay that is over leaves nothing here
}

// -- opening --
let started = false;

async function start() {
  const { state, stay: sealed, cards = [] } = (await page.opened) ?? {};
  if (started || !main.dataset.sheet) return;
  started = true;
  const holder = document.createElement("template");
  try {
    const answer = await fetch(main.dataset.sheet);
    if (!answer.ok) throw answer.status;
    holder.innerHTML = await answer.text();
  } catch {
    // Again when there is a connection.
    started = false;
    return;
  }
  sheet = holder.content;
  page.words = JSON.parse(sheet.querySelector("template[data-words]").content.textContent);
  place("search", "data-part=search");
  if (state === "open" && sealed?.token) {
    stay = sealed;
    placeForms();
    show();
  }
  dispatchEvent(new Event("guestlink:sheet"));
  if (!stay) return;
  await Promise.all([prefill("arrival"), prefill("rating"), lookWays(), look(), count(cards)]);
  drain();
}

function wake() {
  if (document.hidden) return clearTimeout(timer);
  if (!started) return start();
  if (!stay) return;
  pause = SOON;
  if ([...requests.values()].some(isOpen)) look();
  drain();
}

addEventListener("online", wake);
addEventListener("visibilitychange", wake);
addEventListener("pageshow", ({ persisted }) => persisted && wake());
addEventListener("storage", ({ key }) => {
  if (!stay || !key?.startsWith(prefix + "queue:")) return;
  show();
  // Another tab has sent it.
  if (!find(key.slice(prefix.length + 6))) look();
});
start();

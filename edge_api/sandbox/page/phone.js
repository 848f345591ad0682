// The test phone: a list of people, as many of their phones open as there is room for, and the clock.
import * as api from "/page/api.js";
import { gist, make } from "/page/bubbles.js";
import { Phone } from "/page/chat.js";

const KEPT = "sandbox:phones";
const LISTED = 60;
const list = document.querySelector("#people");
const table = document.querySelector("#phones");
const line = document.querySelector("#line");
const narrow = matchMedia("(max-width: 760px)");
const phones = new Map();
let ahead = 0;
let held = false;

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify([...phones.keys()]));
  } catch {}
  document.body.classList.toggle("talking", phones.size > 0);
}

async function open(person, { focus = true } = {}) {
  if (narrow.matches) for (const id of [...phones.keys()]) if (id !== person.id) close(id, false);
  if (!phones.has(person.id)) {
    const phone = new Phone(person, { close: () => close(person.id) });
    phones.set(person.id, phone);
    table.append(phone.element);
    keep();
  }
  const phone = phones.get(person.id);
  if (focus) {
    phone.element.scrollIntoView({ inline: "nearest", block: "nearest" });
    phone.text.focus({ preventScroll: true });
  }
  await phone.refresh();
}

function close(id, back = true) {
  phones.get(id)?.element.remove();
  phones.delete(id);
  keep();
  if (back) list.querySelector(`[data-person="${CSS.escape(id)}"]`)?.focus();
  look();
}

function entry(person) {
  const about = person.last ? gist(person.last) : person.phone ? "" : "no phone number";
  const unread = person.unread && !phones.has(person.id) ? person.unread : 0;
  return make("li", {}, make("button", {
    type: "button", "data-person": person.id, "aria-pressed": String(phones.has(person.id)),
    onclick: () => (phones.has(person.id) && !narrow.matches ? close(person.id) : open(person)),
  }, make("span", { class: "initial", "aria-hidden": "true" }, [...person.name][0]),
  make("span", { class: "who" }, make("span", { class: "name" }, person.name), make("span", { class: "soft gist" }, about)),
  make("span", { class: "role soft" }, person.role,
    unread ? make("span", { class: "unread" }, String(unread), make("span", { class: "unseen" }, " unread")) : "")));
}

function listed(people) {
  const focused = document.activeElement?.closest?.("#people [data-person]")?.dataset.person;
  const recent = people.filter((person) => person.role !== "nobody").slice(0, LISTED);
  list.replaceChildren(...recent.map(entry));
  if (focused) list.querySelector(`[data-person="${CSS.escape(focused)}"]`)?.focus();
}

function tick() {
  if (held && tick.shown) return;
  tick.shown = true;
  const now = new Date(Date.now() + ahead);
  const shown = document.querySelector("#now");
  shown.dateTime = now.toISOString();
  shown.textContent = now.toLocaleString("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

async function look() {
  try {
    const [people, clock] = await Promise.all([api.people(), api.clock()]);
    ahead = clock.now * 1000 - Date.now();
    held = clock.held;
    tick.shown = false;
    tick();
    for (const id of [...phones.keys()]) if (!people.some((person) => person.id === id)) close(id, false);
    listed(people);
    await Promise.all([...phones.values()].map((phone) => phone.refresh()));
    return people;
  } catch {
    line.textContent = "The sandbox does not answer.";
    return [];
  }
}

document.querySelector("#add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const wrong = form.querySelector(".wrong");
  const { name, phone, staff } = Object.fromEntries(new FormData(form));
  wrong.textContent = "";
  try {
    const person = await api.addPerson({ name, role: staff ? "staff" : "guest", ...(phone.trim() ? { phone } : {}) });
    form.reset();
    document.querySelector("#adding").open = false;
    await look();
    await open(person);
  } catch (error) {
    wrong.textContent = error.message;
  }
});

for (const button of document.querySelectorAll("[data-advance]")) {
  button.addEventListener("click", () => api.advance(button.dataset.advance).then(look));
}
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("visibilitychange", () => document.hidden || look());
setInterval(tick, 1000);

const first = await look();
const wanted = kept() ?? (narrow.matches ? [] : [first.find(({ role }) => role === "guest")?.id, first.find(({ role }) => role === "staff")?.id]);
for (const id of wanted) {
  const person = first.find((each) => each.id === id);
  if (person) await open(person, { focus: false });
}
listed(first);
api.watch(look, (up) => { line.textContent = up ? "" : "Offline. It comes back by itself."; });
document.body.dataset.ready = "yes";

// The form with which somebody of the house asks for a guest: a service with what it wants to know, or words alone.
import { call, ok, trouble } from "staff/house.js";
import { announce, at, locale, money, plain, put, say, speak } from "staff/words.js";

const TYPES = { text: "text", number: "number", date: "date", time: "time" };
const LONGEST = 500;
const newKey = () => `desk-${crypto.randomUUID()}`;

export class Asking {
  constructor(card, stay, done) {
    this.box = at(card, "asking");
    this.form = this.box.querySelector("form");
    this.stay = stay;
    this.done = done;
    this.services = [];
    this.key = newKey(); // of this wish: however often it is sent, it is asked once
    this.form.elements.service.addEventListener("change", () => this.pick());
    this.form.addEventListener("input", () => (this.key = newKey()));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.box.querySelector("details").open = false;
      this.box.querySelector("summary").focus();
    });
  }

  readOnly(yes) {
    this.box.hidden = yes || !this.isOffered;
  }

  // What the house offers now; whoever is writing keeps what they have chosen.
  offer(services, currency) {
    this.currency = currency;
    this.isOffered = true;
    if (JSON.stringify(services) === JSON.stringify(this.services) && this.form.elements.service.length) return;
    const { service } = this.form.elements;
    const chosen = service.value;
    this.services = services;
    service.replaceChildren(new Option(say("something_else"), ""), ...services.map(({ key, title }) => new Option(plain(title), key)));
    if (services.some(({ key }) => key === chosen)) service.value = chosen;
    else this.pick();
  }

  get service() {
    return this.services.find(({ key }) => key === this.form.elements.service.value);
  }

  pick() {
    at(this.form, "fields").replaceChildren(...(this.service?.fields ?? []).map(field));
    speak(at(this.form, "told"), "");
    const { price, hours = [] } = this.service ?? {};
    put(at(this.form, "about"), [price ? money(price, this.currency) : "", ...hours].filter(Boolean).join(" · "));
  }

  async send() {
    const { note, via, urgent } = this.form.elements;
    const fields = Object.fromEntries([...this.form.querySelectorAll("[data-field]")].map(({ dataset, value }) => [dataset.field, value]).filter(([, value]) => value));
    if (!this.service && !note.value.trim()) return this.wrong(say("say_what"), note);
    const body = { stay_id: this.stay, service: this.service?.key ?? "", fields, note: note.value, via: via.value, urgent: urgent.checked };
    this.clean();
    const button = this.form.querySelector(".main");
    button.disabled = true;
    const answer = await call("POST", "house/requests", body, { key: this.key });
    button.disabled = false;
    if (ok(answer.status)) return this.sent();
    return this.refused(answer);
  }

  sent() {
    this.key = newKey();
    this.form.reset();
    this.pick();
    this.box.querySelector("details").open = false;
    speak(at(this.box, "done"), say("asked_for"));
    announce(say("asked_for"));
    this.box.querySelector("summary").focus();
    this.done();
  }

  refused(answer) {
    const errors = answer.data.errors ?? [];
    const placed = errors.filter(({ field: name, message }) => this.mark(name, message));
    if (placed.length < errors.length || !errors.length) speak(at(this.form, "told"), trouble(answer));
    this.form.querySelector("[aria-invalid=true]")?.focus();
  }

  mark(name, message) {
    const input = this.form.querySelector(`[data-field="${CSS.escape(name)}"]`) ?? (name === "note" ? this.form.elements.note : undefined);
    if (!input) return false;
    const line = document.createElement("span");
    line.className = "wrong";
    line.id = `wrong-${name}`;
    put(line, message);
    input.after(line);
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", line.id);
    return true;
  }

  wrong(words, input) {
    speak(at(this.form, "told"), words);
    input.focus();
  }

  clean() {
    speak(at(this.form, "told"), "");
    speak(at(this.box, "done"), "");
    this.form.querySelectorAll(".wrong").forEach((line) => line.remove());
    for (const input of this.form.querySelectorAll("[aria-invalid]")) ["aria-invalid", "aria-describedby"].forEach((name) => input.removeAttribute(name));
  }
}

function field({ name, kind, required, label, choices, low, high }) {
  const row = document.createElement("label");
  row.className = "field";
  const words = document.createElement("span");
  speak(words, required ? plain(label || name) : say("optional", { label: label || name }));
  const input = kind === "choice" ? choice(choices) : document.createElement("input");
  input.dataset.field = name;
  input.required = required;
  if (kind !== "choice") input.type = TYPES[kind] ?? "text";
  if (kind === "text") Object.assign(input, { maxLength: LONGEST, dir: "auto" });
  if (kind === "number") Object.assign(input, { min: low, max: high, inputMode: "numeric", lang: locale });
  row.append(words, input);
  return row;
}

function choice(choices) {
  const input = document.createElement("select");
  input.append(new Option(say("choose"), ""), ...choices.map((words) => new Option(plain(words), words)));
  return input;
}

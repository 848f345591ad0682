// Where somebody writes to a guest: it says what may be sent now, until when and at what price, else why not and what
// helps. What is written and not sent yet is kept in this tab.
import * as conversations from "staff/conversations.js";
import { call } from "staff/house.js";
import { house, people } from "staff/people.js";
import { price, tongue, whose } from "staff/talk_words.js";
import { at, label, part, plain, put, say, span, speak, time } from "staff/words.js";

const DRAFT = "guestlink:staff:draft:";
const TYPES = 4000; // milliseconds between two words to the others that somebody writes
const hooks = [];

// `hook(node, {language, property, insert(text)})` fills the place for answers that are written already.
export const onComposer = (hook) => hooks.push(hook);

export function forgetDrafts() {
  try {
    Object.keys(sessionStorage).filter((name) => name.startsWith(DRAFT)).forEach((name) => sessionStorage.removeItem(name));
  } catch {}
}

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export class Composer {
  #id; #send; #thread; #isReadOnly = false;
  #node = part("composer");
  #form = this.#node.querySelector("form");
  #field = this.#form.elements.text;
  #key = newKey(); // of the words as they stand: sent twice, they arrive once
  #told = 0;

  // `send({text, key})` takes words that somebody wants to send; `note(words)` those for the house alone; `keys` are
  // of words that are on their way.
  constructor({ id, thread, keys, send, note }) {
    [this.#id, this.#thread, this.#send] = [id, thread, send];
    this.#restore(keys);
    this.#field.addEventListener("input", () => this.#wrote());
    this.#field.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing && this.#sent(event));
    this.#form.addEventListener("submit", (event) => this.#sent(event));
    this.#notes(note);
    const context = { language: thread.language, property: thread.property, stay: thread.stay_id, contact: thread.who.contact_id, insert: (text) => this.insert(text) };
    hooks.forEach((hook) => hook(this.#node.querySelector("[data-slot=answers]"), context));
    this.show(thread);
  }

  get node() {
    return this.#node;
  }

  focus() {
    this.#field.focus();
  }

  // Words at the place of the caret, to be read before they are sent.
  insert(text) {
    const { selectionStart: start, selectionEnd: end } = this.#field;
    const space = start && !/\s$/.test(this.#field.value.slice(0, start)) ? " " : "";
    this.#field.setRangeText(space + text, start, end, "end");
    this.#wrote();
    this.#field.focus();
  }

  // What was sent and refused comes back, unless something else was written meanwhile.
  giveBack(text, words) {
    if (!this.#field.value.trim()) this.#field.value = text;
    this.#store();
    this.tell(words);
  }

  tell(words) {
    speak(at(this.#node, "told"), words);
  }

  readOnly(yes) {
    this.#isReadOnly = yes;
    this.show(this.#thread);
  }

  show(thread) {
    this.#thread = thread;
    const { composer, window: { open_until: until } } = thread;
    const isOff = Boolean(composer.why_not);
    this.#form.classList.toggle("closed-window", !composer.free_form);
    speak(at(this.#node, "may"), isOff ? "" : may(thread, until));
    put(at(this.#node, "why-not"), composer.why_not);
    help(at(this.#node, "help"), isOff ? thread.who : {});
    const sample = at(this.#node, "template");
    sample.hidden = !composer.template;
    if (composer.template) {
      put(at(sample, "template-words"), composer.template.text);
      at(sample, "template-words").lang = composer.template.language;
      speak(at(sample, "template-tongue"), say("template_in", { language: tongue(composer.template.language) }));
    }
    for (const each of this.#form.querySelectorAll(".write")) each.hidden = isOff;
    for (const each of this.#node.querySelectorAll("button, textarea, select")) each.disabled = this.#isReadOnly;
    speak(at(this.#node, "away"), this.#isReadOnly ? say("no_line_to_write") : "");
  }

  #wrote() {
    this.#key = newKey();
    this.#store();
    if (!this.#field.value.trim() || Date.now() - this.#told < TYPES) return;
    this.#told = Date.now();
    call("POST", `house/conversations/${this.#id}/typing`);
  }

  #sent(event) {
    event.preventDefault();
    const text = this.#field.value.trim();
    if (!text || this.#isReadOnly || this.#thread.composer.why_not) return;
    const key = this.#key;
    this.#field.value = "";
    this.#key = newKey();
    this.#told = 0;
    this.tell("");
    this.#send({ text, key });
    this.#field.focus();
  }

  // -- kept in this tab until it was sent --
  keep({ text, key }) {
    try {
      sessionStorage.setItem(DRAFT + this.#id, JSON.stringify({ text, key }));
    } catch {}
  }

  // Whatever was kept, unless something else was written meanwhile.
  drop() {
    if (this.#field.value.trim()) return this.#store();
    try {
      return sessionStorage.removeItem(DRAFT + this.#id);
    } catch {}
  }

  #store() {
    this.keep({ text: this.#field.value, key: this.#key });
  }

  #restore(keys) {
    try {
      const { text, key } = JSON.parse(sessionStorage.getItem(DRAFT + this.#id)) ?? {};
      if (!text || keys.includes(key)) return;
      this.#field.value = text;
      this.#key = key;
    } catch {}
  }

  // -- for the house alone --
  #notes(note) {
    const [form, button] = [at(this.#node, "note-form"), this.#node.querySelector("[data-do=note]")];
    const show = (yes) => {
      form.hidden = !yes;
      button.setAttribute("aria-expanded", String(yes));
      (yes ? form.elements.words : button).focus();
    };
    button.addEventListener("click", () => show(form.hidden));
    form.querySelector("[data-do=close]").addEventListener("click", () => show(false));
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      show(false);
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const words = await note(form.elements.words.value);
      speak(at(form, "note-told"), words ?? "");
      if (words) return;
      form.reset();
      show(false);
    });
  }
}

// Until when, how long that is, at what price.
function may({ composer, channel }, until) {
  const left = until && new Date(until) - Date.now();
  const words = [
    composer.template && say("window_closed"),
    composer.free_form && until && say("open_until", { time: time(until), left: span(Math.max(0, left)) }),
    composer.free_form && channel === "email" && say("by_mail"),
    composer.price === 0 && say("costs_nothing"),
    composer.price > 0 && composer.currency && say("costs", { price: price(composer.price, composer.currency) }),
  ];
  return words.filter(Boolean).join(" ");
}

// When nothing may be written: what does not need us.
function help(list, { phone, email }) {
  const ways = [phone && ["tel:", phone, "call_them"], email && ["mailto:", email, "mail_them"]].filter(Boolean);
  list.hidden = !ways.length;
  list.replaceChildren(...ways.map(([scheme, address, name]) => {
    const [line, link] = [document.createElement("li"), document.createElement("a")];
    link.href = scheme + plain(address).replace(/[^\w+@.-]/g, "");
    speak(link, say(name, { address }));
    line.append(link);
    return line;
  }));
}

// Who has a conversation, and a tap that takes it. `assign(id)` gives why not, in words.
export function holders(node, thread, { isReadOnly, assign }) {
  const field = node.querySelector("select");
  node.hidden = !thread.property;
  const listed = people.of(thread.property).map(({ id, name }) => [id, plain(name)]);
  const isKnown = !thread.assigned_to || listed.some(([id]) => id === thread.assigned_to);
  const choices = [["", say("nobody")], ...listed, ...(isKnown ? [] : [[thread.assigned_to, say("somebody_else")]])];
  if (field.dataset.choices !== JSON.stringify(choices)) field.replaceChildren(...choices.map(([id, name]) => new Option(name, id)));
  field.dataset.choices = JSON.stringify(choices); // a list that somebody has opened stays open
  field.value = thread.assigned_to;
  field.onchange = () => assign(field.value);
  field.disabled = isReadOnly;
  const take = node.querySelector("button");
  const isThere = listed.some(([id]) => id === conversations.myself());
  take.hidden = isReadOnly || !isThere || conversations.isMine(thread);
  take.onclick = () => assign(conversations.myself());
  field.setAttribute("aria-label", label("who_has", { name: whose(thread) }));
}

// Of somebody unknown: which house they mean, said by whoever knows it. `give(slug)` gives why not, in words.
export function houses(node, thread, { isReadOnly, give }) {
  const field = node.querySelector("select");
  node.hidden = Boolean(thread.property) || isReadOnly;
  if (node.hidden) return;
  if (field.options.length < 2) field.append(...house.slugs().map((slug) => new Option(house.called(slug), slug)));
  field.onchange = () => field.value && give(field.value);
}

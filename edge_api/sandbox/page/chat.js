// One person's phone: their chat with the house, what they can tap, and what they can send.
import * as api from "/page/api.js";
import { draw, icon, make } from "/page/bubbles.js";
import { samplePhoto, sampleVoice } from "/page/samples.js";

const SHOWN = 200;
const HIDDEN = new Set(["reaction", "edit", "revoke"]);
const HARBOUR = { type: "location", latitude: 50.3316, longitude: -4.7536, name: "Fowey harbour", address: "Town Quay" };
const hour = (at) => new Date(at * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = (at) => new Date(at * 1000).toLocaleDateString("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });

export class Phone {
  #drawn = new Map();
  #answers = null;
  #latest = 0;

  constructor(person, { close }) {
    this.id = person.id;
    this.#build(person, close);
  }

  #build(person, close) {
    this.name = make("h2", { tabindex: "-1" }, person.name);
    this.window = make("p", { class: "soft window" });
    this.menu = make("details", { class: "menu" }, make("summary", { "aria-label": `${person.name}: more` }, icon("more")));
    this.items = make("ol");
    this.log = make("div", { role: "log", "aria-label": `Chat of ${person.name}`, tabindex: "0" }, this.items);
    this.atEnd = true;
    this.log.addEventListener("scroll", () => {
      this.atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
    });
    this.log.addEventListener("load", () => this.#toEnd(), true); // a picture has found its height
    this.typing = make("p", { class: "soft typing", role: "status" });
    this.quote = make("p", { class: "quoting", hidden: true });
    this.wrong = make("p", { class: "wrong", role: "alert" });
    this.text = make("textarea", { rows: "1", "aria-label": `Message of ${person.name}`, placeholder: "Message", onkeydown: (event) => this.#key(event) });
    this.dialog = make("dialog", { class: "sheet", "aria-label": "Choose" });
    const away = make("button", { type: "button", class: "plain", "aria-label": `Put ${person.name}'s phone away`, onclick: close }, icon("back"));
    this.form = make("form", { class: "composer", onsubmit: (event) => this.#submit(event) }, this.#attachments(), this.text,
      make("button", { "aria-label": "Send", class: "plain" }, icon("send")));
    this.element = make("section", { class: "phone", "aria-label": `${person.name}'s phone`, "data-person": person.id },
      make("header", {}, away, make("div", {}, this.name, this.window), this.menu),
      this.log, this.typing, this.quote, this.wrong, this.form, this.dialog);
  }

  #attachments() {
    const pick = make("input", { type: "file", class: "unseen", tabindex: "-1", "aria-label": "File", onchange: () => this.#file(pick.files[0]) });
    const item = (label, act) => make("button", { type: "button", onclick: () => { clip.open = false; this.#try(act); } }, label);
    const clip = make("details", { class: "menu up" }, make("summary", { "aria-label": "Attach" }, icon("clip")),
      make("div", {}, item("A photo", async () => this.#media("image", await samplePhoto(), "balcony.jpg")),
        item("A voice message", async () => this.#media("voice", await sampleVoice(), "voice")),
        item("A location", () => api.say(this.id, HARBOUR)),
        item("A file of mine", () => pick.click())), pick);
    return clip;
  }

  async refresh() {
    const turn = ++this.#latest;
    const chat = await api.chat(this.id);
    if (turn !== this.#latest) return;
    this.chat = chat;
    this.#head();
    this.#bubbles();
    this.typing.textContent = chat.typing ? "The house is writing" : "";
    const unread = chat.bubbles.some((bubble) => !bubble.mine && bubble.status === "delivered");
    if (unread && !document.hidden) await api.read(this.id);
  }

  #head() {
    const { person, window_until: until, now } = this.chat;
    this.name.textContent = person.name;
    const who = person.phone ? `+${person.phone}` : `no phone, ${person.user_id}`;
    const open = !until ? "has not written yet" : until > now ? `window until ${day(until)}` : "window closed";
    this.window.textContent = `${who} · ${open}`;
    const item = (label, act) => make("button", { type: "button", onclick: () => { this.menu.open = false; this.#try(act); } }, label);
    const key = JSON.stringify(person);
    if (this.menu.dataset.key === key) return;
    this.menu.dataset.key = key;
    const stopped = person.stopped_marketing;
    this.menu.lastElementChild.localName === "div" && this.menu.lastElementChild.remove();
    this.menu.append(make("div", {},
      item("Say STOP", () => api.say(this.id, { type: "text", text: "STOP" })),
      item(stopped ? "Resume marketing messages" : "Stop marketing messages", () => api.prefer(this.id, stopped ? "resume" : "stop")),
      item(person.online ? "Lose the signal" : "Find a signal", () => api.changePerson(this.id, { online: !person.online })),
      item("Move to a new number", () => api.moveTo(this.id, `44770090${Math.floor(1000 + Math.random() * 9000)}`))));
    this.element.classList.toggle("offline", !person.online);
  }

  #bubbles() {
    const shown = this.chat.bubbles.filter((bubble) => !HIDDEN.has(bubble.kind)).slice(-SHOWN);
    const known = new Map(this.chat.bubbles.map((bubble) => [bubble.id, bubble]));
    const act = {
      tap: (bubble, choice) => this.#try(() => api.say(this.id, { type: "tap", answers: bubble.id, choice })),
      open: (bubble, action) => this.#list(bubble, action),
      place: (bubble) => this.#try(() => api.say(this.id, { ...HARBOUR, answers: bubble.id })),
    };
    let added = false;
    for (const bubble of shown) {
      // Ticks move often; what was said is drawn anew only when it changed, or it would be read out again.
      const said = JSON.stringify({ ...bubble, status: "" });
      const old = this.#drawn.get(bubble.id);
      if (old?.said === said && old.status === bubble.status) continue;
      const item = draw(bubble, known.get(bubble.context), act, hour);
      if (old?.said === said) {
        old.item.dataset.status = bubble.status;
        old.item.querySelector(".foot").replaceWith(item.querySelector(".foot"));
        old.status = bubble.status;
        continue;
      }
      item.querySelector(".bubble").addEventListener("dblclick", () => this.#answer(bubble));
      if (old) old.item.replaceWith(item);
      else this.items.append(item);
      item.classList.toggle("new", !old);
      added ||= !old;
      this.#drawn.set(bubble.id, { said, status: bubble.status, item });
    }
    const there = new Set(shown.map((bubble) => bubble.id));
    for (const [id, { item }] of this.#drawn) {
      if (!there.has(id)) {
        item.remove();
        this.#drawn.delete(id);
      }
    }
    if (added) this.#toEnd();
  }

  // Follows what is new, unless somebody has scrolled up to read.
  #toEnd() {
    if (this.atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  // A list message opens as a sheet over the phone.
  #list(bubble, action) {
    const rows = action.sections.flatMap((section) => [
      section.title && make("h3", {}, section.title),
      ...section.rows.map((row) => make("button", { type: "button", onclick: () => {
        this.dialog.close();
        this.#try(() => api.say(this.id, { type: "tap", answers: bubble.id, choice: row.id }));
      } }, make("span", {}, row.title), row.description ? make("span", { class: "soft" }, row.description) : "")),
    ]);
    const away = make("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => this.dialog.close() }, icon("close"));
    this.dialog.replaceChildren(make("header", {}, make("h2", {}, action.button), away), ...rows.filter(Boolean));
    this.dialog.showModal();
  }

  #answer(bubble) {
    this.#answers = bubble.id;
    this.quote.hidden = false;
    this.quote.replaceChildren("In answer to a message ", make("button", { type: "button", class: "plain", onclick: () => this.#forget() }, "not in answer"));
    this.text.focus();
  }

  #forget() {
    this.#answers = null;
    this.quote.hidden = true;
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
  }

  #submit(event) {
    event.preventDefault();
    const text = this.text.value;
    if (!text.trim()) return;
    const answers = this.#answers ?? undefined;
    this.text.value = "";
    this.#forget();
    this.#try(() => api.say(this.id, { type: "text", text, answers }), () => { this.text.value = text; });
  }

  #file(file) {
    if (!file) return;
    const kind = file.type.split("/")[0];
    this.#try(() => this.#media(["image", "audio", "video"].includes(kind) ? kind : "document", file, file.name));
  }

  async #media(type, file, name) {
    await api.say(this.id, { type, media: await api.putUp(file, name) });
  }

  async #try(act, undo) {
    this.wrong.textContent = "";
    try {
      await act();
    } catch (error) {
      undo?.();
      this.wrong.textContent = error.message;
    }
  }
}

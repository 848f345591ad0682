// The line to the house: one stream for all tabs of a browser, asked anew when it is silent, words for how it stands.
// A frame is only ever news about a position; what was missed is read whole again, so nothing hangs on a message.
import { call, ok } from "staff/house.js";

const CHANNEL = "guestlink-staff";
const TICK = 5000; // how often we look whether time went on without us, and where streams fail, ask
const CHECK = 20000; // a stream that says nothing may be dead: then we ask whether there is news
const AWAY = 20000; // a tick that comes this late was slept through
const GRACE = 2000; // a frame may be on its way
const WAITS = [1000, 2000, 4000, 8000, 15000];
const LISTS = ["requests", "gone", "stays", "conversations"];

// Whether a position lies behind another: `12.7` is up to where two records were read.
function isNewer(one, other) {
  const [here, there] = [one, other].map((text) => text.split(".").map(Number));
  return here.some((number, at) => number > (there[at] ?? 0));
}

const isNews = (frame) => frame.again || LISTS.some((name) => frame[name]?.length);

export class Line {
  #reload; #take; #tell;
  #position = "";
  #state = "catching";
  #since = Date.now();
  #source; #channel; #release;
  #failures = 0;
  #leads = false;
  #over = false;
  #busy = false;
  #timers = new Set();
  #ticked = Date.now();
  #checked = 0;
  #led = Date.now();

  // `reload` reads the whole board and gives its position, `take` takes a frame, `tell` hears how the line stands.
  constructor({ reload, take, tell }) {
    [this.#reload, this.#take, this.#tell] = [reload, take, tell];
  }

  async open() {
    this.#wire();
    await this.#catchUp();
    this.#every(TICK, () => this.#tick());
    this.#lead();
  }

  close() {
    this.#over = true;
    this.#source?.close();
    this.#release?.();
    this.#channel?.close();
    this.#timers.forEach(clearInterval);
    this.#aborter.abort();
  }

  #aborter = new AbortController();

  #wire() {
    const how = { signal: this.#aborter.signal };
    addEventListener("online", () => this.#wake(), how);
    addEventListener("offline", () => this.#fell(), how);
    addEventListener("pageshow", (event) => event.persisted && this.#wake(), how);
    document.addEventListener("visibilitychange", () => document.hidden || this.#tick(), how);
    if (!globalThis.BroadcastChannel) return;
    this.#channel = new BroadcastChannel(CHANNEL);
    this.#channel.addEventListener("message", ({ data }) => this.#overheard(data));
  }

  // Whoever holds the lock keeps the stream and passes on what it says; without locks each tab has its own.
  #lead() {
    if (!navigator.locks || !this.#channel) return this.#begin();
    const held = () => new Promise((resolve) => {
      this.#release = resolve;
      if (this.#over) return resolve();
      this.#begin();
    });
    navigator.locks.request(CHANNEL, { signal: this.#aborter.signal }, held).catch(() => {});
  }

  #begin() {
    this.#leads = true;
    this.#stream();
  }

  #stream() {
    if (this.#over) return;
    this.#source?.close();
    const source = new EventSource(`/api/house/live?since=${this.#position}`);
    this.#source = source;
    source.addEventListener("open", () => {
      this.#failures = 0;
      this.#is("live");
    });
    source.addEventListener("message", ({ data }) => this.#frame(JSON.parse(data)));
    source.addEventListener("error", () => this.#broke(source));
  }

  // One 503 would close a stream for ever, so each is opened anew by us; meanwhile we ask.
  #broke(source) {
    if (source !== this.#source || this.#over) return;
    source.close();
    this.#source = undefined;
    const wait = WAITS[Math.min(this.#failures++, WAITS.length - 1)] * (0.75 + Math.random() / 2);
    if (this.#state === "live") this.#is("catching");
    setTimeout(() => this.#source ?? this.#stream(), wait);
    this.#ask();
  }

  #frame(frame) {
    this.#hear(frame);
    this.#say({ frame });
  }

  #hear(frame) {
    if (isNewer(frame.position, this.#position)) this.#position = frame.position;
    this.#since = Date.now();
    if (frame.again) return this.#catchUp();
    this.#take(frame);
  }

  // Where there is no stream, or it is silent: what changed since, by itself.
  async #ask() {
    if (this.#busy || this.#over) return;
    this.#busy = true;
    const { status, data } = await call("GET", `house/changes?since=${this.#position}&wait=0`, undefined, { signal: this.#aborter.signal });
    this.#busy = false;
    if (this.#over) return;
    this.#checked = Date.now();
    if (!ok(status)) return status === 0 && this.#fell();
    this.#since = Date.now();
    const isOpen = this.#source?.readyState === EventSource.OPEN;
    if (isOpen && isNews(data)) {
      await new Promise((resolve) => setTimeout(resolve, GRACE));
      if (isNewer(data.position, this.#position)) this.#stream(); // it stopped speaking to us
    }
    this.#frame(data);
    this.#is(isOpen ? "live" : "slow");
  }

  async #catchUp() {
    this.#is("catching");
    const position = await this.#reload();
    if (position === undefined) return this.#fell();
    this.#position = position;
    this.#since = Date.now();
    if (!navigator.onLine) return this.#fell(); // it broke off while this was on its way
    this.#is(this.#source?.readyState === EventSource.OPEN || !this.#leads ? "live" : "slow");
  }

  #fell() {
    this.#is("offline");
  }

  async #wake() {
    if (this.#over) return;
    await this.#catchUp();
    if (this.#leads && this.#state !== "offline") this.#stream();
  }

  #tick() {
    const slept = Date.now() - this.#ticked > AWAY;
    this.#ticked = Date.now();
    if (slept) return this.#wake();
    if (this.#state === "offline") return this.#wake();
    if (!this.#leads) return this.#follow();
    const isOpen = this.#source?.readyState === EventSource.OPEN;
    if (!isOpen || Date.now() - this.#checked > CHECK) this.#ask();
    this.#say({ pulse: this.#position, state: this.#state });
  }

  // -- the other tabs --
  #say(message) {
    if (this.#leads && !this.#over) this.#channel?.postMessage(message);
  }

  #overheard({ frame, pulse, state }) {
    if (this.#leads || this.#over) return;
    this.#led = Date.now();
    if (frame) this.#hear(frame);
    if (pulse === undefined) return;
    if (isNewer(pulse, this.#position)) this.#wake();
    else if (state !== "offline") this.#is(state);
  }

  #follow() {
    if (Date.now() - this.#led > 3 * TICK) this.#ask();
  }

  #every(pause, work) {
    this.#timers.add(setInterval(work, pause));
  }

  #is(state) {
    if (state !== "offline" && state !== "catching") this.#since = Date.now();
    this.#state = state;
    this.#tell({ state, since: this.#since });
  }
}

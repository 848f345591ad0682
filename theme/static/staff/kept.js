// The board as it was last seen, on this device, for when there is no connection. Gone with the sign-out, and after a day.
// Two copies in turn: a browser that closes while one is written still has the other.
const CACHE = "guestlink-staff-board";
const NAMES = ["/staff/kept-0.json", "/staff/kept-1.json"];
const HERE = "guestlink:staff:here"; // somebody has signed in on this device, and may be so still
const A_DAY = 24 * 3600 * 1000;
const PAUSE = 500; // milliseconds between two copies
let timer;
let turn; // which of the two is the newer one
let isWanted = true;

export function keep(read) {
  clearTimeout(timer);
  if (isWanted && globalThis.caches) timer = setTimeout(() => write(read()), turn === undefined ? 0 : PAUSE);
}

async function write(board) {
  try {
    const cache = await caches.open(CACHE);
    turn = 1 - (turn ?? NAMES.indexOf((await newest())?.name ?? NAMES[1]));
    if (isWanted) await cache.put(NAMES[turn], Response.json({ ...board, kept: Date.now() }));
    if (!isWanted) await forget();
  } catch {
    // A browser that keeps nothing has no board without a connection.
  }
}

export async function kept() {
  const found = await newest();
  if (found && Date.now() - found.kept < A_DAY) return found;
  if (found) await forget();
  return undefined;
}

const newest = async () => (await Promise.all(NAMES.map(read))).filter(Boolean).sort((one, other) => other.kept - one.kept)[0];

async function read(name) {
  try {
    return { ...(await (await caches.match(name)).json()), name };
  } catch {
    return undefined;
  }
}

// `isOther`: somebody else goes on here.
export async function forget({ isOther = false } = {}) {
  isWanted = false;
  clearTimeout(timer);
  if (!isOther) mark((storage) => storage.removeItem(HERE));
  try {
    await caches.delete(CACHE);
  } catch {}
}

export function keepAgain() {
  isWanted = true;
  mark((storage) => storage.setItem(HERE, "yes"));
}

// Where nobody was, the house need not be asked who is.
export const mayBeHere = () => mark((storage) => storage.getItem(HERE) !== null);

function mark(work) {
  try {
    return work(localStorage);
  } catch {
    return true; // a browser that keeps nothing
  }
}

// @ts-check
// What the server has to hear: receipts, and a subscription that moved. Written down first, then sent;
// what cannot be sent waits for the next push, click, sync or visit.

const MOST_KEPT = 100;
/** Older news is no news, in milliseconds. */
const LONGEST_KEPT = 7 * 24 * 60 * 60 * 1000;

/**
 * @typedef {object} Move
 * @property {PushCredential} subscription the new one
 * @property {PushCredential} previous
 * @property {'refresh'} intent
 * @property {string} vapid_public_key
 */

/**
 * @typedef {object} Letter holds one of the two
 * @property {{type: 'shown' | 'clicked' | 'closed', receipt: string, at: number, action?: string}} [event]
 * @property {Move} [move]
 * @property {number} at epoch milliseconds
 */

/** @param {Letter} letter */
async function post(letter) {
  if (!config.site) return;
  await keep(OUTBOX_DRAWER, `${letter.at}-${Math.random()}`, letter);
  await trim(OUTBOX_DRAWER, MOST_KEPT);
  if (!(await flush())) await askForSync();
}

/**
 * Tells the server what happened to a message.
 *
 * @param {'shown' | 'clicked' | 'closed'} type
 * @param {Stamp} stamp
 * @param {string} [action] id of the pressed button
 */
async function report(type, { receipt }, action) {
  const at = Date.now();
  if (receipt) await post({ at, event: { type, receipt, at, action: action || undefined } });
}

/** @type {Promise<boolean>} one round at a time, or two would send the same letter */
let round = Promise.resolve(true);

/** @returns {Promise<boolean>} whether all letters are off */
function flush() {
  round = round.then(sendAll, sendAll);
  return round;
}

/** Fails if letters are left: the browser then comes back after a pause of its own choice. */
async function flushOnSync() {
  if (!(await flush())) throw new Error('The server does not answer.');
}

async function sendAll() {
  const letters = await freshLetters();
  let isDone = true;
  for (const { name, move } of letters) {
    if (!move) continue;
    if (isTemporary(await sendMove(move))) isDone = false;
    else await discard(OUTBOX_DRAWER, [name]);
  }
  const receipts = letters.filter(({ event }) => event);
  if (!receipts.length) return isDone;
  const events = receipts.map(({ event }) => event);
  const { locale, timeZone: time_zone } = Intl.DateTimeFormat().resolvedOptions();
  const { status } = await exchange(config, 'POST', '/events', { events, locale, time_zone });
  if (isTemporary(status)) return false;
  await discard(
    OUTBOX_DRAWER,
    receipts.map(({ name }) => name),
  );
  return isDone;
}

/** @returns {Promise<(Letter & {name: Request})[]>} oldest first */
async function freshLetters() {
  const cache = await caches.open(OUTBOX_DRAWER);
  const letters = [];
  for (const name of await cache.keys()) {
    const note = await cache.match(name);
    const letter = note && (await note.json());
    if (letter && Date.now() - letter.at < LONGEST_KEPT) letters.push({ ...letter, name });
    else await cache.delete(name);
  }
  return letters;
}

/**
 * Where the browser has background sync, it wakes us once it is online. Never asked for in the sync itself:
 * while only the server is down the next one would follow at once, a hundred a second.
 */
async function askForSync() {
  const { sync } = /** @type {any} */ (worker.registration);
  if (sync) await sync.register('sitebell');
}

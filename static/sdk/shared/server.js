// @ts-check
// The one way to the server: JSON over HTTP, no cookies, an answer for every outcome.

/** How long an answer may take, in milliseconds. */
const ANSWER_TIME = 10000;

/**
 * @typedef {object} Answer
 * @property {number} status of HTTP; 0 when nothing came, or nothing that can be read
 * @property {any} [body] parsed JSON
 */

/**
 * Makes one request about a site. Never rejects.
 *
 * @param {{server: string, site: string | null}} where
 * @param {'GET' | 'PUT' | 'POST'} method
 * @param {string} path below `/v1/sites/<token>`
 * @param {object} [body]
 * @returns {Promise<Answer>}
 */
async function exchange({ server, site }, method, path, body) {
  const answer = fetch(`${server}/v1/sites/${site}${path}`, {
    method,
    headers: body && { 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
    credentials: 'omit',
    // A farewell outlives the page that says it.
    keepalive: method === 'POST',
  }).then(async (response) => ({ status: response.status, body: await response.json() }));
  return within(ANSWER_TIME, answer).catch(() => ({ status: 0 }));
}

/**
 * Tells "not now" from "no": only the former is worth another try.
 *
 * @param {number} status of HTTP, 0 for no answer
 */
function isTemporary(status) {
  return !status || status === 429 || status >= 500;
}

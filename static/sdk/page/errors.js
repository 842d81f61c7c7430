// @ts-check
// What can go wrong in a page, and what to change then. docs/sdk.md has a paragraph for each code.

/**
 * `{name}` stands for a fact: a setting, the page's origin, or what the complaint was given.
 *
 * @type {Record<Sitebell.ErrorCode, string>}
 */
const SENTENCES = {
  insecure_context: 'Push needs a secure page: serve this one over https, or from http://localhost.',
  unsupported: 'This browser has no web push: offer the visitor another way.',
  needs_install: 'On iOS only installed pages have push: ask the visitor to tap Share, "Add to Home Screen".',
  permission_denied: 'The visitor blocked notifications: only they can allow them, in the browser settings.',
  permission_dismissed: 'The visitor left the prompt unanswered: call subscribe() from a later click.',
  worker_failed:
    'No worker at {worker}: put a file there with ' +
    'importScripts("{server}/sdk/v1/worker.js?site={site}"). {reason}',
  push_service_failed:
    'The browser reached no push service: check the network, or in Brave allow ' +
    '"Google services for push messaging". {reason}',
  server_unreachable:
    "No answer from {server}: check that it runs, that {origin} is among the site's " +
    "origins, and connect-src in the page's Content-Security-Policy.",
  not_initialised: 'No site yet: put data-site="TOKEN" on the script tag, or call init({site: "TOKEN"}).',
  already_initialised: 'This page belongs to site {site}: call init() with no other.',
  unknown_method: 'There is no method {name}: use {known}.',
  unknown_event: 'There is no event {name}: use {known}.',
  unexpected: 'The browser refused: {reason}',
};

class SitebellError extends Error {
  /**
   * @param {string} code stable, to branch on
   * @param {string} message says what to change
   * @param {number} [status] of the server's answer, if it is about one
   */
  constructor(code, message, status = 0) {
    super(message);
    this.name = /** @type {const} */ ('SitebellError');
    this.code = code;
    this.docs = `${settings.server}/docs/sdk#${code}`;
    this.status = status;
  }
}

/**
 * @param {Sitebell.ErrorCode} code
 * @param {{[fact: string]: unknown}} [facts]
 */
function complaint(code, facts) {
  /** @type {{[fact: string]: unknown}} */
  const known = { ...settings, origin: location.origin, ...facts };
  return new SitebellError(
    code,
    SENTENCES[code].replace(/{(\w+)}/g, (_, fact) => String(known[fact])),
  );
}

/** @param {unknown} failure whatever was thrown */
function asSitebellError(failure) {
  return failure instanceof SitebellError ? failure : complaint('unexpected', { reason: failure });
}

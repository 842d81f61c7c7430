// @ts-check
// Which site this page belongs to, and where its parts are. Who says it first is right: the page (script tag
// or init()), then what this browser was told last, then the site's config on the server, then the default.

const scriptTag = /** @type {HTMLScriptElement | null} */ (document.currentScript);

const settings = { site: '', server: '', worker: '', scope: '' };

const DEFAULT_WORKER = '/bell-worker.js';
const DEFAULT_SCOPE = '/bell/';

/** @param {{[name: string]: any}} options those of `Sitebell.Options`, as far as known */
function adopt(options) {
  for (const name of /** @type {(keyof typeof settings)[]} */ (Object.keys(settings))) {
    settings[name] = settings[name] || options[name] || '';
  }
}

/**
 * The server that a script came from: all that stands before `/sdk/v1/`, else the origin.
 *
 * @param {string} scriptUrl
 */
function serverBehind(scriptUrl) {
  const [base, rest] = scriptUrl.split('/sdk/v1/');
  return rest ? base : new URL(scriptUrl).origin;
}

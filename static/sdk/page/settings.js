// @ts-check
// Which site this page belongs to, and where its parts are. Who says it first is right: the page (script tag
// or init()), then what this browser was told last, then the site's config on the server, then the default.

const scriptTag = /** @type {HTMLScriptElement | null} */ (document.currentScript);

/** All that stands before `/sdk/v1/`, else the origin. */
const SERVER = /^.*(?=\/sdk\/v)|^\w+:\/\/[^/]+/;

/** @type {{[name: string]: string, site: string, server: string, takeover: string, worker: string, scope: string}} */
const settings = { site: '', server: scriptTag?.src.match(SERVER)?.[0] || '', takeover: '', worker: '', scope: '' };

const DEFAULT_WORKER = '/bell-worker.js';
const DEFAULT_SCOPE = '/bell/';

/** @param {{[name: string]: any}} options those of `Sitebell.Options`, as far as known */
function adopt(options) {
  for (const name in settings) settings[name] ||= options[name] || '';
}

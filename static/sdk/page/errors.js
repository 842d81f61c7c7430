// @ts-check
// What can go wrong in a page. The sentences are a file of the server: few pages ever need one.

/** How long the sentences may take to come, in milliseconds. */
const SENTENCES_TIME = 3000;

/** @type {Promise<{[code: string]: string} | undefined> | undefined} errors.json, once something went wrong */
let sentences;

/**
 * @param {Sitebell.SitebellError['code']} code stable, to branch on
 * @param {unknown} [cause] what the browser said, or a name that does not exist
 * @param {string} [message] says what to change; without it explain() does
 * @param {number} [status] of the server's answer, if it is about one
 * @returns {Sitebell.SitebellError}
 */
function complaint(code, cause, message, status = 0) {
  return Object.assign(new Error(message, { cause }), {
    name: /** @type {const} */ ('SitebellError'),
    code,
    docs: `${settings.server}/docs/sdk#${code}`,
    status,
  });
}

/** @param {Sitebell.SitebellError} error that has no message yet */
async function explain(error) {
  sentences ||= within(
    SENTENCES_TIME,
    fetch(settings.server + '/sdk/v1/errors.json', { credentials: 'omit' }).then((answer) => answer.json()),
  ).catch(() => (sentences = undefined));
  const sentence = (await sentences)?.[error.code] || error.code + ' {reason}';
  /** @type {{[fact: string]: any}} */
  const facts = { ...settings, reason: error.cause };
  error.message = sentence.replace(/{(\w+)}/g, (_, fact) => facts[fact] || '');
}

/** @type {{[sentence: string]: true}} */
const said = {};

/** @param {string} sentence for the site's developers; said once a page */
function warn(sentence) {
  if (!said[sentence]) console.warn('[Sitebell] ' + sentence);
  said[sentence] = true;
}

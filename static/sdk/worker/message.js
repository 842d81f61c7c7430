// @ts-check
// From a push to what showNotification() takes. The payload is the JSON of declarative web push; a
// browser that reads it itself (Safari) hands over the finished notification instead.

/**
 * What our notifications carry in `data.sitebell`.
 *
 * @typedef {object} Stamp
 * @property {string} message its id
 * @property {string} receipt proves to the server that this browser got the message
 * @property {string} url where a click leads
 * @property {{[action: string]: string}} urls where the buttons lead
 */

/** @typedef {{title: string, stamp: Stamp, options: NotificationOptions}} Message */

/** For a push that nobody can read, where we have to show something. */
const STAND_IN = { title: location.hostname, body: 'There is something new for you.', tag: 'sitebell' };

/** The members of NotificationOptions that are taken over as they are. */
const OPTIONS = [
  'body',
  'lang',
  'dir',
  'tag',
  'icon',
  'image',
  'badge',
  'silent',
  'renotify',
  'requireInteraction',
  'timestamp',
];

/**
 * @param {PushEvent} event
 * @returns {Message | null} null: not ours
 */
function readMessage(event) {
  const declared = /** @type {any} */ (event).notification || declaredIn(event.data);
  if (isWholeWorker) return messageFrom(declared || STAND_IN);
  return declared && stampOf(declared) ? messageFrom(declared) : null;
}

/**
 * @param {PushMessageData | null} data
 * @returns {any} the `notification` of a declarative message, null if it is none
 */
function declaredIn(data) {
  try {
    const { web_push: version, notification } = /** @type {PushMessageData} */ (data).json();
    return version === 8030 && notification.title ? notification : null;
  } catch {
    return null;
  }
}

/**
 * @param {{data?: any}} notification declared or shown
 * @returns {Stamp | undefined}
 */
function stampOf({ data }) {
  return data ? data.sitebell : undefined;
}

/**
 * @param {any} declared
 * @returns {Message}
 */
function messageFrom(declared) {
  const { title, actions, data } = declared;
  const url = safeUrl(declared.navigate);
  /** @type {Stamp} */
  const stamp = { message: '', receipt: '', ...stampOf(declared), url, urls: {} };
  /** @type {any} */
  const options = { navigate: url, actions: [], data: { ...data, sitebell: stamp } };
  for (const name of OPTIONS) if (name in declared) options[name] = declared[name];
  for (const button of actions || []) {
    options.actions.push({ action: button.action, title: button.title, icon: button.icon });
    stamp.urls[button.action] = button.navigate ? safeUrl(button.navigate) : url;
  }
  return { title, stamp, options };
}

/**
 * The address to open: absolute, http or https, never one that only looks like a path of this site.
 * The server checked it, too; a payload is not trusted for that.
 *
 * @param {string | undefined} url
 */
function safeUrl(url = '/') {
  const home = location.origin + '/';
  try {
    const { protocol, href } = new URL(url, home);
    return /^https?:$/.test(protocol) && !/^\/\/|[\\\x00-\x1f]/.test(url) ? href : home;
  } catch {
    return home;
  }
}

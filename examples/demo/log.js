// @ts-check
// The list of events, newest first, as the SDK reports them.

import { docsLink, part, shortened } from './page.js';

const KEPT = 50;

/** @type {{[Name in keyof Sitebell.Events]: (detail: Sitebell.Events[Name]) => string}} */
const SENTENCES = {
  ready: (status) => (status.subscribed ? 'This browser is subscribed.' : 'This browser is not subscribed.'),
  permission: (change) => `From ${change.previous} to ${change.permission}.`,
  subscribe: (member) => `Subscribed as ${shortened(member.subscriberHash || '')}.`,
  update_subscription: (member) => `New push address, still ${shortened(member.subscriberHash || '')}.`,
  unsubscribe: (farewell) =>
    farewell.acknowledged ? 'The server knows.' : 'The server could not be told yet; it will be at the next visit.',
  show: (report) => `“${report.title}” is on the screen.`,
  click: (report) => `“${report.title}” was clicked${report.action ? `, button ${report.action}` : ''}.`,
  close: (report) => `“${report.title}” was dismissed.`,
  error: (error) => error.message,
};

export const EVENTS = /** @type {(keyof Sitebell.Events)[]} */ (Object.keys(SENTENCES));

/**
 * @template {keyof Sitebell.Events} Name
 * @param {Name} name
 * @param {Sitebell.Events[Name]} detail
 */
export function logEvent(name, detail) {
  const line = document.createElement('li');
  line.className = `event-${name}`;
  const sentence = labelled('event-detail', SENTENCES[name](detail));
  if (name === 'error') sentence.append(' ', docsLink(/** @type {Sitebell.SitebellError} */ (detail).docs));
  line.append(clock(new Date()), labelled('event-name', name), sentence);
  const log = part('log');
  log.prepend(line);
  while (log.children.length > KEPT) log.lastElementChild?.remove();
  part('log-empty').hidden = true;
  part('log-frame').tabIndex = 0; // it scrolls, also by keyboard
}

/** @param {Date} moment */
function clock(moment) {
  const time = document.createElement('time');
  time.dateTime = moment.toISOString();
  time.title = moment.toString();
  time.textContent = moment.toLocaleTimeString([], { hour12: false });
  return time;
}

/**
 * @param {string} className
 * @param {string} text
 */
function labelled(className, text) {
  const span = document.createElement('span');
  span.className = className;
  span.textContent = text;
  return span;
}

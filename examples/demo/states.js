// @ts-check
// What the page says in each state: a heading, a sentence, the label of the one button, and what to do about trouble.

/**
 * @typedef {'loading' | 'offered' | 'asking' | 'subscribed' | 'denied' | 'unsupported' | 'error'} State
 * @typedef {{title: string, text: string, button: string | null, enabled?: boolean, icon: 'on' | 'off' | 'trouble'}} Words
 */

/** @type {Record<State, Words>} */
export const STATES = {
  loading: {
    title: 'A bell on your own door',
    text: 'Subscribe this browser, then send yourself a message. It arrives even when this tab is closed.',
    button: 'One moment',
    enabled: false,
    icon: 'off',
  },
  offered: {
    title: 'A bell on your own door',
    text: 'Subscribe this browser, then send yourself a message. It arrives even when this tab is closed.',
    button: 'Subscribe',
    icon: 'off',
  },
  asking: {
    title: 'Your browser is asking',
    text: 'Choose Allow in the box that it opened. It asks only because you pressed the button.',
    button: 'Waiting for your answer',
    enabled: false,
    icon: 'off',
  },
  subscribed: {
    title: 'You are subscribed',
    text: 'Send yourself a message now, and click it when it arrives.',
    button: null,
    icon: 'on',
  },
  denied: {
    title: 'Notifications are blocked here',
    text: 'This browser was told not to show notifications of this page. Only you can change that.',
    button: 'I have changed it',
    icon: 'trouble',
  },
  unsupported: {
    title: 'No web push in this browser',
    text: 'Open this page in a current Firefox, Chrome, Edge or Safari, in an ordinary window.',
    button: null,
    icon: 'trouble',
  },
  error: {
    title: 'That did not work',
    text: 'The bell stays silent until this is settled.',
    button: 'Try again',
    icon: 'trouble',
  },
};

/** The sentence for each obstacle that the SDK names. */
export const OBSTACLES = {
  insecure_context: 'Browsers allow push on https pages and on localhost only. Open the page by its localhost address.',
  unsupported: 'Private windows have no push either: if this is one, open the page in an ordinary window.',
  needs_install:
    'On an iPhone or iPad, add this page to the Home Screen (Share, then Add to Home Screen) and open it there.',
};

/** The visitor closed the browser's question. */
export const UNANSWERED = 'The question was closed without an answer. Press Subscribe again and choose Allow.';

/** Where the permission is changed, in the words of this browser. */
export function unblockHelp() {
  const agent = navigator.userAgent;
  if (agent.includes('Firefox/')) {
    return 'In Firefox: press the icon left of the address, clear “Blocked” beside Send notifications, then press the button.';
  }
  if (agent.includes('Chrome/')) {
    return 'In Chrome and Edge: press the icon left of the address, set Notifications to Allow, then press the button.';
  }
  return 'In Safari: open Settings, Websites, Notifications, set this site to Allow, then press the button.';
}

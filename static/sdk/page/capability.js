// @ts-check
// Can this page have push? From the most basic need upwards.

const isPushPossible = () =>
  'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window && 'locks' in navigator;

/**
 * @returns {Sitebell.Obstacle | null} the first thing in the way
 */
function findObstacle() {
  if (!isSecureContext) return 'insecure_context';
  // Only iOS knows `standalone`; in its browser tabs push objects are missing until the page is installed.
  if (!isPushPossible()) return 'standalone' in navigator && !navigator.standalone ? 'needs_install' : 'unsupported';
  return Notification.permission === 'denied' ? 'permission_denied' : null;
}

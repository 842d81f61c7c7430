// @ts-check
// Can this page have push? From the most basic need upwards.

const isPushPossible = () => !!(navigator.serviceWorker && navigator.locks && self.PushManager && self.Notification);

/**
 * @returns {Sitebell.Obstacle | null} the first thing in the way
 */
function findObstacle() {
  if (!isSecureContext) return 'insecure_context';
  if (isPushPossible()) return Notification.permission === 'denied' ? 'permission_denied' : null;
  // Only iOS knows `standalone`. Its browser tabs lack the objects of push until the page is installed.
  return 'standalone' in navigator && !navigator.standalone ? 'needs_install' : 'unsupported';
}

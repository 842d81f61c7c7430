"""Visitors who were not asked for permission yet, in a browser that can ask nobody."""

# Without a screen Chromium shows no prompt: until the page asks, it is told that nobody was asked. All else is real.
NOBODY_ASKED = """<script>
  (function () {
    var asked = function () { return sessionStorage.asked ? 'granted' : 'default'; };
    var ask = Notification.requestPermission.bind(Notification);
    Object.defineProperty(Notification, 'permission', { get: asked });
    Notification.requestPermission = function () { sessionStorage.asked = 'yes'; return ask(); };
  })();
</script>"""

"""What stands around Sitebell in its tests: a push service, a desktop and two browsers, all real, all on loopback.

The push service (own thread, or own process; real TLS, HTTP/2 and HTTP/1.1, real checks)::

    from support.push_service import PushService, PushServiceProcess

    with PushService() as push:
        push.settings()                     # {"SITEBELL_PUSH_PROXY": ..., "SITEBELL_PUSH_CA_FILE": ...} for a server
        push.https_port, push.h1_port       # HTTP/2 + HTTP/1.1 by ALPN; HTTP/1.1 only (for a direct connect map)
        push.ca_file
        device = push.add_subscriber(vapid_public_key, host="updates.push.services.mozilla.com")
        many = push.add_subscribers(5000, vapid_public_key)            # one key pair for all of them
        device.subscription()               # {"endpoint", "keys": {"p256dh", "auth"}} as a browser would send it
        device.messages                     # [Message] that reached it; message.plaintext is decrypted on demand
        push.history                        # [Message] accepted: id, subscription, body, ttl, topic, urgency, ...
        push.requests                       # [PushRequest]: http_version, method, host, path, headers, body, status
        push.events, push.refused, push.in_flight
        push.wait_for(lambda: push.history and push.history[-1].acked_at, timeout=20)
        push.fault(429, {"Retry-After": "3"}, count=1, match=device.token)   # match: part of host or path
        push.fault(503, count=None)         # everyone, until clear_faults(); 0 = cut the connection; delay=inf = hang
        push.clear_faults()
        push.throttle(200)                  # answers per second; None = as fast as it can
        push.speak("http/1.1")              # what the proxy leads to: "http/1.1" or "any"
        push.route("slow.push.apple.com", hostile.port)                # one host of the proxy leads elsewhere
        push.expire(device.token)           # 410 from now on; takes an endpoint too
        push.set_offline(True, drop=False)  # messages are held back; drop=True also cuts the browsers off
        push.forget_clients()               # Firefox gets a new id: pushsubscriptionchange
        push.corrupt = True                 # ciphertext arrives damaged
        push.reset()                        # hooks back to normal, history/requests/events empty; subscriptions stay

    with PushServiceProcess() as push:      # the same service in its own process
        push.settings(), push.https_port    # fault, throttle, speak, route, expire, set_offline, reset as above
        push.add_subscribers(5000, key)     # [{"endpoint", "keys"}]
        push.counts()                       # accepted, requests, in_flight
        push.accepted(since=0)              # [Accepted]: id, endpoint, plaintext, ttl, topic, urgency, accepted_at
        push.accepted_per_endpoint()        # Counter

By hand: ``PYTHONPATH=tests python -m support.push_service --log`` prints where it is and what it sees.

The desktop and the browsers::

    from support.notifications import NotificationDaemon     # wait, wait_for, wait_gone, click, press, dismiss, shown
    from support.browser import Browser, BrowserError        # the protocol that both browsers implement
    from support.firefox import Firefox                      # + answer_prompt("allow"), chrome_script()
    from support.chromium import Chromium                    # + screenshot(path, width, height, dark=False)
    from support.hostile import HostileServer                # behaviours for SEC-04 to SEC-06
    from support.application_server import ApplicationServer # a second sender, to try the double with

    browser = Firefox(push, desktop, notifications_setting="allow")      # or "ask", "block"
    browser.goto(url); browser.evaluate("1 + 1"); browser.wait_for("window.done"); browser.click("#go")
    browser.set_permission(origin, "denied"); browser.stop(); browser.start(); browser.close()
    browser.urls(); browser.new_tab(url); browser.use_tab("/part"); browser.close_other_tabs()

Fixtures (``pytest_plugins = ["support.fixtures"]`` in tests/conftest.py): push_service, notifications, browser (both in
turn), sender, device. A missing program fails the test and names the line that installs it.
"""

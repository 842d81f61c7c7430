"""`python -m support.push_service`: the push service alone, until its standard input ends.

Prints one line of JSON: settings for a server, arguments for Chromium, a URL for Firefox, ports, the control URL.
"""

import json
import sys

from support.loop_thread import LoopThread
from support.push_service.control import Control
from support.push_service.service import PushService
from support.push_service.tls import LOOPBACK


def main() -> None:
    """Run until the parent, or the person at the terminal, closes our standard input."""
    log = sys.stderr if "--log" in sys.argv[1:] else None
    with PushService(log) as service:
        thread = LoopThread("control")
        control = Control(service)
        port = thread.run(control.open())
        told = {
            "settings": service.settings(),
            "chromium_args": service.chromium_args(),
            "websocket_url": service.websocket_url,
            "https_port": service.https_port,
            "h1_port": service.h1_port,
            "guard_port": service.guard_port,
            "control": f"http://{LOOPBACK}:{port}",
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()
        thread.run(control.close())
        thread.stop()


if __name__ == "__main__":
    main()

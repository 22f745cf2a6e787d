"""`python -m adtarget.sandbox --port 8010`: the sandbox alone, without the product around it, in little memory."""

import argparse
import contextlib
import signal
import sys

from adtarget.sandbox.server import Sandbox


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m adtarget.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8010, help="port to listen on (default: %(default)s)")
    parser.add_argument("--local-links", action="store_true", help="invite links lead here, not to t.me")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        sandbox = Sandbox(host=options.host, port=options.port, local_links=options.local_links)
    except OSError as error:
        sys.exit(f"Cannot listen on port {options.port}: {error.strerror}. Choose another with --port.")
    with contextlib.closing(sandbox), contextlib.suppress(KeyboardInterrupt):
        sandbox.serve_forever()


if __name__ == "__main__":
    main()

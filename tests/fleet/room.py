"""The server of a room, as a program in the network of the lab's centre: the proxy through which every host goes, with
all that the download servers would have. Usage: python -m fleet.room WHEELS ADDRESS PORT AUTHORITY REQUESTS

It writes its certificate authority to AUTHORITY and then, until it is ended, each request as a line to REQUESTS.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from helpers.fault_server import FaultServer


def main() -> None:
    wheels, address, port, authority, requests = sys.argv[1:]
    with FaultServer(Path(wheels), port=int(port), address=address) as server:
        everything = {wheel.name.split("-")[0].replace("_", "-").lower() for wheel in Path(wheels).glob("*.whl")}
        server.holds = {r"^download\.pytorch\.org$": {"torch"}, "": everything - {"torch"}}
        told = 0
        with Path(requests).open("w", encoding="utf-8") as log:
            server.write_authority(Path(authority))
            while True:
                for request in server.requests[told:]:
                    told += 1
                    log.write(json.dumps({"path": request.path, "range": request.range}) + "\n")
                log.flush()
                time.sleep(0.05)


if __name__ == "__main__":
    main()

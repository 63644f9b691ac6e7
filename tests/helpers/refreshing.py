"""Bundled facts with servers of our own in place of the real ones, as they are or as they were three releases ago."""

import copy
import json

from helpers.facts import FILE
from helpers.wheel_index import ARM, LINUX, WINDOWS, wheel_name
from setupwizard.model.catalogue import Catalogue
from setupwizard.model.wire import from_json

RAW = json.loads(FILE.read_bytes())
YOUNGEST = [release["torch"] for release in RAW["releases"][-3:]]
TODAY = "2026-12-01"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def facts(*servers, aged=False, **more):
    """Return the bundled facts with our own servers, the first one the official index; `aged`: three releases ago."""
    raw = copy.deepcopy(RAW)
    if aged:
        minors = {".".join(torch.split(".")[:2]) for torch in YOUNGEST}
        raw["data_date"] = "2026-08-01"
        raw["releases"] = [release for release in raw["releases"] if release["torch"] not in YOUNGEST]
        raw["arch_lists"] = [row for row in raw["arch_lists"] if row["torch"] not in minors]
    raw["package_sources"] = [
        {"id": name, "name": name, "kind": "index", "url": one.template, "hosts": ["127.0.0.1"], "sources": []}
        for name, one in zip(("official", "mirror"), servers, strict=False)
    ]
    raw.update(more)
    return from_json(Catalogue, json.dumps(raw).encode(), name="test")


def publish_today(server):
    """Publish what PyTorch published when the bundled facts were made."""
    for release in RAW["releases"]:
        for platform, tag in (("linux_x86_64", LINUX), ("win_amd64", WINDOWS), ("linux_aarch64", ARM)):
            published = release["builds"].get(platform)
            for variant in published["variants"] if published else ():
                for python in [*published["python"], *published.get("index_python", ())]:
                    word = python.replace(".", "", 1)
                    server.put(wheel_name(f"{release['torch']}+{variant}", word, tag), variant, b"old")

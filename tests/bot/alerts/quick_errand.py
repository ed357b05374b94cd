"""What the errand `alert` does for `json://`, without the 0.6 s that importing apprise takes."""

import json
import os
import re
import sys
import urllib.request


def main() -> None:
    urls = os.environ["KAIDAN_ALERT_URLS"].split()
    if sys.argv[1] == "check":
        sys.stdout.write(json.dumps([url.startswith("json://") for url in urls]))
        return
    said = json.load(sys.stdin)
    payload = {"title": said["title"], "message": said["body"], "type": said["severity"]}
    host = re.search(r"127\.0\.0\.1:\d+", urls[0])[0]
    request = urllib.request.Request(f"http://{host}/", json.dumps(payload).encode())
    with urllib.request.urlopen(request, timeout=10):
        pass


if __name__ == "__main__":
    main()

"""Errand `models` as far as a keeper sees it, without MLflow; `KAIDAN_QUICK` says what comes."""

import json
import os
import sys
import time

FAILED = {"what": "failed", "version": None, "why": "no answer"}
FOUND = {"what": "unchanged", "version": 2, "why": None}


def main() -> None:
    answers = {"well": (FOUND,) * 3, "down": (FAILED,) * 3, "one out": (FOUND, FAILED, FOUND)}
    how = os.environ["KAIDAN_QUICK"]
    if how == "hangs":
        time.sleep(60)
    if how == "fails":
        sys.exit("no disk")
    if how == "talks":
        sys.stdout.write("something else")
        return
    levels = [{"level": level, "live": live} for level, live in enumerate(answers[how], start=1)]
    sys.stdout.write(json.dumps({"levels": levels}))


if __name__ == "__main__":
    main()

"""A real browser for tests: Debian's Chromium, headless, which may reach this machine and nothing else."""

import re
import shutil
import subprocess
import tempfile

OFFLINE = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
UNSEEN = re.compile(r"<(script|style)\b.*?</\1>", re.DOTALL)
SETTLED_MS = 10_000


def rendered(url: str) -> str:
    """The document once its scripts have run, without the scripts: what they hold is not on the page."""
    return UNSEEN.sub("", _chromium(url, "--dump-dom"))


def text_of(page: str) -> str:
    """What a person reads of a rendered document, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def _chromium(url: str, *arguments: str) -> str:
    found = shutil.which("chromium")
    assert found, "chromium is missing; `make test` installs it where it may"
    with tempfile.TemporaryDirectory() as profile:
        command = [found, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        command += [*OFFLINE, f"--virtual-time-budget={SETTLED_MS}", *arguments, url]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout

"""What a guest waits for: the heaviest page of the sample house from the local edge, in real Chromium.

`make bench`, or `.venv/bin/python bench/page.py --json`. Lighthouse as a phone on slow 4G (median of 5 runs),
bytes as they are served, and the time from the tap on a link until the codes are shown (median of 9). Beside
it what Lighthouse says of the staff board's first page; `--staff` asks for that alone.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import brotli  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from tests.browser.house import LANGUAGES, Lodging  # noqa: E402
from tests.guest import through_gate  # noqa: E402
from tests.services import CHROMIUM_OPTIONS  # noqa: E402

LIGHTHOUSE = ROOT / "bench" / "node_modules" / "lighthouse" / "cli" / "index.js"
CATEGORIES = ("performance", "accessibility", "best-practices")
RUNS, OPENINGS = 5, 9
WITH_CODES = ("arriving", "in_house", "departing")
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SHOWN = """
sessionStorage.began ??= performance.timeOrigin;
window.shown = new Promise((tell) => {
  const painted = () => tell(performance.timeOrigin + performance.now() - sessionStorage.began);
  const look = () => document.querySelector("[data-fill=codes] .code")
    ? requestAnimationFrame(() => setTimeout(painted)) : requestAnimationFrame(look);
  look();
});
"""
AIMS: dict[str, tuple[str, float, str]] = {  # field: at most or at least, how much, what it is
    "first_view_bytes": ("<=", 14_336, "HTML with its styles, compressed as served"),
    "script_bytes": ("<=", 12_288, "deferred scripts, compressed as served"),
    "render_blocking": ("<=", 0, "files that hold up the first paint"),
    "third_party": ("<=", 0, "requests to anybody else"),
    "performance": (">=", 99, "Lighthouse, mobile, slow 4G"),
    "accessibility": (">=", 99, "Lighthouse"),
    "best_practices": (">=", 99, "Lighthouse"),
    "lcp_ms": ("<=", 1500, "largest paint, picture included"),
    "cls": ("<=", 0, "layout shift"),
    "tbt_ms": ("<=", 50, "blocking time"),
    "gate_to_codes_ms": ("<=", 700, "from the tap on the link to the codes, 150 ms and 1.6 Mbit/s"),
    "bytes_to_codes": ("<=", 14_336, "how much of the page is on the phone when the codes can be shown"),
    "staff_accessibility": (">=", 100, "Lighthouse, where people of the house sign in"),
    "staff_best_practices": (">=", 100, "the same"),
}


def main(words: Sequence[str]) -> int:
    for name in [name for name in os.environ if name.startswith("GUESTLINK_")]:
        del os.environ[name]  # nobody's own settings
    if why := _missing():
        print(why, file=sys.stderr)
        return 2
    with _house() as house:
        if "--staff" in words:
            print(json.dumps(staff(house)))
            return 0
        link, address = heaviest(house)
        html = _served(address)
        figures: dict[str, float] = {
            "first_view_bytes": len(html) + sum(len(_served(url)) for url in _styles(address)),
            "script_bytes": sum(len(_served(url)) for url in _scripts(address)),
            **lighthouse(f"{address}#{link.partition('#')[2]}"),
            "gate_to_codes_ms": gate_to_codes(link),
            "bytes_to_codes": bytes_to_codes(html),
            **staff(house),
        }
    assert list(figures) == list(AIMS)
    if "--json" in words:
        print(json.dumps(figures))
    else:
        _table(figures, address)
    return 0


# -- the house and its heaviest page ---------------------------------------------------------------
@contextmanager
def _house() -> Iterator[Lodging]:
    """The sample's files with guests in every phase and language, published and served."""
    with tempfile.TemporaryDirectory(prefix="guestlink-bench-") as folder:
        house = Lodging(Path(folder))
        house.publish()
        house.start()
        try:
            yield house
        finally:
            house.stop()


def heaviest(house: Lodging) -> tuple[str, str]:
    """The guest link and the signed address of the page with codes that has the most bytes as served."""
    public = house.settings.public_url
    found = []
    for link in (house.link(phase, language) for phase in WITH_CODES for language in LANGUAGES):
        address = public + through_gate(lambda path: _served(public + path, encoding="identity"), link)
        found.append((len(_served(address)), link, address))
    return max(found)[1:]


def _served(url: str, *, encoding: str = "br") -> bytes:
    """The body as it travels, compressed as a browser asks for it."""
    ask = urllib.request.Request(url, headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(ask) as answer:
        return bytes(answer.read())


def bytes_to_codes(served: bytes) -> int:
    """How many of the served bytes hold first screen, both sealed blocks and the script that opens them."""
    whole = brotli.decompress(served)
    end = whole.index(b"</script>", whole.rindex(b"data-sealed"))
    opened, stream = 0, brotli.Decompressor()
    for at, byte in enumerate(served, 1):
        opened += len(stream.process(bytes([byte])))
        if opened >= end:
            return at
    return len(served)


def _tags(address: str, pattern: str) -> list[str]:
    """Absolute addresses of what a page's tags lead to, each once."""
    html = _served(address, encoding="identity").decode()
    paths = dict.fromkeys(re.findall(pattern, html))
    return [f"http://{urlsplit(address).netloc}{path}" for path in paths]


def _scripts(address: str) -> list[str]:
    return _tags(address, r'<script[^>]* src="([^"]+)"')


def _styles(address: str) -> list[str]:
    return _tags(address, r'<link rel="?stylesheet"?(?![^>]*media="?print)[^>]* href="([^"]+)"')


# -- Lighthouse ------------------------------------------------------------------------------------
def lighthouse(url: str) -> dict[str, float]:
    """The median of each figure over the runs; the first run says how many files block or are others'."""
    reports = []
    for number in range(RUNS):
        print(f"Lighthouse {number + 1} of {RUNS}", file=sys.stderr)
        reports.append(_report(url))
    audits = [report["audits"] for report in reports]
    scores = {
        name.replace("-", "_"): round(
            100 * statistics.median(each["categories"][name]["score"] for each in reports)
        )
        for name in CATEGORIES
    }
    _say_what_is_missed(reports[0])
    return {
        "render_blocking": max(len(_items(each, "render-blocking-resources")) for each in audits),
        "third_party": max(_others(each, url) for each in audits),
        **scores,
        "lcp_ms": round(_median(audits, "largest-contentful-paint")),
        "cls": round(_median(audits, "cumulative-layout-shift"), 3),
        "tbt_ms": round(_median(audits, "total-blocking-time")),
    }


def staff(house: Lodging) -> dict[str, float]:
    """What Lighthouse says of the board before somebody is signed in; one run, for nothing here is a time."""
    report = _report(f"{house.settings.public_url}/staff/en.html")
    _say_what_is_missed(report)
    scores = {name: report["categories"][name]["score"] for name in CATEGORIES if name != "performance"}
    return {f"staff_{name.replace('-', '_')}": round(100 * score) for name, score in scores.items()}


def _report(url: str) -> dict:
    command = ["node", str(LIGHTHOUSE), url, "--quiet", "--output=json", "--output-path=stdout"]
    command += [f"--only-categories={','.join(CATEGORIES)}", "--no-enable-error-reporting"]
    command += [f"--chrome-flags=--headless=new {' '.join(CHROMIUM_OPTIONS)}"]
    environment = {**os.environ, "CHROME_PATH": shutil.which("chromium") or ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        raise SystemExit(f"Lighthouse failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _items(audits: dict, name: str) -> list[dict]:
    return audits[name].get("details", {}).get("items", [])


def _others(audits: dict, url: str) -> int:
    own = urlsplit(url).netloc
    asked = (urlsplit(item["url"]) for item in _items(audits, "network-requests"))
    return sum(address.scheme.startswith("http") and address.netloc != own for address in asked)


def _median(audits: list[dict], name: str) -> float:
    return statistics.median(each[name]["numericValue"] for each in audits)


def _say_what_is_missed(report: dict) -> None:
    """On the error channel, what Lighthouse takes points off for: the next thing to mend."""
    for name in CATEGORIES:
        for each in report["categories"][name]["auditRefs"]:
            audit = report["audits"][each["id"]]
            if each["weight"] and audit["score"] is not None and audit["score"] < 1:
                shown = audit.get("displayValue", "")
                print(f"  {name}: {audit['title']} {shown} ({audit['score']:.2f})", file=sys.stderr)


# -- from the gate to the codes --------------------------------------------------------------------
def gate_to_codes(link: str) -> int:
    """Milliseconds from the tap on the link until the codes are painted, each time on a fresh phone."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_OPTIONS)
        times = [_opening(browser, link) for _ in range(OPENINGS)]
        browser.close()
    return round(statistics.median(times))


def _opening(browser: Browser, link: str) -> float:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", SLOW_4G)
    page.add_init_script(SHOWN)
    page.goto(link, wait_until="commit")
    page.wait_for_selector("main")
    took = float(page.evaluate("window.shown"))
    context.close()
    return took


# -- telling ---------------------------------------------------------------------------------------
def _missing() -> str:
    if not LIGHTHOUSE.exists():
        return "Lighthouse is not installed: run `make bench`."
    if not shutil.which("chromium"):
        return "Chromium is not installed: run `make system`."
    return ""


def _table(figures: dict[str, float], address: str) -> None:
    print(f"The heaviest page with codes: {address.partition('?')[0].rpartition('/')[2]}\n")
    print(f"{'field':<18}{'measured':>10}{'aim':>12}  what it is")
    for name, (sign, aim, what) in AIMS.items():
        good = figures[name] <= aim if sign == "<=" else figures[name] >= aim
        wanted = f"{sign} {aim:,g}"
        print(f"{name:<18}{figures[name]:>10,g}{wanted:>12}  {what}{'' if good else '  (missed)'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

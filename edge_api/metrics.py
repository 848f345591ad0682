"""Numbers for Prometheus: what this process answered, and what waits in the database. Nothing about a person.

Labels are a route's template, a method, a class of status, a state: a path, an id or a name never is one.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CollectorRegistry, Counter, Histogram, Info, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edge_api import pushes
from edge_api.auth import Asking, StaffGuard, is_this_machine
from edge_api.holdings import Holdings
from edge_api.openapi import metadata_version, told
from guestlink import clock
from guestlink.database import Reading
from guestlink.errors import GuestLinkError

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
OUTBOX_STATES: Final = ("waiting", "sending", "in_doubt", "dead")


class Metrics:
    """What one process counted since it began; `answered` is called once for each request."""

    def __init__(self, holdings: Holdings, *, at: Callable[[], datetime]) -> None:
        self.registry = CollectorRegistry()
        self._answered = Counter(
            "guestlink_requests",
            "Requests that were answered.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "guestlink_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        build = Info("guestlink_build", "Which program answers.", registry=self.registry)
        build.info({"version": metadata_version()})
        self.registry.register(_Standing(holdings, at))

    def answered(self, *, route: str, method: str, status: int, seconds: float) -> None:
        key = (route, method, status // 100)
        series = self._series.get(key)
        if series is None:  # looking one up by its labels takes longer than counting
            counts = self._answered.labels(route, method, f"{status // 100}xx")
            series = self._series[key] = (counts, self._seconds.labels(route))
        series[0].inc()
        series[1].observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)


class _Standing(Collector):
    """What waits, read from the database whenever somebody looks; without it, that it does not answer."""

    def __init__(self, holdings: Holdings, at: Callable[[], datetime]) -> None:
        self._holdings = holdings
        self._at = at

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        try:
            with self._holdings.database.read() as db:
                found = list(standing(db, at=self._at()))
        except GuestLinkError:
            found = []
        up = GaugeMetricFamily("guestlink_database_up", "Whether the database answers.")
        up.add_metric([], float(bool(found)))
        yield up
        yield from found


def standing(db: Reading, *, at: datetime) -> Iterator[Metric]:
    inbox = db.one("inbox_standing") or {"waiting": 0, "oldest": None}
    age = (at - clock.from_text(inbox["oldest"])).total_seconds() if inbox["oldest"] else 0.0
    yield _gauge("inbox_waiting", "Events that came in and are not understood yet.", inbox["waiting"])
    yield _gauge("inbox_oldest_seconds", "How long the oldest of them waits.", max(age, 0.0))
    sent = {row["state"]: row["messages"] for row in db.all("outbox_standing")}
    outbox = GaugeMetricFamily("guestlink_outbox_messages", "Messages by where they stand.", labels=["state"])
    for state in sorted({*OUTBOX_STATES, *sent}):
        outbox.add_metric([state], sent.get(state, 0))
    yield outbox
    told, browsers = pushes.standing(db)
    told_of = GaugeMetricFamily(
        "guestlink_push_messages",
        "Pushes to boards of the last day, by what became of them.",
        labels=["state"],
    )
    for state, count in told.items():
        told_of.add_metric([state], count)
    yield told_of
    yield _gauge("push_browsers", "Browsers of the staff board that are told by push.", browsers)
    rebuilds = db.one("rebuild_standing", at=clock.as_text(at)) or {"waiting": 0}
    yield _gauge("rebuilds_waiting", "Pages that are due to be made again.", rebuilds["waiting"])
    alerts = GaugeMetricFamily("guestlink_alerts", "What a person has to look at, by kind.", labels=["kind"])
    for row in db.all("alert_standing"):
        alerts.add_metric([row["kind"]], row["alerts"])
    yield alerts
    open_ones = GaugeMetricFamily("guestlink_open_requests", "Requests that are open.", labels=["state"])
    known = {row["state"]: row["requests"] for row in db.all("request_standing")}
    for state in ("requested", "accepted"):
        open_ones.add_metric([state], known.get(state, 0))
    yield open_ones


def _gauge(name: str, text: str, value: float) -> Metric:
    made = GaugeMetricFamily(f"guestlink_{name}", text)
    made.add_metric([], value)
    return made


def metrics_routes(
    metrics: Metrics, guard: StaffGuard, *, proxies: int, at: Callable[[], datetime]
) -> list[HTTPRouteHandler]:
    """For this machine, when nobody stands before it; for everybody else with a manager's token."""
    said = told(
        "Numbers for Prometheus; open to this machine, else for managers.",
        name="metrics",
        gives={200: (str, None)},
        tag="health",
        media_type="text/plain",
        is_open=True,
    )

    @get("/api/metrics", sync_to_thread=True, media_type="text/plain", **said)
    def numbers(request: Asking) -> Response[bytes]:
        if not is_this_machine(request, proxies):
            guard.caller(request, at=at(), least="manager")
        return Response(metrics.text(), media_type=TEXT, headers={"Cache-Control": "no-store"})

    return [numbers]

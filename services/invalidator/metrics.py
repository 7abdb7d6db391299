"""What the worker counts, for Prometheus. No label is one that Google's collector sets itself (job, instance, …)."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300)
"""Seconds; 2 is what is promised (purged within 2 s, 99 of 100), 10 what is acted on."""


class Metrics:
    """One set of counters, in a registry of its own; every method may be called from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._events = Counter(
            "invalidator_events", "Events by what became of them", ["kind", "outcome"], registry=self.registry
        )
        self._keys = Counter("invalidator_keys", "Entries that were deleted in Redis", registry=self.registry)
        self._purge = Histogram(
            "invalidator_purge_seconds",
            "From an event's publication until Redis no longer answers what it names, or the CDN's API took it",
            ["layer"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._requests = Counter(
            "invalidator_cdn_requests", "Requests for purges of the CDN", ["outcome"], registry=self.registry
        )
        self._dead = Counter(
            "invalidator_dead_letters", "Messages that were put aside", ["reason"], registry=self.registry
        )
        self._in_hand = Gauge("invalidator_in_hand", "Events that are worked on", registry=self.registry)
        self._waits = Gauge("invalidator_edge_pending", "Purges that the CDN has yet to take", registry=self.registry)
        self._oldest = Gauge(
            "invalidator_edge_oldest_seconds", "For how long the oldest of them has waited", registry=self.registry
        )
        self._unreplicated = Counter(
            "invalidator_unreplicated", "Batches without the replicas they should have reached", registry=self.registry
        )

    def event(self, kind: str, outcome: str) -> None:
        """An event came to its end: purged, failed, put_aside or turned_away."""
        self._events.labels(kind, outcome).inc()

    def purged(self, layer: str, seconds: float) -> None:
        """Something published so long ago is purged in a layer, redis or edge."""
        self._purge.labels(layer).observe(max(0.0, seconds))

    def keys(self, count: int) -> None:
        """So many entries went."""
        self._keys.inc(count)

    def cdn_request(self, outcome: str) -> None:
        """A request to the CDN: purged, throttled, failed (it is sent again), or refused for good."""
        self._requests.labels(outcome).inc()

    def dead_letter(self, reason: str) -> None:
        """A message was put aside."""
        self._dead.labels(reason).inc()

    def in_hand(self, count: int) -> None:
        """So many events are worked on."""
        self._in_hand.set(count)

    def edge_waits(self, count: int, seconds: float) -> None:
        """What the CDN has yet to take."""
        self._waits.set(count)
        self._oldest.set(seconds)

    def unreplicated(self) -> None:
        """A batch is acknowledged without the replicas that it should have reached."""
        self._unreplicated.inc()

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)

"""What the monitor knows, as Prometheus reads it: a text made at each scrape of what has changed since the one before.

Example::

    metrics = Metrics()
    body = metrics.exposition(history)  # of the content type CONTENT_TYPE
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from hotline_protocol.topics import TOPICS

from .current import Current, Reading
from .history import History
from .measures import MEASURES, Measure
from .tally import OTHER, SERIES_AT_MOST, Distribution, Labels, Share, Tally

READ_AT_ONCE: Final = 2_000
"""Messages: some ten milliseconds."""

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_TEMPLATES: Final = {str(kind.__struct_config__.tag): topic.template for topic in TOPICS for kind in topic.messages}


class Metrics(Collector):
    """The metrics of one history; of another one they are another object's. Not for several threads at once."""

    def __init__(self) -> None:
        self._tally: Final = Tally()
        self._current: Final = Current()
        self._counted = 0
        self._sums: dict[str, dict[Labels, float]] = {}

    def exposition(self, history: History, clock: Reading | None = None) -> bytes:
        """All metrics of this history as text."""
        while self.read(history, clock):
            pass
        return self.text()

    def read(self, history: History, clock: Reading | None = None) -> bool:
        """Take in what has changed since this was last done, up to so many messages: whether there is more."""
        until = min(history.last, self._counted + READ_AT_ONCE)
        changed = history.changed(self._counted, until)
        self._counted = until
        self._tally.fold(changed)
        self._current.fold(changed)
        if until < history.last:
            return True
        self._sums = self._tally.sums | _by_name([*self._current.shares(history, clock), *_recorded(history)])
        return False

    def text(self) -> bytes:
        """What was last read. It wants no history: whoever keeps that locked can let go of it before."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing: asked of a collector when it is registered, which would make all of it twice."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """What the text is made of: each metric, also those of which there is nothing to tell yet."""
        for measure in MEASURES:
            if measure.bounds:
                yield _histogram(measure, self._tally.distributions[measure.name])
            else:
                yield _numbers(measure, self._sums.get(measure.name, {}))


def _by_name(shares: Iterable[Share]) -> dict[str, dict[Labels, float]]:
    sums: dict[str, dict[Labels, float]] = defaultdict(dict)
    for name, labels, value in shares:
        if len(sums[name]) < SERIES_AT_MOST:
            sums[name][labels] = value
    return sums


def _recorded(history: History) -> Iterator[Share]:
    """Messages by the template of their topic, never by topic: there may be any number of topics."""
    counts: Counter[str] = Counter()
    for kind, count in history.types.items():
        counts[_TEMPLATES.get(kind, OTHER)] += count
    for template, count in counts.items():
        yield Share("hotline_messages_recorded_total", (template,), count)


def _numbers(measure: Measure, sums: dict[Labels, float]) -> Metric:
    family_of = CounterMetricFamily if measure.kind == "counter" else GaugeMetricFamily
    family = family_of(measure.name, measure.help, labels=measure.labels)
    for labels, value in sorted(sums.items()):
        family.add_metric(labels, value)
    return family


def _histogram(measure: Measure, distributions: dict[Labels, Distribution]) -> Metric:
    family = HistogramMetricFamily(measure.name, measure.help, labels=measure.labels)
    for labels, distribution in sorted(distributions.items()):
        family.add_metric(labels, list(distribution.cumulative()), distribution.total)
    return family

"""How fast a node of this machine takes hotels and finds them, with the schema's analysis and with the plain one."""

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sandbox.bench.figure import Figure
from sandbox.servers.elasticsearch import SUPERUSER, ElasticsearchServer
from sandbox.servers.install import install
from sandbox.servers.workspace import Workspace
from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.desired import WantedIndex, desired
from schema.elasticsearch.store import connected
from schema.kit import load_environment

_DOCUMENTS = 20_000
_BATCH = 1_000
_QUERIES = 400
_PLACES = ("京都", "箱根", "札幌", "東京", "金沢", "別府", "高山", "日光")
_KINDS = ("旅館", "ホテル", "温泉宿", "民宿", "リゾートホテル")
_SENTENCES = (
    "駅から徒歩三分で朝食付きです。",
    "露天風呂と山の幸が自慢の宿です。",
    "関西国際空港まで直通バスがあります。",
    "海の見える部屋で地酒を楽しめます。",
)
_NOTE = "one node of one shard, 512 MB of heap, on two shared cores; 10,000 docs/s and 100 ms are asked of a cluster"


def search(_: Path) -> Iterator[Figure]:
    """Documents a second and the 95th percentile of queries, each as measured and against the standard analysis."""
    with Workspace() as workspace:
        server = ElasticsearchServer(workspace, install("elasticsearch"), is_measured=True)
        server.start()
        with connected(f"http://{SUPERUSER}:{quote(workspace.password, safe='')}@{server.endpoint}") as cluster:
            _make_indices(cluster)
            rates: dict[str, list[float]] = {"japanese": [], "plain": []}
            for start in range(0, _DOCUMENTS, _BATCH):
                for index, taken in rates.items():
                    taken.append(_BATCH / _indexed(cluster, index, range(start, start + _BATCH)))
            japanese, plain = (statistics.median(rates[index][2:]) for index in rates)
            yield Figure("search: indexed", japanese, "1/s", f"documents by bulk of {_BATCH:,}; {_NOTE}")
            yield Figure("search: indexed, over standard analysis", japanese / plain, "x", "the price of Japanese")
            yield from _queried(cluster)


def _make_indices(cluster: Cluster) -> None:
    wanted = desired(load_environment("prod"))
    for each in wanted.objects:
        if each.kind.folder == "synonym_sets":
            cluster.change("PUT", f"{each.kind.path}/{each.name}", each.body)
    hotels = next(index for index in wanted.indices if index.name == "hotels")
    alone = {"index.number_of_shards": 1, "index.number_of_replicas": 0}
    cluster.change("PUT", "/japanese", {"settings": {**hotels.settings, **alone}, "mappings": hotels.mappings})
    cluster.change("PUT", "/plain", {"settings": alone, "mappings": {"properties": _plain(hotels)}})


def _plain(hotels: WantedIndex) -> dict[str, Any]:
    """The same fields, without analysers and sub-fields."""
    return {name: {"type": field["type"]} for name, field in hotels.mappings["properties"].items()}


def _document(number: int) -> dict[str, Any]:
    chosen = random.Random(number)  # noqa: S311 # the same documents at every run
    place, kind = chosen.choice(_PLACES), chosen.choice(_KINDS)
    return {
        "name_ja": f"{place}{kind}{number}号館",
        "name_en": f"Inn number {number}",
        "description_ja": "".join(chosen.choices(_SENTENCES, k=4)),
        "description_en": "A quiet inn with a view of the mountains and breakfast until ten.",
        "prefecture": place,
        "price_yen": chosen.randrange(5_000, 60_000),
        "location": {"lat": chosen.uniform(31, 45), "lon": chosen.uniform(130, 145)},
        "suggest": [f"{place}{kind}"],
    }


def _indexed(cluster: Cluster, index: str, numbers: range) -> float:
    """Seconds that a batch takes."""
    lines: list[dict[str, Any]] = []
    for number in numbers:
        lines += [{"index": {"_index": index, "_id": str(number)}}, _document(number)]
    started = time.perf_counter()
    if cluster.bulk(lines)["errors"]:
        raise ValueError(f"documents of {index} were refused")
    return time.perf_counter() - started


def _queried(cluster: Cluster) -> Iterator[Figure]:
    taken: dict[str, list[float]] = {"japanese": [], "plain": []}
    for index in taken:
        cluster.change("POST", f"/{index}/_refresh")
    chosen = random.Random(1)  # noqa: S311 # the same queries at every run
    for _ in range(_QUERIES):
        text = f"{chosen.choice(_PLACES)} {chosen.choice(_KINDS)} 露天風呂"
        matched = {"multi_match": {"query": text, "fields": ["name_ja^3", "description_ja"]}}
        asked = {"query": {"bool": {"must": matched, "filter": {"range": {"price_yen": {"lte": 30_000}}}}}}
        facets = {"aggs": {"prefectures": {"terms": {"field": "prefecture", "size": 10}}}}
        for index, seconds in taken.items():
            started = time.perf_counter()
            cluster.search(f"/{index}/_search", {**asked, **(facets if index == "japanese" else {})})
            seconds.append(time.perf_counter() - started)
    japanese, plain = (_p95(seconds[20:]) for seconds in taken.values())
    yield Figure(
        "search: query p95", japanese * 1000, "ms", f"full text, filter and facets on {_DOCUMENTS:,} documents"
    )
    yield Figure("search: query p95, over standard analysis", japanese / plain, "x", "without facets there")


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[94]

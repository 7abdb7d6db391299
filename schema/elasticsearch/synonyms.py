"""Whether a synonym rule can be read by the analysers that use it: told before it is put, since nobody is told after.

A rule's words go through the filters in front of the synonym filter. One that they leave nothing of, or cut with a gap,
is refused by Elasticsearch: the rule does nothing, or without `lenient` the shards do not start.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.objects import Wanted
from schema.kit import SchemaError

_SEPARATOR = re.compile(r"\s*(?:,|=>)\s*")


def check(cluster: Cluster, wanted: Wanted, analysis: Mapping[str, Any]) -> None:
    """Read every word of a set as its analysers do; raises SchemaError with the first that cannot be."""
    for chain in _chains(wanted.name, analysis):
        for rule in wanted.body["synonyms_set"]:
            for word in _SEPARATOR.split(rule["synonyms"].strip()):
                _check_word(cluster, chain, word, f"rule {rule['id']} of {wanted.what}")


def _chains(synonyms_set: str, analysis: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What stands in front of the synonym filter in every analyser that uses a set, as `_analyze` takes it."""
    filters = analysis["filter"]
    for analyzer in analysis["analyzer"].values():
        for position, name in enumerate(analyzer["filter"]):
            if filters.get(name, {}).get("synonyms_set") == synonyms_set:
                yield {
                    "char_filter": [
                        analysis["char_filter"].get(each, each) for each in analyzer.get("char_filter", ())
                    ],
                    "tokenizer": analysis["tokenizer"].get(analyzer["tokenizer"], analyzer["tokenizer"]),
                    "filter": [filters.get(each, each) for each in analyzer["filter"][:position]],
                }


def _check_word(cluster: Cluster, chain: Mapping[str, Any], word: str, where: str) -> None:
    positions = [token["position"] for token in cluster.search("/_analyze", {**chain, "text": word})["tokens"]]
    if not positions or positions != list(range(len(positions))):
        cut = "leaves nothing of" if not positions else "cuts a part out of"
        raise SchemaError(
            where,
            f"{word} cannot be read: the analyser {cut} it",
            fix="write it as the dictionary knows it, or leave it to the reading fields",
        )

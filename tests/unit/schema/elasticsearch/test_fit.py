"""Whether a difference is made in the index that is there, or asks for a new one."""

from copy import deepcopy
from typing import Any

import pytest

from schema.elasticsearch.desired import desired
from schema.elasticsearch.fit import fit
from schema.kit import load_environment

(HOTELS,) = (index for index in desired(load_environment("prod")).indices if index.name == "hotels")


def index(**changed: Any) -> dict[str, Any]:
    """The index as the API tells it when it is as the files say."""
    made = {"settings": dict(HOTELS.settings), "mappings": deepcopy(HOTELS.mappings)}
    made["settings"].update(changed)
    return made


def test_an_index_as_the_files_say_fits() -> None:
    found = fit(index(), HOTELS)
    assert (found.anew, found.settings, found.mappings) == ((), (), ())


@pytest.mark.parametrize("setting", ["index.refresh_interval", "index.number_of_replicas"])
def test_a_dynamic_setting_is_changed_in_place(setting: str) -> None:
    found = fit(index(**{setting: "7"}), HOTELS)
    assert found.anew == ()
    assert found.settings == (f"{setting}: 7 → {HOTELS.settings[setting]}",)
    assert found.asked[setting] == HOTELS.settings[setting]


@pytest.mark.parametrize(
    ("change", "is_in_place"),
    [
        (lambda fields: fields.pop("rooms"), True),
        (lambda fields: fields.update(more={"type": "keyword"}), False),
        (lambda fields: fields["rooms"].update(type="integer"), False),
        (lambda fields: fields["name_ja"].update(analyzer="english_index"), False),
        (lambda fields: fields["name_ja"].update(search_analyzer="english_search"), True),
        (lambda fields: fields["name_ja"]["fields"].pop("reading"), False),
        (lambda fields: fields["suggest"].update(preserve_separators=True), False),
    ],
)
def test_a_field_is_changed_in_place_where_documents_need_not_be_read_again(change: Any, is_in_place: bool) -> None:
    made = index()
    change(made["mappings"]["properties"])
    found = fit(made, HOTELS)
    assert (len(found.mappings), len(found.anew)) == ((1, 0) if is_in_place else (0, 1))


def test_another_analysis_or_number_of_shards_asks_for_a_new_index() -> None:
    for setting in ("index.analysis.tokenizer.japanese.mode", "index.number_of_shards"):
        found = fit(index(**{setting: "9"}), HOTELS)
        assert found.anew == (f"{setting}: 9 → {HOTELS.settings[setting]}",)

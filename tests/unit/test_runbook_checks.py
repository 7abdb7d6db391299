"""The checks of runbooks, each on a page that has what it is there to find, and on one that has not."""

from pathlib import Path

import pytest

from tests.runbooks.alerts import ROOT, Alert, every_alert
from tests.runbooks.names import file_problems, resource_problems, setting_problems
from tests.runbooks.page import Page
from tests.runbooks.structure import form_problems, kind_problems, link_problems

ALERT = Alert("store-full", "The store is full", ("MON-PG", "TRIG"), ("warning", "critical"))
GOOD = """# The store is full

| | |
|---|---|
| Alert | [`store-full`](../../reference/alerts.md#store-full) (MON-PG, TRIG) |
| Told | warning: Slack · critical: Slack and PagerDuty |
| Urgent | today: it is full tomorrow |

## What it means

It is.

## Confirm

```bash
gcloud sql instances list
```

## Act

1. Enlarge it:

   ```bash
   make preview STACK=prod
   ```

## Undo

Nothing.
"""


def test_a_good_page_has_no_problem() -> None:
    page = Page(GOOD)
    assert list(form_problems(page, ALERT)) == []
    assert list(kind_problems(page)) == []
    assert [(block.kind, block.section, block.line) for block in page.blocks] == [
        ("bash", "Confirm", 15),
        ("bash", "Act", 23),
    ]


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("# The store is full\n", "# The store\n", "its title is ['The store']"),
        ("# The store is full\n", "", "its title is []"),
        ("## Undo", "## Back", "its sections are"),
        ("## Act", "## Undo\n\n## Act", "its sections are"),
        ("   ```bash\n   make preview STACK=prod\n   ```\n", "", "Act has no block"),
        ("```bash\ngcloud sql instances list\n```\n", "", "Confirm has no block"),
        ("critical: Slack and PagerDuty", "critical: Slack", "its head says ('Told', "),
        ("(MON-PG, TRIG)", "(MON-PG)", "its head says ('Alert', "),
        ("#store-full)", "#store)", "its head says ('Alert', "),
        ("today: it is full tomorrow", "soon", "its head ends with ('Urgent', 'soon')"),
        ("| Urgent |", "| When |", "its head ends with ('When', "),
    ],
)
def test_another_form_is_told(good: str, bad: str, told: str) -> None:
    assert GOOD.count(good) == 1
    found = list(form_problems(Page(GOOD.replace(good, bad)), ALERT))
    assert len(found) == 1
    assert found[0].startswith(told)


@pytest.mark.parametrize(("fence", "count"), [("bash", 0), ("sql owner", 0), ("sql anybody", 1), ("", 1), ("sh", 1)])
def test_a_fence_says_what_it_holds(fence: str, count: int) -> None:
    assert len(list(kind_problems(Page(f"```{fence}\nx\n```\n")))) == count


def test_titles_and_severities_are_those_of_the_catalogues() -> None:
    alerts = every_alert()
    assert alerts["postgres-disk"].title == "The disk of a PostgreSQL instance is filling up"
    assert alerts["postgres-disk"].told == "warning: Slack · critical: Slack and PagerDuty"
    assert alerts["postgres-failover"].told == "warning: Slack"
    assert alerts["encryption-key"].told == "critical: Slack and PagerDuty"
    assert alerts["configuration-change"].told == "warning: Slack"
    assert (alerts["mongodb-no-primary"].title, alerts["mongodb-no-primary"].severities) == (None, ("critical",))


@pytest.mark.parametrize(
    ("link", "is_there"),
    [
        ("other.md", True),
        ("other.md#a-heading-of-it", True),
        ("other.md#by-hand", True),
        ("other.md#a-heading-of-it-1", True),
        ("#here", True),
        ("https://example.org/nowhere#at-all", True),
        ("another.md", False),
        ("other.md#no-heading", False),
        ("other.md#a-heading-of-it-2", False),
        ("#there", False),
    ],
)
def test_a_link_leads_somewhere(tmp_path: Path, link: str, *, is_there: bool) -> None:
    text = '# A heading, of `it`\n\n## A heading of it\n\n| <a id="by-hand"></a>x |\n|---|\n'
    (tmp_path / "other.md").write_text(text, encoding="utf-8")
    found = list(link_problems(Page(f"# Here\n\n1. see [it]({link})\n"), tmp_path))
    assert (not found) is is_there


@pytest.mark.parametrize(
    ("code", "is_there"),
    [
        ("postgres.primary.tier", True),
        ("postgres.replicas.b.tier", True),
        ("postgres.replicas.<name>.tier", True),
        ("postgres.flags.work_mem", True),
        ("postgres.backup", True),
        ("monitoring.alerts.postgres-disk.warning", True),
        ("monitoring.alerts.<name>.lasting", True),
        ("pg_stat_activity.pid", True),  # none of ours
        ("postgres.primary.size", False),
        ("postgres.tier", False),
        ("postgres.primary.tier.vcpu", False),
        ("postgres.replicas.b.vcpu", False),
        ("postgres.flags.effective_io_concurrency", False),
        ("monitoring.alerts.postgres-dusk.warning", False),
        ("monitoring.alerts.postgres-disk.fatal", False),
    ],
)
def test_a_setting_is_one_of_the_models(code: str, *, is_there: bool) -> None:
    assert (not list(setting_problems(Page(f"See `{code}`.")))) is is_there


@pytest.mark.parametrize(
    ("code", "is_there"),
    [
        ("schema/postgres/migrations", True),
        ("infra/catalog/firewall.yaml", True),
        ("yaml/json", True),  # none of ours
        ("infra/catalog/firewalls.yaml", False),
    ],
)
def test_a_file_is_one_of_the_repository(code: str, *, is_there: bool) -> None:
    assert (not list(file_problems(Page(f"See `{code}`."), ROOT))) is is_there


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("triptrip-$ENVIRONMENT-postgres-$GENERATION", True),
        ("triptrip-${ENVIRONMENT}-postgres", True),  # the beginning of several, for a filter
        ("triptrip-prod-pooler", True),
        ("triptrip-$ENVIRONMENT-postgres-2", False),
        ("triptrip-prod-postgre", False),
        ("$PROJECT-puller", False),
    ],
)
def test_a_resource_is_one_of_the_plan(name: str, *, is_there: bool) -> None:
    page = Page(f"```bash\nexport X={name}\n```\n")
    assert (
        not list(resource_problems(page, "name: triptrip-prod-postgres-1\nname: triptrip-prod-pooler\n"))
    ) is is_there

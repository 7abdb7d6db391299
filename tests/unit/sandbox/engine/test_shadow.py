"""The shadow project: links, copies that follow their tracked files, and many launchers at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.engine import shadow
from sandbox.engine.errors import LauncherError

STACK = "config:\n  triptrip:size: 1\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for folder in ("infra", ".git", ".sandbox"):
        (root / folder).mkdir(parents=True)
    (root / "infra/__main__.py").write_text("")
    (root / "Pulumi.yaml").write_text("name: triptrip\nruntime: python\nmain: infra/\n")
    (root / "Pulumi.dev.yaml").write_text(STACK)
    return root


class Shadow:
    """A shadow of one repository, with what the launcher would have told its user."""

    def __init__(self, root: Path) -> None:
        self.root, self.sandbox, self.told = root, root / ".sandbox", list[str]()

    def refresh(self) -> Path:
        with shadow.locked(self.sandbox):
            return shadow.refresh(self.root, self.sandbox, self.told.append)

    @property
    def dev(self) -> Path:
        return self.sandbox / "project/Pulumi.dev.yaml"


@pytest.fixture
def made(root: Path) -> Shadow:
    result = Shadow(root)
    result.refresh()
    return result


def test_links_everything_but_project_files(made: Shadow) -> None:
    found = {path.name: path.is_symlink() for path in (made.sandbox / "project").iterdir()}
    assert found == {"infra": True, "Pulumi.yaml": False, "Pulumi.dev.yaml": False}
    assert (made.sandbox / "project/infra/__main__.py").read_text() == ""


def test_links_follow_the_repository(made: Shadow) -> None:
    (made.root / "policies").mkdir()
    (made.root / "infra/__main__.py").unlink()
    (made.root / "infra").rmdir()
    made.refresh()
    assert {path.name for path in (made.sandbox / "project").iterdir() if path.is_symlink()} == {"policies"}


def test_a_link_to_another_clone_is_put_right(made: Shadow, tmp_path: Path) -> None:
    link = made.sandbox / "project/infra"
    link.unlink()
    link.symlink_to(tmp_path)
    made.refresh()
    assert link.readlink() == made.root / "infra"


def test_a_sandbox_folder_inside_the_repository_is_not_linked_into_itself(root: Path) -> None:
    inside = root / "elsewhere"
    inside.mkdir()
    shadow.refresh(root, inside, print)
    assert not (inside / "project/elsewhere").exists()


def test_local_edits_live_until_the_tracked_file_changes(made: Shadow) -> None:
    made.dev.write_text(STACK + "  triptrip:extra: local\nencryptionsalt: v1:own\n")
    made.refresh()
    assert "local" in made.dev.read_text()
    assert made.told == []

    (made.root / "Pulumi.dev.yaml").write_text(STACK.replace("1", "2"))
    made.refresh()
    assert made.dev.read_text() == STACK.replace("1", "2") + "encryptionsalt: v1:own\n"
    assert len(made.told) == 1
    assert "Pulumi.dev.yaml changed in the repository" in made.told[0]


def test_the_salt_alone_is_no_local_edit(made: Shadow) -> None:
    made.dev.write_text(STACK + "encryptionsalt: v1:own\n")
    (made.root / "Pulumi.dev.yaml").write_text(STACK.replace("1", "2"))
    made.refresh()
    assert made.told == []
    assert made.dev.read_text().endswith("encryptionsalt: v1:own\n")


def test_an_edit_that_the_repository_made_too_is_not_announced(made: Shadow) -> None:
    made.dev.write_text(STACK.replace("1", "2"))
    (made.root / "Pulumi.dev.yaml").write_text(STACK.replace("1", "2"))
    made.refresh()
    assert made.told == []


def test_a_copy_is_only_written_when_it_differs(made: Shadow) -> None:
    before = made.dev.stat().st_ino
    (made.root / "Pulumi.dev.yaml").touch()
    made.refresh()
    assert made.dev.stat().st_ino == before


def test_a_stack_that_left_the_repository_leaves_the_shadow_and_the_users_own_stays(made: Shadow) -> None:
    own = made.sandbox / "project/Pulumi.mine.yaml"
    own.write_text("config: {}\n")
    (made.root / "Pulumi.dev.yaml").unlink()
    made.refresh()
    assert not made.dev.exists()
    assert own.exists()


def test_a_deleted_copy_comes_back(made: Shadow) -> None:
    made.dev.unlink()
    made.refresh()
    assert made.dev.read_text() == STACK


def test_a_broken_stack_file_leaves_the_copy_as_it_was(made: Shadow) -> None:
    (made.root / "Pulumi.dev.yaml").write_text("config: [")
    with pytest.raises(LauncherError, match=r"Pulumi\.dev\.yaml is not valid YAML"):
        made.refresh()
    assert made.dev.read_text() == STACK


def test_a_repository_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match=r"has no Pulumi\.yaml"):
        shadow.refresh(tmp_path, tmp_path, print)


def test_many_launchers_at_once_leave_one_whole_shadow(made: Shadow) -> None:
    """Each process refreshes while the tracked file keeps changing; no copy is ever seen half written."""
    program = (
        "import sys; from pathlib import Path; from sandbox.engine import shadow\n"
        "root, sandbox = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "for turn in range(20):\n"
        "    shadow.write_atomically(root / 'Pulumi.dev.yaml', f'config:\\n  triptrip:size: {turn}\\n')\n"
        "    with shadow.locked(sandbox):\n"
        "        text = (shadow.refresh(root, sandbox, print) / 'Pulumi.dev.yaml').read_text()\n"
        "    assert text.startswith('config:\\n  triptrip:size: ') and text.endswith('\\n'), text\n"
    )
    processes = [
        subprocess.Popen(  # noqa: S603  (our own program)
            [sys.executable, "-P", "-c", program, made.root, made.sandbox], stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, errors
    made.refresh()
    assert made.dev.read_text() == (made.root / "Pulumi.dev.yaml").read_text()
    assert not [path for path in (made.sandbox / "project").iterdir() if path.name.startswith(".Pulumi")]

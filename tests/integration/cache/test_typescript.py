"""The constants and keys for TypeScript: strictly typed, and the same keys as Python's."""

import json
import re
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sandbox.servers.process import ServerError
from sandbox.servers.workspace import Workspace
from services.cache import contract, keys
from tests.integration.conftest import group

NODE = shutil.which("node") or "node"
REFERENCE = Path(__file__).resolve().parents[3] / "docs/reference/cache-contract.md"
SOURCES = Path(keys.__file__).parent
PROGRAM = """
import { readFileSync } from "node:fs";
import * as contract from "./contract.js";
import { entry, expansions, key } from "./keys.js";
import type { Endpoint } from "./contract.js";

type Asked = { endpoint: Endpoint; path: Record<string, string>; query: [string, string][]; user: string };
const asked: Asked[] = JSON.parse(readFileSync("asked.json", "utf8"));
console.log(JSON.stringify({
  entries: asked.map(({ endpoint, path, query, user }) => entry(endpoint, path, query, user)),
  views: asked.map(({ user }) => key("views", { type: "hotel", id: user })),
  expansions: ["hotel", "booking", "museum", "toString"].map((entity) => expansions(entity, "a:b")),
  endless: expansions("hotel"),
  library: [contract.LIBRARY, contract.LIBRARY_VERSION, contract.LIBRARY_DIGEST],
}));
"""
SIGNS = "abz09-._~:*?[]/\\ \n{}!'()%&=+#é京都🏯\u2028"


def compiled(workspace: Workspace, folder: Path, *sources: str) -> None:
    """Compile sources with every strict check on; raises ServerError with the compiler's words."""
    tsc = group("typescript")
    types = tsc.folder / "packages" / "node_modules" / "@types"
    options = (
        "--strict",
        "--noUncheckedIndexedAccess",
        "--noUnusedLocals",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--skipLibCheck",
    )
    words = (NODE, *tsc.command("tsc"), *options, "--typeRoots", str(types), "--types", "node", *sources)
    workspace.run("tsc", words, folder=folder)


@pytest.fixture
def folder(workspace: Workspace) -> Path:
    made = workspace.make_folder("typescript")
    for name in ("contract.ts", "keys.ts"):
        shutil.copyfile(SOURCES / name, made / name)
    workspace.write(made / "package.json", '{"type": "module"}')
    return made


def test_both_languages_write_the_same_keys(workspace: Workspace, folder: Path) -> None:
    chance = Random(7)  # noqa: S311 # a test's own dice

    def text() -> str:
        return "".join(chance.choices(SIGNS, k=chance.randint(1, 8)))

    asked: list[dict[str, Any]] = [
        {
            "endpoint": endpoint,
            "path": {"id": text()} if "{id}" in endpoint else {},
            "query": [(chance.choice(["page", "query", "gclid", text()]), text()) for _ in range(chance.randint(0, 5))],
            "user": text(),
        }
        for endpoint in contract.ENTRIES
        for _ in range(20)
    ]
    workspace.write(folder / "asked.json", json.dumps(asked))
    workspace.write(folder / "program.ts", PROGRAM)
    compiled(workspace, folder, "program.ts")
    told = json.loads(workspace.run("program", (NODE, "program.js"), folder=folder))
    ours = [keys.entry(each["endpoint"], each["path"], each["query"], each["user"]) for each in asked]
    assert told["entries"] == [
        {"key": each.key, "tags": list(each.tags), "lifetimeMs": each.lifetime_ms} for each in ours
    ]
    assert told["views"] == [keys.key("views", type="hotel", id=each["user"]) for each in asked]
    expanded = [keys.expansions(entity, "a:b") for entity in ("hotel", "booking", "museum", "toString")]
    assert [tuple(each) for each in told["expansions"]] == expanded
    assert tuple(told["endless"]) == keys.expansions("hotel")
    assert told["library"] == [contract.LIBRARY, contract.LIBRARY_VERSION, contract.LIBRARY_DIGEST]


def test_the_references_example_compiles(workspace: Workspace, folder: Path) -> None:
    [example] = re.findall(r"```ts\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    given = """
import { entry } from "./keys.js";
declare const redis: { call(command: string, ...rest: (string | number)[]): Promise<[string | null, number, number]> };
declare const query: [string, string][];
declare function readFromTheDatabase(): Promise<string>;
export async function asked(hotel: string): Promise<string> {
"""
    workspace.write(folder / "example.ts", f"{given}{example}}}\n")
    compiled(workspace, folder, "example.ts")
    assert "triptrip_cache_put" in (folder / "example.js").read_text(encoding="utf-8")


def test_the_compiler_refuses_what_the_contract_lacks(workspace: Workspace, folder: Path) -> None:
    wrong = 'import { entry, key } from "./keys.js";\nentry("GET /museums");\nkey("basket", { id: "7" });\n'
    workspace.write(folder / "wrong.ts", wrong)
    with pytest.raises(ServerError, match=r"(?s)GET /museums.*basket"):
        compiled(workspace, folder, "wrong.ts")

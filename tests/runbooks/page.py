"""A runbook as its tests see it: headings, the table at its top, blocks of code, links, names in backticks."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_ANCHOR = re.compile(r"""<a\s+(?:id|name)=["']([^"']+)["']""")


@dataclass(frozen=True)
class Block:
    """A fenced block: what its fence says, where it begins, and the section that it stands in."""

    kind: str
    text: str
    line: int
    section: str


@dataclass(frozen=True)
class Page:
    """A page of markdown."""

    text: str
    path: Path | None = None

    @classmethod
    def read(cls, path: Path) -> "Page":
        """The page in a file."""
        return cls(path.read_text(encoding="utf-8"), path)

    @cached_property
    def titles(self) -> Sequence[str]:
        """Headings of the first level."""
        return [text for level, text in self._headings if level == 1]

    @cached_property
    def sections(self) -> Sequence[str]:
        """Headings of the second level."""
        return [text for level, text in self._headings if level == 2]

    @cached_property
    def rows(self) -> Sequence[Sequence[str]]:
        """Every row of every table, as it is written, the ones of heads too."""
        rows: list[list[str]] = []
        for token, inside in zip(self._tokens, self._tokens[1:], strict=False):
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                rows[-1].append(inside.content)
        return rows

    @cached_property
    def blocks(self) -> Sequence[Block]:
        """Fenced blocks, those inside lists too."""
        blocks, section = [], ""
        for token, inside in zip(self._tokens, [*self._tokens[1:], Token("", "", 0)], strict=True):
            if token.type == "heading_open":
                section = inside.content
            elif token.type == "fence":
                line = token.map[0] + 1 if token.map else 0
                blocks.append(Block(token.info.strip(), token.content, line, section))
        return blocks

    @cached_property
    def links(self) -> Sequence[str]:
        """Where links lead to."""
        return [str(child.attrs["href"]) for child in self._inline if child.type == "link_open"]

    @cached_property
    def codes(self) -> Sequence[str]:
        """What stands in backticks."""
        return [child.content for child in self._inline if child.type == "code_inline"]

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What a link may name behind a #: headings as GitHub writes them, and anchors of HTML."""
        named = {
            name for child in self._inline if child.type == "html_inline" for name in _ANCHOR.findall(child.content)
        }
        seen: Counter[str] = Counter()
        for _, text in self._headings:
            slug = re.sub(r"[^\w\- ]", "", text.replace("`", "").lower()).replace(" ", "-")
            named.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
        return frozenset(named)

    @cached_property
    def _tokens(self) -> Sequence[Token]:
        return _MARKDOWN.parse(self.text)

    @cached_property
    def _inline(self) -> Sequence[Token]:
        return [child for token in self._tokens for child in token.children or ()]

    @cached_property
    def _headings(self) -> Sequence[tuple[int, str]]:
        return list(self._found_headings())

    def _found_headings(self) -> Iterator[tuple[int, str]]:
        for token, inside in zip(self._tokens, self._tokens[1:], strict=False):
            if token.type == "heading_open":
                yield int(token.tag[1:]), inside.content

"""Sizes of an instance of Cloud Run, of jobs and services alike."""

from collections.abc import Iterator

from infra.settings.model import Finding
from infra.settings.units import Size

# Cloud Run, "Configure CPU limits" and "Configure memory limits" for services (read 2026-11-27) and jobs (recalled
# 2026-11-25): in MB, what each number of processors needs at least and takes at most; the second generation needs
# 512 MB whatever the processors.
_MEMORY = {1: (512, 4096), 2: (512, 8192), 4: (2048, 16384), 8: (4096, 32768)}


def contradictions(cpu: int, memory: Size, where: str) -> Iterator[Finding]:
    """A number of processors that there is not, or memory that does not go with it; `where` is cpu's whole path."""
    if cpu not in _MEMORY:
        numbers = ", ".join(map(str, _MEMORY))
        yield Finding("cpu", cpu, f"one of {numbers}, which Cloud Run offers", "choose one of them")
        return
    least, most = _MEMORY[cpu]
    if not least <= memory.mib <= most:
        allowed = f"{least} MB to {most} MB with {where} {cpu}"
        yield Finding("memory", memory, allowed, "change the memory, or the number of processors")

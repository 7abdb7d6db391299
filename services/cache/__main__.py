"""`python -m services.cache`: whether the functions are those that the contract's version means."""

import sys

from services.cache import contract, library


def main() -> int:
    """Compare the functions with the digest of their version; returns the exit code."""
    found = library.digest()
    if found == contract.LIBRARY_DIGEST:
        sys.stdout.write(f"{contract.LIBRARY} {contract.LIBRARY_VERSION} is {found}\n")
        return 0
    sys.stderr.write(
        f"infra/catalog/cache.yaml: library.digest\n    given:   {contract.LIBRARY_DIGEST}\n    allowed: {found}\n"
        f"    fix:     write it there, and raise library.version unless {contract.LIBRARY_VERSION} was never deployed; "
        "then make docs\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())

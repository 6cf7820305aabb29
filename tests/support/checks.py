"""Checks that go on after one that fails, so that a story tells everything that is wrong with it at once."""
_failed = []


def check(what, holds, shown=""):
    """`shown` is what was found instead."""
    if not holds:
        _failed.append(f"{what}: {shown}")


def verdict():
    """Tells what failed; the exit code."""
    for failure in _failed:
        print("FAILED " + failure)
    print(f"{len(_failed)} failures")
    return 1 if _failed else 0

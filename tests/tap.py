"""tap - results of a Python test as the Test Anything Protocol, for prove.

Beside tap.h and tap.sh. A test in a folder below finds it with

    sys.path.insert(0, os.path.join(os.path.dirname(
        os.path.abspath(__file__)), ".."))
"""
import sys

run = failed = 0


def note(text):
    for line in str(text).splitlines():
        print("# " + line[:2000], flush=True)


def ok(is_true, name, *notes):
    """Passes when it is true, and says so; notes are for when it is not."""
    global run, failed
    run += 1
    failed += not is_true
    print(f"{'' if is_true else 'not '}ok {run} - {name}", flush=True)
    for text in () if is_true else notes:
        note(text)
    return bool(is_true)


def same(got, want, name):
    return ok(got == want, name, f"got  {got}", f"want {want}")


def done():
    """The plan, last, so that a test that dies on the way shows."""
    print(f"1..{run}", flush=True)
    sys.exit(failed > 0)

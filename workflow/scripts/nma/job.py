"""How a job of the workflow begins: its log, and a sentence on the terminal where the machine,
not the data, is what stopped it."""

import errno
import re
import sys
import traceback
from pathlib import Path
from types import TracebackType

# What the machine can refuse, and what to do about it.
REFUSED = {
    errno.ENOSPC: "the disk is full. Hint: free space",
    errno.EDQUOT: "your quota of disk space is used up. Hint: free space",
    errno.EFBIG: "a file may not grow so large here. Hint: raise the limit (ulimit -f)",
    errno.EROFS: "the file system is read-only. Hint: use --directory with a folder you may write",
    errno.EACCES: "permission denied. Hint: ask for it, or use --directory with a folder of yours",
    errno.EPERM: "permission denied. Hint: ask for it, or use --directory with a folder of yours",
    errno.ENOMEM: "there is no memory left. Hint: run fewer jobs at once (--cores 1)",
}
AGAIN = ", then run the same command again: what was finished is kept."


def refusal(error: BaseException) -> str:
    """What stopped the job and what to do, "" if it was not the machine."""
    if isinstance(error, MemoryError):
        return "Stopped: " + REFUSED[errno.ENOMEM] + AGAIN
    number = error.errno if isinstance(error, OSError) else None
    # HDF5 tells only in the words of its error.
    told = re.search(r"errno = (\d+)", str(error))
    number = number or (int(told[1]) if told else None)
    if number not in REFUSED:
        return ""
    what = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    return f"Stopped: {what}{REFUSED[number]}{AGAIN}"


def begin(log: str | Path) -> None:
    """Send what the job tells to its log, and its refusals to the terminal too.

    A full disk may not even hold the log: then only the terminal hears of it.
    """
    terminal = sys.stderr
    log_file = open(log, "w", buffering=1)  # as long as the job
    sys.stderr = log_file

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        text = refusal(error)
        if text:
            print(text, file=terminal, flush=True)
        try:
            traceback.print_exception(kind, error, trace, file=sys.stderr)
            sys.stderr.flush()
        except OSError:
            sys.stderr = terminal

    sys.excepthook = told
    # What libraries let slip when the interpreter ends is for the log as well.
    sys.unraisablehook = lambda slip: print(slip.exc_value, slip.object, file=log_file)

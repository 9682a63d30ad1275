"""What becomes of damaged copies of data/trials.csv: prints the tables of docs/mutations.md
and puts them there. Run it with ``python benchmarks/mutations.py``."""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/mutations.md"


def main() -> None:
    """Judge every damage; print and keep the tables, print what was missed."""
    # tests/mutations.py is meant, not this file.
    sys.path[:1] = [str(ROOT / "tests"), str(ROOT / "workflow/scripts")]
    from mutations import KINDS, MISSED, Judge, damages, judged, table, with_tables

    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(Path(folder))
        rows = judged(judge, damages(judge.used, KINDS))
    made = table(rows)
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
    print(made)
    for damage, outcome in rows:
        if outcome.verdict in MISSED:
            print(f"{outcome.verdict}: {damage.kind}: {damage.what} {outcome.error}")
    print(f"{(time.perf_counter() - begun) / len(rows):.2f} seconds each")


if __name__ == "__main__":
    main()

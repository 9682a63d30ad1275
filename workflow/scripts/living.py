"""Record a release, verify one, or pack the run as an RO-Crate.

    python workflow/scripts/living.py release 1.2
    python workflow/scripts/living.py verify [1.2]
    python workflow/scripts/living.py crate

In the working directory of a run, or with --directory.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nma import tables
from nma.living import release as releases
from nma.living import verify

REPOSITORY = Path(__file__).resolve().parents[2]


def rerun(release: releases.Release, folder: Path, cores: str) -> None:
    """Run the workflow on the release's own inputs, as far as what it published."""
    shutil.copytree(release.folder / "inputs", folder, dirs_exist_ok=True)
    wanted = [f"results/{name}" for name in verify.compared(release)]
    where = ["--snakefile", str(REPOSITORY / "Snakefile"), "--directory", str(folder)]
    how = ["--cores", cores, "--quiet", "all", "--", *wanted]
    subprocess.run([sys.executable, "-m", "snakemake", *where, *how], check=True)


def verified(release: releases.Release, cores: str) -> int:
    """Print what a rerun says; 0 if the release is reproduced, else 1."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"Rerunning release {release.version} from its own inputs ...", flush=True)
        try:
            rerun(release, Path(folder), cores)
        except subprocess.CalledProcessError:
            print(f"Release {release.version}: {verify.NOT}. The rerun failed; see above.")
            return 1
        found = verify.compare(release, Path(folder) / "results", REPOSITORY)
    print(verify.terminal(found), end="")
    tables.write_table(found.differences, f"results/verify/{release.version}.csv")
    return int(found.verdict == verify.NOT)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["release", "verify", "crate"])
    parser.add_argument("version", nargs="?", default="")
    parser.add_argument("--directory", default=".")
    parser.add_argument("--cores", default="all")
    given = parser.parse_args()
    os.chdir(given.directory)
    here = Path(".")
    try:
        if given.what == "release":
            made = releases.make(given.version, here, REPOSITORY, time.time())
            print(f"Recorded {made.folder}. Commit it: git add {made.folder}")
        elif given.what == "verify":
            return verified(releases.called(here / "releases", given.version), given.cores)
        else:
            from nma.living import crate  # takes a second to import

            print("Packed {} and {}".format(*crate.write(here, REPOSITORY)))
    except (releases.Refused, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

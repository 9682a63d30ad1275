"""A real Slurm of one node in a temporary folder: munge, controller and node on localhost.

Nothing of the system's own Slurm is read or touched: own configuration, key, sockets, ports
and state. It holds jobs to their memory as a cluster does, but without cgroups, which a
container may lack: the node looks every second and kills what has outgrown its request.

``python tests/slurm.py COMMAND ...`` runs a command beside such a Slurm.
"""

import contextlib
import getpass
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")
CONFIGURATION = """
ClusterName=test
SlurmctldHost=localhost
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
# Cores and memory are handed out; a job that needs more than it asked for is killed.
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
# A job larger than the partition is refused, not left waiting.
EnforcePartLimits=ALL
# No database: finished jobs stay in the controller's list.
AccountingStorageType=accounting_storage/none
MinJobAge=86400
MaxJobCount=10000
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000
KillWait=2
NodeName=localhost CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes=localhost Default=YES MaxTime=INFINITE DefMemPerCPU=100 State=UP
"""


class NotInstalled(RuntimeError):
    """Slurm is missing, or a daemon did not start."""


@dataclass
class Slurm:
    """A running one-node cluster; commands find it through ``environment``."""

    folder: Path
    environment: dict[str, str]
    cpus: int
    memory: int  # MB

    def tell(self, *command: str) -> str:
        """What one of Slurm's commands prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def jobs(self) -> dict[int, dict[str, str]]:
        """Every entry the queue has had, by number, as ``scontrol show job`` tells it."""
        lines = [line for line in self.tell("scontrol", "-o", "show", "job").splitlines() if line]
        found = [
            dict(word.split("=", 1) for word in line.split() if "=" in word)
            for line in lines
            if line.startswith("JobId=")
        ]
        return {int(job["JobId"]): job for job in found}


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def require() -> None:
    """Raise with the packages to install unless every program is there."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if missing := [name for name in PROGRAMS if shutil.which(name, path=path) is None]:
        raise NotInstalled(
            f"Slurm is not installed: no {', '.join(missing)}. "
            f"Hint: apt-get install --no-install-recommends {' '.join(PACKAGES)}"
        )


@contextlib.contextmanager
def one_node(cpus: int | None = None) -> Iterator[Slurm]:
    """Start munge, the controller and a node of this machine's size; stop them at the end."""
    require()
    # A short path: a socket's may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    environment = os.environ | {
        "SLURM_CONF": str(folder / "slurm.conf"),
        "PATH": f"{folder}/bin:{os.environ['PATH']}:/usr/sbin:/sbin",
    }
    cpus = cpus or os.cpu_count() or 1
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 9 // 10 // 2**20
    (folder / "slurm.conf").write_text(
        CONFIGURATION.format(
            folder=folder,
            cpus=cpus,
            memory=memory,
            user=getpass.getuser(),
            controller_port=free_port(),
            node_port=free_port(),
        )
    )
    # Nothing here uses cgroups; the node would look for them, and v1 alone looks at nothing.
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    (folder / "key").write_bytes(secrets.token_bytes(1024))
    (folder / "key").chmod(0o400)
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    # Snakemake's job steps drop SLURM_CONF; where Slurm is at home srun does without it.
    srun = folder / "bin/srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    srun.chmod(0o755)
    munge = [f"--{name}-file={folder}/munge.{name}" for name in ("pid", "log", "seed")]
    munge += ["--foreground", "--force", f"--socket={folder}/munge.socket"]
    daemons = {
        "munged": ["munged", *munge, f"--key-file={folder}/key"],
        "slurmctld": ["slurmctld", "-D"],
        "slurmd": ["slurmd", "-D", "-N", "localhost"],
    }
    started: list[subprocess.Popen] = []
    slurm = Slurm(folder, environment, cpus, memory)
    try:
        for name, command in daemons.items():
            with (folder / f"{name}.log").open("w") as log:
                started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
            if name == "munged":
                _until(lambda: (folder / "munge.socket").exists(), slurm)
        _until(lambda: _state(slurm).startswith("idle"), slurm)
        yield slurm
    finally:
        # Jobs first: what they started would outlive the node.
        subprocess.run(["scancel", "--me"], env=environment, capture_output=True, check=False)
        with contextlib.suppress(NotInstalled):
            _until(lambda: not slurm.tell("squeue", "--noheader").strip(), slurm, 15)
        for daemon in reversed(started):
            daemon.terminate()
        for daemon in reversed(started):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _state(slurm: Slurm) -> str:
    try:
        return slurm.tell("sinfo", "--noheader", "--format=%T").strip()
    except subprocess.CalledProcessError:
        return ""


def _until(met, slurm: Slurm, seconds: float = 30) -> None:
    """Wait for it; the daemons' last words go into the error if it does not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(subprocess.CalledProcessError):
            if met():
                return
        time.sleep(0.1)
    logs = [
        f"{path.name}:\n" + "\n".join(path.read_text().splitlines()[-15:])
        for path in sorted(slurm.folder.glob("*.log"))
    ]
    raise NotInstalled("Slurm did not start.\n" + "\n".join(logs))


if __name__ == "__main__":
    with one_node() as node:
        sys.exit(subprocess.run(sys.argv[1:], env=node.environment, check=False).returncode)

"""A real SLURM cluster of three nodes on this host, from Debian's packages. The GPU of the last node is a dummy.

    python -m tests.external.cluster.slurm install | up [--accounting] | down | environment

FOLDER holds keys, configuration, state and logs. The cluster has its own munge, database and ports, so it changes
nothing in /etc/slurm or /etc/munge. `down` ends the daemons of `up` and removes FOLDER. In a shell:

    eval "$(python -m tests.external.cluster.slurm environment)"
"""

import argparse
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

FOLDER = Path("/tmp/model-collapse-slurm")
PACKAGES = {"munge": "munged", "slurmctld": "slurmctld", "slurmd": "slurmd", "slurm-client": "sbatch"}
DATABASE = {"slurmdbd": "slurmdbd", "mariadb-server": "mariadbd"}
NODES = ("n1", "n2", "n3")
CPUS, MEMORY_MB = 2, 4000  # megabytes of a node; jobs only declare their memory, and nothing reserves it
PORT = 17817  # port of the controller; nodes have the next ports

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/%n.log
# no cgroups: works in any container; a job over its memory is seen by polling and killed
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/{accounting}
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=60
KillWait=3
MinJobAge=3600
MpiDefault=none
GresTypes=gpu
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{second}] CPUs={cpus} RealMemory={memory}
NodeName=n3 NodeHostname={host} NodeAddr=127.0.0.1 Port={third} CPUs={cpus} RealMemory={memory} Gres=gpu:1
PartitionName=cpu Nodes=n[1-3] Default=YES MaxTime=1-0 State=UP
PartitionName=gpu Nodes=n3 MaxTime=1-0 State=UP
"""
ACCOUNTING = "slurmdbd\nAccountingStoragePort={port}\nAccountingStoragePass={folder}/munge/socket"  # sic
DATABASE_CONFIGURATION = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={dbd_port}
SlurmUser=slurm
PidFile={folder}/run/slurmdbd.pid
LogFile={folder}/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm_acct_db
"""
# Snakemake's job step forgets SLURM_CONF before it calls srun
SRUN = '#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {srun} "$@"\n'


class ClusterError(RuntimeError):
    """SLURM cannot run here. The message gives the reason."""


def install(accounting: bool) -> None:
    """Install the missing Debian packages."""
    wanted = PACKAGES | (DATABASE if accounting else {})
    missing = [package for package, command in wanted.items() if not shutil.which(command)]
    if os.getuid() != 0:
        raise ClusterError("a SLURM of one's own needs root; run as root, in a container or a virtual machine")
    if missing and not shutil.which("apt-get"):
        raise ClusterError(f"{', '.join(missing)}: not installed, and only Debian's packages are known here")
    if missing:
        quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=True, **quiet)


class Cluster:
    """The daemons of one cluster. Each can be killed and started again."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    @property
    def environment(self) -> dict[str, str]:
        """Environment of a process that uses this cluster and no other."""
        return {
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }

    def call(self, *command: str, check: bool = True) -> str:
        """Run a command of SLURM and return its output."""
        done = subprocess.run(command, env=os.environ | self.environment, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise ClusterError(f"{shlex.join(command)}: {done.stderr}")
        return done.stdout

    def up(self, accounting: bool = False) -> None:
        """Start everything and return when all nodes are idle."""
        install(accounting)
        if self.folder.exists():
            raise ClusterError(f"{self.folder}: a cluster exists; python -m tests.external.cluster.slurm down")
        for name in ("bin", "log", "run", "spool", "state"):
            (self.folder / name).mkdir(parents=True)
        self._write_configuration(accounting)
        self._start_munge()
        if accounting:
            self._start_database()
        self.start("slurmctld")
        for node in NODES:
            self.start(node)
        until(self.idle, "the nodes to be idle", 60)

    def idle(self) -> bool:
        states = self.call("sinfo", "--noheader", "--Node", "--partition=cpu", "--format=%T", check=False).split()
        return len(states) == len(NODES) and set(states) == {"idle"}

    def start(self, daemon: str) -> None:
        """Start slurmctld or the slurmd of a node."""
        command = ["slurmctld"] if daemon == "slurmctld" else ["slurmd", "-N", daemon]
        # its own session and files: the daemon outlives its caller
        with open(self.folder / "log" / f"{daemon}.out", "ab") as output:
            subprocess.run(
                [*command, "-f", str(self.folder / "slurm.conf")],
                env=os.environ | self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=True,
            )  # fmt: skip

    def pid(self, daemon: str) -> int | None:
        """Return the id of a daemon's process, if it is alive."""
        try:
            number = int((self.folder / "run" / f"{daemon}.pid").read_text())
            os.kill(number, 0)
        except (OSError, ValueError):
            return None
        return number

    def kill(self, daemon: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a daemon and wait for its end."""
        if number := self.pid(daemon):
            os.kill(number, how)
            until(lambda: not Path(f"/proc/{number}").exists(), f"{daemon} to end", 60)

    def cancel_all(self) -> None:
        """Cancel all jobs and wait for their end."""
        self.call("scancel", "--user=root", check=False)
        until(lambda: not self.call("squeue", "--noheader").strip(), "all jobs to end", 60)

    def down(self) -> None:
        """End the daemons of `up` and remove the folder."""
        if not self.folder.exists():
            return
        if self.pid("slurmctld"):
            try:
                self.cancel_all()
            except (ClusterError, TimeoutError) as error:
                print(error, file=sys.stderr)
        for daemon in ("slurmctld", *NODES, "slurmdbd", "mariadbd", "munged"):
            self.kill(daemon, signal.SIGTERM)
        shutil.rmtree(self.folder)

    def _write_configuration(self, accounting: bool) -> None:
        database = ACCOUNTING.format(folder=self.folder, port=PORT + 4) if accounting else "none"
        node = {"host": socket.gethostname().split(".")[0], "cpus": CPUS, "memory": MEMORY_MB, "accounting": database}
        ports = {"port": PORT, "first": PORT + 1, "second": PORT + 2, "third": PORT + 3}
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(folder=self.folder, **node, **ports))
        # any device can stand for the GPU: jobs only get its index
        (self.folder / "gpu0").symlink_to("/dev/null")
        (self.folder / "gres.conf").write_text(f"NodeName=n3 Name=gpu Flags=nvidia_gpu_env File={self.folder}/gpu0\n")
        srun = self.folder / "bin" / "srun"
        srun.write_text(SRUN.format(folder=self.folder, srun=shutil.which("srun")))
        srun.chmod(0o755)

    def _start_munge(self) -> None:
        folder = self.folder / "munge"
        folder.mkdir()
        (folder / "key").write_bytes(os.urandom(1024))
        (folder / "key").chmod(0o400)
        for path in (folder, folder / "key"):
            shutil.chown(path, "munge", "munge")
        names = {"key-file": "key", "socket": "socket", "log-file": "log", "seed-file": "seed", "pid-file": "pid"}
        options = [f"--{option}={folder / name}" for option, name in names.items()]
        subprocess.run(["runuser", "-u", "munge", "--", "munged", *options], check=True)
        (self.folder / "run" / "munged.pid").symlink_to(folder / "pid")

    def _start_database(self) -> None:
        """Start a MariaDB with its own socket and no port, and slurmdbd on it."""
        folder = self.folder / "database"
        folder.mkdir()
        shutil.chown(folder, "mysql", "mysql")
        server = ["--no-defaults", "--user=mysql", f"--datadir={folder}"]
        with open(self.folder / "log" / "mariadb.log", "ab") as log:
            output = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            subprocess.run(
                ["mariadb-install-db", *server, "--auth-root-authentication-method=socket", "--skip-test-db"],
                check=True, **output,
            )  # fmt: skip
            # not a child process: it would stay in the process table after its end
            subprocess.run(
                ["setsid", "--fork", "mariadbd", *server, f"--socket={folder}/socket", f"--pid-file={folder}/pid",
                 "--skip-networking", "--innodb-buffer-pool-size=64M", "--innodb-lock-wait-timeout=900"],
                check=True, **output,
            )  # fmt: skip
        (self.folder / "run" / "mariadbd.pid").symlink_to(folder / "pid")
        client = ["--no-defaults", f"--socket={folder}/socket"]
        until(lambda: succeeds("mariadb-admin", *client, "ping"), "the database", 60)
        statements = (
            "CREATE DATABASE slurm_acct_db; CREATE USER slurm@localhost IDENTIFIED VIA unix_socket; "
            "GRANT ALL ON slurm_acct_db.* TO slurm@localhost;"
        )
        subprocess.run(["mariadb", *client, "--execute", statements], check=True)
        configuration = self.folder / "slurmdbd.conf"
        configuration.write_text(DATABASE_CONFIGURATION.format(folder=self.folder, dbd_port=PORT + 4))
        configuration.chmod(0o600)
        (self.folder / "log" / "slurmdbd.log").touch()
        folder.chmod(0o755)
        for path in (configuration, self.folder / "log" / "slurmdbd.log"):
            shutil.chown(path, "slurm", "slurm")
        (self.folder / "run").chmod(0o777)
        subprocess.run(
            ["runuser", "-u", "slurm", "--", "env", f"MYSQL_UNIX_PORT={folder}/socket",
             f"SLURM_CONF={self.folder}/slurm.conf", "slurmdbd"], check=True,
        )  # fmt: skip
        until(lambda: succeeds("sacctmgr", "-i", "add", "cluster", "test", env=self.environment), "slurmdbd", 60)


def succeeds(*command: str, env: dict[str, str] | None = None) -> bool:
    return subprocess.run(command, env=os.environ | (env or {}), capture_output=True).returncode == 0


def until(condition: Callable[[], bool], what: str, seconds: float, pause: float = 0.2) -> None:
    """Wait until a condition holds. Raises TimeoutError with its name."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(pause)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["install", "up", "down", "environment"])
    parser.add_argument("--accounting", action="store_true", help="with slurmdbd, so that sacct works")
    args = parser.parse_args(argv)
    cluster = Cluster()
    try:
        if args.action == "install":
            install(args.accounting)
        elif args.action == "up":
            cluster.up(args.accounting)
            print(cluster.call("sinfo", "--Node", "--format=%N %P %T %c %m %G"))
        elif args.action == "down":
            cluster.down()
        else:
            print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in cluster.environment.items()))
    except (ClusterError, TimeoutError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Real servers on this machine's loopback as DVC remotes, and a relay that breaks connections to them."""

import contextlib
import getpass
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.project import Project

ONCE = {"AWS_MAX_ATTEMPTS": "1"}  # a stopped server does not come back during a request
KEYS = {"access_key_id": "test", "secret_access_key": "test"}


@dataclass(frozen=True)
class Remote:
    """A DVC remote: its address and options. `{port}` stands for the port of the server."""

    url: str
    options: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def configure(self, project: Project, port: int | None = None, folder: str = "results") -> None:
        """Make this the project's remote, in its own folder. `port` can name the port of a relay."""
        lines = ["[core]", "    remote = store", "['remote \"store\"']", f"    url = {self.url}/{folder}"]
        lines += [f"    {name} = {value}" for name, value in self.options.items()]
        text = "\n".join(lines).replace("{port}", str(port or self.port))
        (project.folder / ".dvc" / "config.local").write_text(text + "\n")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def started(command: list[str], port: int, log: Path) -> subprocess.Popen:
    """Start a server and wait until it listens."""
    with log.open("w") as output:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.1)
    server.kill()
    raise AssertionError(f"{command[0]} does not listen: {log.read_text()}")


def s3(folder: Path) -> tuple[Remote, subprocess.Popen]:
    """Start a server of the S3 protocol with one bucket."""
    import botocore.session

    program = Path(sys.prefix, "s3-server", "bin", "moto_server")
    assert program.exists(), f"{program}: `make test-remotes` installs it"
    port = free_port()
    server = started([str(program), "-H", "127.0.0.1", "-p", str(port)], port, folder / "log")
    keys = {f"aws_{name}": value for name, value in KEYS.items()}
    place = {"region_name": "us-east-1", "endpoint_url": f"http://127.0.0.1:{port}"}
    client = botocore.session.get_session().create_client("s3", **place, **keys)
    client.create_bucket(Bucket="bucket")
    return Remote("s3://bucket", {"endpointurl": "http://127.0.0.1:{port}", **KEYS}, port), server


def ssh(folder: Path) -> tuple[Remote, subprocess.Popen]:
    """Start OpenSSH's server with its own keys, configuration and port."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert program, "no sshd on this machine: install OpenSSH's server (Debian: openssh-server)"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # folder for the children of root's sshd
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    port = free_port()
    configuration = folder / "sshd_config"
    configuration.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nAuthorizedKeysFile {folder}/user_key.pub\n"
        f"PidFile {folder}/pid\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n"
    )
    server = started([program, "-D", "-e", "-f", str(configuration)], port, folder / "log")
    options = {"user": getpass.getuser(), "port": "{port}", "keyfile": f"{folder}/user_key", "allow_agent": "false"}
    return Remote(f"ssh://127.0.0.1{folder}", options, port), server


class Relay:
    """Passes connections on to a port. After a number of bytes it breaks all and accepts no more."""

    def __init__(self, target: int, limit: int) -> None:
        self.target, self.left = target, limit
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ends: list[socket.socket] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while self.left > 0:
            if select.select([self.listener], [], [], 0.1)[0]:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                self.ends += [near, far]
                threading.Thread(target=self.carry, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self.carry, args=(far, near, False), daemon=True).start()
        self.listener.close()
        for end in self.ends:
            broken(end)

    def carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):  # the other direction has already broken the connection
            while self.left > 0 and (data := source.recv(1 << 14)):
                if counted:
                    self.left -= len(data)
                if self.left > 0:
                    target.sendall(data)
        broken(source)
        broken(target)


def broken(end: socket.socket) -> None:
    """Break a connection. `close` alone would keep it open while another thread waits for data."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)

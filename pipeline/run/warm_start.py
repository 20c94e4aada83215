"""Start jobs warm: one process imports the heavy libraries once, and each job is a fork of it.

A chain has hundreds of jobs of a few seconds, and importing torch and transformers takes five of them. When Snakemake
runs jobs on this machine it starts this server; `python -m scripts NAME …` asks it for a fork and falls back to a start
of its own where there is no server (a cluster node, a command typed by hand) or where it belongs to another environment
(--use-conda). Only libraries are imported here, never code of this repository, so a job always runs what is on disk.

Nothing outlives its parent: the server ends with Snakemake, whose pipe it reads, and a job with the `python -m scripts`
that asked for it, or with the server.
"""

import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

VARIABLE = "MODEL_COLLAPSE_WARM_START"
LIBRARIES = (
    "numpy",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "safetensors.torch",
    "tokenizers",
    "torch",
    "transformers.models.opt.modeling_opt",
    "pandas",
    "scipy.cluster.vq",
    "scipy.stats",
    "seaborn",
)
LONGEST_ADDRESS = 103  # bytes of a socket's path, on every system
_server: subprocess.Popen | None = None


def prefer_this_interpreter() -> None:
    """Jobs run under the interpreter that runs Snakemake, unless an environment puts another one in front."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def serve() -> None:
    """Start the server beside this process and tell jobs where it is; it ends when this process does.

    Without room for temporary files, or in a folder of too long a name, there is none: jobs start by themselves.
    """
    global _server
    try:
        path = Path(tempfile.mkdtemp(prefix="model-collapse-")) / "socket"  # a folder of mode 700
    except OSError as error:
        print(f"No warm starts: {error}", file=sys.stderr)
        return
    if len(os.fsencode(path)) > LONGEST_ADDRESS:
        path.parent.rmdir()
        return
    # stdin is never written to: its end of file says that this process is gone
    _server = subprocess.Popen(
        [sys.executable, __file__, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={"OPENBLAS_NUM_THREADS": "1"} | os.environ,  # as for a job that starts by itself
    )
    os.environ[VARIABLE] = str(path)


def ask(module: str, arguments: list[str]) -> int | None:
    """Run a module in a fork of the server and return its exit status; None if there is no server to ask."""
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    request = {
        "module": module,
        "arguments": arguments,
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "prefix": sys.prefix,
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(path)
            data = json.dumps(request).encode()
            socket.send_fds(connection, [len(data).to_bytes(8, "big")], [0, 1, 2])
            connection.sendall(data)
            accepted = connection.recv(1)
        except OSError:
            return None
        if accepted != b"+":
            return None
        status = connection.recv(1)
    return status[0] if status else 128 + signal.SIGKILL  # ended without a word: killed


def _serve(path: Path) -> None:
    for name in LIBRARIES:
        __import__(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks are reaped by the system; they report for themselves
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(128)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:  # end of file: Snakemake is gone
                break
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _job(connection)
            connection.close()
    path.unlink()
    path.parent.rmdir()


def _job(connection: socket.socket) -> None:
    """In the fork: become the job that was asked for. Never returns."""
    header, descriptors, _, _ = socket.recv_fds(connection, 8, 3)
    data = b""
    while len(data) < int.from_bytes(header, "big"):
        data += connection.recv(1 << 16)
    request = json.loads(data)
    if request["prefix"] != sys.prefix:
        os._exit(0)
    connection.sendall(b"+")
    server = os.dup(0)
    for target, source in enumerate(descriptors):
        os.dup2(source, target)
        os.close(source)
    threading.Thread(target=_end_with, args=(connection, server), daemon=True).start()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[0] = request["folder"]
    sys.argv = [request["module"], *request["arguments"]]
    status = 1
    try:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(bytes([status & 255]))
    os._exit(status)


def _end_with(connection: socket.socket, server: int) -> None:
    """End this job at once when the process that asked for it, or Snakemake, has ended."""
    select.select([connection.fileno(), server], [], [])
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))

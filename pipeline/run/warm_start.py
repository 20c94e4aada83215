"""Warm starts: one server process imports the heavy libraries once, and each job is a fork of it.

A chain has hundreds of jobs of a few seconds, and importing torch and transformers takes five seconds. Snakemake starts
this server when it runs jobs on this machine. `python -m scripts NAME …` asks the server for a fork. It starts by
itself if there is no server (on a cluster node, or by hand) or if the server has another environment (--use-conda). The
server imports only libraries and no code of this repository, so a job always runs the code on disk.

No process outlives its parent. The server ends with Snakemake, because it reads a pipe from Snakemake. A job ends with
its `python -m scripts` process or with the server.
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
LONGEST_ADDRESS = 103  # bytes of a socket's path that every system accepts
_server: subprocess.Popen[bytes] | None = None


def prefer_this_interpreter() -> None:
    """Let jobs run under Snakemake's own interpreter, unless their environment puts another in front."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def serve() -> None:
    """Start the server, which ends with this process, and put its address into the environment of jobs.

    Starts no server without space for temporary files, or if the address is too long. Jobs then start by themselves.
    """
    global _server
    try:
        path = Path(tempfile.mkdtemp(prefix="model-collapse-")) / "socket"  # a folder of mode 700
    except OSError as error:
        print(f"No server for warm starts: {error}; jobs start more slowly.", file=sys.stderr)
        return
    if len(os.fsencode(path)) > LONGEST_ADDRESS:
        path.parent.rmdir()
        return
    # nothing is written to stdin: its end of file shows that this process has ended
    _server = subprocess.Popen(
        [sys.executable, __file__, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={"OPENBLAS_NUM_THREADS": "1"} | os.environ,  # the same as for a job without warm start
    )
    os.environ[VARIABLE] = str(path)


def ask(module: str, arguments: list[str]) -> int | None:
    """Run a module in a fork of the server and return its exit status; None if there is no server."""
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
    return status[0] if status else 128 + signal.SIGKILL  # no answer: the job was killed


def _serve(path: Path) -> None:
    for name in LIBRARIES:
        __import__(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps the forks, which report their own status
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(128)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:  # end of file: Snakemake has ended
                break
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _job(connection)
            connection.close()
    path.unlink()
    path.parent.rmdir()


def _job(connection: socket.socket) -> None:
    """Run the requested job in this fork. Never returns."""
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
    """Kill this job as soon as its `python -m scripts` process or Snakemake has ended."""
    select.select([connection.fileno(), server], [], [])
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))

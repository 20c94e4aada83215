"""`python -m scripts NAME …` runs scripts/NAME.py: in a fork of the warm-start server if one runs, else by itself."""

import os
import runpy
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's sums too depend on the number of threads

from pipeline.run import gpus, warm_start

START = "scripts.shared.start"


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit("usage: python -m scripts NAME [options]; scripts/ holds the names")
    arguments = sys.argv[1:]
    gpus.take(arguments)
    status = warm_start.ask(START, arguments)
    if status is not None:
        raise SystemExit(status)
    sys.argv = [f"scripts.{arguments[0]}", *arguments]
    runpy.run_module(START, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

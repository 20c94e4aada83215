"""`python -m scripts NAME …` runs scripts/NAME.py, warm if Snakemake has started a server for that, else by itself."""

import os
import runpy
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's sums too depend on the number of threads


from pipeline.run import gpus, warm_start


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit("usage: python -m scripts NAME [options]; scripts/ holds the names")
    module, arguments = f"scripts.{sys.argv[1]}", sys.argv[2:]
    gpus.take(arguments)
    status = warm_start.ask(module, arguments)
    if status is not None:
        raise SystemExit(status)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

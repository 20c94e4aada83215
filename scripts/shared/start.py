"""Run the command of one script: `python -m scripts.shared.start NAME [options]` calls `main` of scripts/NAME.py."""

import importlib
import sys

from scripts.shared import job

if __name__ == "__main__":
    del sys.argv[0]  # the name of the script now comes first, as in the messages of argparse
    job.run(importlib.import_module(f"scripts.{sys.argv[0]}").main)

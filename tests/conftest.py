import os

import pytest


@pytest.fixture(autouse=True)
def one_thread():
    """As in the jobs: with several threads the last bit of a sum depends on how rows are shared out."""
    import torch

    torch.set_num_threads(1)


# what the tests check is the code on disk, whatever the shell that started them has set
for name in ("MODEL_COLLAPSE_WARM_START", "SNAKEMAKE_PROFILE"):
    os.environ.pop(name, None)

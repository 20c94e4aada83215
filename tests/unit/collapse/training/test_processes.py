"""Training by several real processes, joined by accelerate and gloo."""

import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

WORKER = """
import sys, numpy as np, torch
from safetensors.torch import save_file
from collapse.training.loop import Trainer, train
from collapse.models.opt_training import TrainableOpt
from collapse.training.processes import started
from tests.models import random_opt
torch.set_num_threads(1)
blocks = np.random.default_rng(0).integers(4, 64, (10, 12), dtype=np.int32)
model = TrainableOpt(random_opt().state_dict(), 2, dropout=0.1)
processes = started("cpu")
trainer = Trainer(model, 0.0, seed=1, micro_batch_blocks=2, processes=processes)
trainer.gradient(blocks, step=0)
gradient = model.gradients[0].clone()
losses = train(model, blocks, epochs=2, batch_blocks=5, learning_rate=1e-3, final_learning_rate=1e-3,
               weight_decay=0.0, seed=1, processes=processes)
save_file({"gradient": gradient, "weights": model.weights, "losses": torch.tensor(losses)},
          f"{sys.argv[1]}/{processes.count}.{processes.rank}")
"""


@pytest.mark.slow
def test_two_processes_train_as_one_does(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    alone = [sys.executable, script, tmp_path]
    together = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    for command in (alone, [*together, script, tmp_path]):
        subprocess.run(command, check=True, env={"PYTHONPATH": ".", "PATH": "/usr/bin:/bin"}, timeout=300)
    one, first, second = (load_file(tmp_path / name) for name in ("1.0", "2.0", "2.1"))
    assert torch.equal(first["weights"], second["weights"])
    # not the weights after Adam, whose first steps have the size of the learning rate however small a gradient is
    torch.testing.assert_close(first["gradient"], one["gradient"], atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(first["losses"], one["losses"])

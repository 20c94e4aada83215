import os
import tempfile

import pytest

from pipeline.run import warm_start


@pytest.mark.parametrize("name", ["x" * 100, "missing"], ids=["a name too long for a socket", "no folder"])
def test_where_no_socket_can_lie_jobs_start_by_themselves(tmp_path, monkeypatch, name):
    scratch = tmp_path / name
    if name != "missing":
        scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.delenv(warm_start.VARIABLE, raising=False)
    warm_start.serve()
    assert warm_start.VARIABLE not in os.environ
    assert not scratch.exists() or not [*scratch.iterdir()]
    assert warm_start.ask("scripts.mix", []) is None

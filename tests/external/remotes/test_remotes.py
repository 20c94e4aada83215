"""Results come back complete from every kind of remote, also after a failed push or pull."""

import re

import pytest

from tests.external.remotes.servers import Relay, free_port

pytestmark = pytest.mark.remotes


def assert_whole(clone, recorded) -> None:
    """Check that all results have their bytes, and that neither tool has anything to do."""
    clone.restore()
    assert clone.plan() == {}
    assert "up to date" in clone.dvc("status")
    assert clone.bytes() == recorded.bytes()


@pytest.mark.parametrize("name", ["folder", "s3", "ssh"])
def test_results_come_back_whole_from(name, remotes, recorded, tmp_path):
    remotes[name].configure(recorded)
    recorded.dvc("push")
    clone = recorded.clone(tmp_path / "clone")
    remotes[name].configure(clone)
    clone.dvc("pull")
    assert_whole(clone, recorded)


@pytest.mark.parametrize("name", ["s3", "ssh"])
def test_a_push_that_breaks_off_says_so_and_the_next_completes_it(name, remotes, recorded, tmp_path):
    paths = (recorded.folder / ".dvc" / "cache" / "files").rglob("*")
    total = sum(path.stat().st_size for path in paths if path.is_file())
    relay = Relay(remotes[name].port, limit=total // 2)
    remotes[name].configure(recorded, relay.port, folder="broken")
    status, text = recorded.outcome("dvc", "push")
    assert relay.left <= 0
    assert status != 0 and "ERROR" in text

    remotes[name].configure(recorded, folder="broken")
    pushed = int(re.search(r"(\d+) files? pushed", recorded.dvc("push"))[1])
    assert 0 < pushed < len(recorded.bytes())  # the first push has left objects

    clone = recorded.clone(tmp_path / "clone")
    remotes[name].configure(clone, free_port(), folder="broken")  # a port without a server
    status, text = clone.outcome("dvc", "pull")
    assert status != 0 and "ERROR" in text
    remotes[name].configure(clone, folder="broken")
    clone.dvc("pull")
    assert_whole(clone, recorded)

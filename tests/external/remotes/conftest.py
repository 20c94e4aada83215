import pytest

from tests.external.remotes import servers
from tests.project import ENVIRONMENT


@pytest.fixture(scope="session")
def remotes(tmp_path_factory):
    """Remotes by name: a folder, and a server for each protocol."""
    ENVIRONMENT.update(servers.ONCE)
    found = {"folder": servers.Remote(str(tmp_path_factory.mktemp("store")))}
    running = []
    try:
        for start in (servers.s3, servers.ssh):
            found[start.__name__], server = start(tmp_path_factory.mktemp(start.__name__))
            running.append(server)
        yield found
    finally:
        for server in running:
            server.terminate()
            server.wait()

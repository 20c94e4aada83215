import pytest

from scripts.shared.synthetic_text import shard_rows


@pytest.mark.parametrize(("blocks", "batch", "shards"), [(12, 4, 2), (13, 4, 3), (3, 8, 5), (1000, 32, 7)])
def test_the_cuts_lie_between_batches_and_leave_nothing_out(blocks, batch, shards):
    rows = [shard_rows(blocks, batch, shard, shards) for shard in range(1, shards + 1)]
    assert [block for one in rows for block in range(blocks)[one]] == list(range(blocks))
    assert all(one.start % batch == 0 or one.start == blocks for one in rows)
    sizes = [-(-(one.stop - one.start) // batch) for one in rows]
    assert max(sizes) - min(sizes) <= 1

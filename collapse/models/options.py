"""Options of a base model that is fetched."""

from dataclasses import dataclass

from collapse.options import COMMIT, option


@dataclass(frozen=True, kw_only=True)
class HubModel:
    """Where a base model is fetched from."""

    repository: str | None = option("source hub: model repository, owner/name", fewest=1)
    revision: str | None = option("source hub: the exact commit, 40 hex digits", pattern=COMMIT)

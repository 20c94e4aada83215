"""Options of a base model that is fetched."""

from dataclasses import dataclass
from typing import Annotated

from collapse.options import COMMIT, Option


@dataclass(frozen=True, kw_only=True)
class HubModel:
    """Where a base model is fetched from."""

    repository: Annotated[str | None, Option("source hub: model repository, owner/name", fewest=1)]
    revision: Annotated[str | None, Option("source hub: the exact commit, 40 hex digits", pattern=COMMIT)]

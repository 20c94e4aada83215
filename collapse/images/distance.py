"""Fréchet distance between generated and real images, on the features of a small classifier.

Heusel et al. (arXiv 1706.08500) use the features of Inception, which knows photographs and would have to be fetched.
A classifier trained on the same real images knows the differences that matter there.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from collapse.seeds import derive_seed

CHANNELS, FEATURES = 16, 64
BATCH_IMAGES, LEARNING_RATE = 64, 0.003
CHUNK = 1000  # images at a time, for memory


class ImageClassifier(nn.Module):
    """Logits of `classes` for images (n, 1, side, side) in [0, 1]; `side` is a multiple of four."""

    def __init__(self, side: int, classes: int) -> None:
        super().__init__()
        self.down1 = nn.Conv2d(1, CHANNELS, kernel_size=4, stride=2, padding=1)
        self.down2 = nn.Conv2d(CHANNELS, 2 * CHANNELS, kernel_size=4, stride=2, padding=1)
        self.hidden = nn.Linear(2 * CHANNELS * (side // 4) ** 2, FEATURES)
        self.output = nn.Linear(FEATURES, classes)

    def features(self, images: Tensor) -> Tensor:
        """Input of the last layer, (n, FEATURES)."""
        maps = functional.relu(self.down2(functional.relu(self.down1(images))))
        return functional.relu(self.hidden(maps.flatten(1)))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.output(self.features(images))
        return logits


def train_classifier(
    images: Tensor,
    labels: Tensor,
    classes: int,
    epochs: int,
    seed: int,
    progress: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> ImageClassifier:
    """A classifier of images (n, 1, side, side) in [0, 1] with labels (n,), trained with Adam."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        model = ImageClassifier(images.shape[-1], classes)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    order = torch.Generator().manual_seed(derive_seed(seed, "order"))
    steps, step = epochs * -(-len(images) // BATCH_IMAGES), 0
    for _ in range(epochs):
        for rows in torch.randperm(len(images), generator=order).split(BATCH_IMAGES):
            loss = functional.cross_entropy(model(images[rows]), labels[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            step += 1
            progress(step, steps, loss.item())
    return model.eval()


@torch.no_grad()
def features_and_classes(model: ImageClassifier, images: Tensor) -> tuple[Tensor, Tensor]:
    """Features (n, FEATURES) and the likeliest class (n,) of each image."""
    features = torch.cat([model.features(chunk) for chunk in images.split(CHUNK)])
    return features, model.output(features).argmax(1)


def frechet_distance(features_a: Tensor, features_b: Tensor) -> float:
    """|μa − μb|² + tr(Σa + Σb − 2(Σa Σb)^½) of the Gaussians fitted to two sets of features, (rows, features) each.

    The squared 2-Wasserstein distance of the fits (Dowson & Landau 1982, doi 10.1016/0047-259X(82)90077-X). With
    Σ = RᵀR, where R comes from a QR decomposition of the centred rows, tr (Σa Σb)^½ is the sum of the singular values
    of Ra Rbᵀ: no covariance is formed and no root of a rounded eigenvalue taken, so degenerate fits do no harm.
    ValueError for fewer than two rows.
    """
    if min(len(features_a), len(features_b)) < 2:
        raise ValueError(f"sets of {len(features_a)} and {len(features_b)} rows: a covariance needs two or more")
    means, roots = [], []
    for rows in (features_a.double(), features_b.double()):
        means.append(rows.mean(0))
        roots.append(torch.linalg.qr((rows - means[-1]) / (len(rows) - 1) ** 0.5, mode="r").R)
    cross = torch.linalg.svdvals(roots[0] @ roots[1].T).sum()
    distance = (means[0] - means[1]).square().sum() + sum(root.square().sum() for root in roots) - 2 * cross
    return max(0.0, float(distance.item()))  # rounding may leave −1e-16

"""Simulate chains of normal distributions of one variant, dimension and sample size, beside exact expectations."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import norm

from collapse.artefacts import write_manifest
from collapse.seeds import derive_seed
from collapse.theory import gaussian
from collapse.theory.monte_carlo import QUANTILES, summary
from scripts.shared import job
from scripts.shared.theory import write_trajectory
from scripts.shared.timer import Timer

HEAVY_TAILED = ("mean_squared_error", "variance", "sample_variance", "sd", "w2_squared")


def main(argv: Sequence[str] | None = None) -> None:
    parser = job.parser(__doc__)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--draws", choices=list(gaussian.DRAWS), required=True)
    for name in ("dimensions", "samples", "chains", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--superlinear-exponent", type=float, default=1.5, help="of variant superlinear")
    parser.add_argument("--real-fraction", type=float, default=0.1, help="of variant real")
    parser.add_argument("--generation", type=int, action="append", required=True, help="at which chains are measured")
    parser.add_argument("--output", type=Path, required=True, help="CSV")
    parser.add_argument("--manifest", type=Path, required=True)
    args = parser.parse_args(argv)
    work = Timer(args.benchmark)

    variant = gaussian.variants(args.superlinear_exponent, args.real_fraction)[args.variant]
    last = max(args.generation)
    exact = gaussian.exact(variant, args.dimensions, args.samples, last)
    rng = np.random.default_rng(derive_seed(args.seed, "gaussian", args.variant, args.dimensions, args.samples))
    fits = gaussian.simulate(variant, gaussian.DRAWS[args.draws], args.chains, args.dimensions, args.samples, rng)
    rows = []
    with work:
        for generation in range(1, last + 1):
            fit = next(fits)
            if generation in args.generation:
                known = {name: float(values[generation - 1]) for name, values in exact.items()}
                for name, values in gaussian.measures(fit).items():
                    row = {"quantity": name, "samples": args.samples, "generation": generation, **summary(values)}
                    row["exact"] = known.get(name)
                    row |= approximations(name, known)
                    row["comparable"] = name in exact and (name not in HEAVY_TAILED or not heavy(known))
                    rows.append(row)
            work.progress(generation, last, "generations")

    write_trajectory(args.output, rows)
    write_manifest(
        args.manifest,
        kind="gaussian chains",
        files=[args.output],
        parents=[],
        code=args.code,
        libraries=("numpy", "scipy"),
        options={
            "setting": f"{args.variant} {args.dimensions}d",
            "variant": args.variant,
            "dimensions": args.dimensions,
            "samples": args.samples,
            "chains": args.chains,
            "generations": args.generation,
            "draws": args.draws,
            "exponent": variant.exponent,
            "real_fraction": variant.real_fraction,
            "seed": args.seed,
        },
    )
    work.finish()


def heavy(known: dict[str, float]) -> bool:
    """Whether squares have tails so heavy by now that a mean over chains says nothing: Σ 1/M_i > 1, k > M for fixed M.

    Where samples accumulate or are partly real, tails stay light.
    """
    return known.get("sum_of_inverse_sizes", 0.0) > 1


def approximations(name: str, known: dict[str, float]) -> dict[str, float]:
    """What theory says to first order, or of a standard deviation whose logarithm is taken as normal.

    That logarithm is a sum over generations, of known mean and variance. The expectation of |1 − Y| for log-normal Y is
    1 − E Y + 2 E max(Y − 1, 0), the last term as in the formula of Black & Scholes (1973).
    """
    if name == "w2_squared" and "w2_first_order" in known:
        return {"approximate": known["w2_first_order"]}
    if name == "mean_error" and not heavy(known):  # as if normal, which a mixture of many scales is not
        return {"approximate": float(np.sqrt(2 * known["mean_squared_error"] / np.pi))}
    if name in ("sd", "sd_error") and "log_generalized_variance" in known:
        centre, spread = known["log_generalized_variance"] / 2, known["log_generalized_variance_variance"] ** 0.5 / 2
        if name == "sd_error":
            mean = np.exp(centre + spread**2 / 2)
            excess = mean * norm.cdf(centre / spread + spread) - norm.cdf(centre / spread)
            return {"approximate": float(1 - mean + 2 * excess)}
        return {f"{one}_lognormal": float(np.exp(centre + spread * norm.ppf(q))) for one, q in QUANTILES.items()}
    return {}


if __name__ == "__main__":
    job.run(main)

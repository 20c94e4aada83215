# A normal distribution, sampled and refitted. Reads nothing; writes <results>/gaussian: one trajectory for each variant,
# dimension and sample size, one table, two figures.
GAUSSIAN_CHAINS = gaussian_chains(config, f"{RESULTS}/gaussian")


use rule simulate_discrete as simulate_gaussian with:
    output:
        output="<results>/gaussian/{variant}/dimensions{dimensions}/samples{samples}/trajectory.csv",
        manifest="<results>/gaussian/{variant}/dimensions{dimensions}/samples{samples}/manifest.json",
    log:
        "<logs>/simulate_gaussian/{variant}/dimensions{dimensions}/samples{samples}.log",
        benchmark="<timings>/gaussian/{variant}/dimensions{dimensions}/samples{samples}/simulate_gaussian.json",
    group:
        "gaussian"
    params:
        **runs("simulate_gaussian"),
        options=lambda wildcards: gaussian_options(config, wildcards.variant),


use rule collect_discrete as collect_gaussian with:
    input:
        chains=ancient(expand("{folder}/trajectory.csv", folder=GAUSSIAN_CHAINS)),
        manifests=expand("{folder}/manifest.json", folder=GAUSSIAN_CHAINS),
    output:
        trajectory="<results>/gaussian/trajectory.csv",
        theory="<results>/gaussian/theory.csv",
        metrics="<results>/gaussian/metrics.json",
    log:
        "<logs>/collect_gaussian.log",
    group:
        "gaussian"
    params:
        options=flags(
            kind="gaussian chains",
            seed=config["gaussian"]["seed"],
            chains=config["gaussian"]["chains"],
            simulation=[f"{folder}/trajectory.csv" for folder in GAUSSIAN_CHAINS],
        ),


use rule plot_discrete as plot_gaussian with:
    input:
        trajectory=rules.collect_gaussian.output.trajectory,
        metrics=rules.collect_gaussian.output.metrics,
    output:
        **figure("A normal distribution, refitted", "gaussian.svg", "Theory"),
    log:
        "<logs>/plot_gaussian.log",
    group:
        "gaussian"
    params:
        **runs("plot_gaussian"),


use rule plot_gaussian as plot_gaussian_variants with:
    input:
        trajectory=rules.collect_gaussian.output.trajectory,
    output:
        **figure("What keeps the error finite", "gaussian_variants.svg", "Theory"),
    log:
        "<logs>/plot_gaussian_variants.log",
    params:
        **runs("plot_gaussian_variants"),

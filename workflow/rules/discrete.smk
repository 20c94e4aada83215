# A distribution over symbols, sampled and refitted. Reads nothing; writes <results>/discrete: one trajectory for each
# distribution and sample size, one table, one figure.
DISCRETE_CHAINS = discrete_chains(config, f"{RESULTS}/discrete")


rule simulate_discrete:
    output:
        output="<results>/discrete/{distribution}/samples{samples}/trajectory.csv",
        manifest="<results>/discrete/{distribution}/samples{samples}/manifest.json",
    log:
        "<logs>/simulate_discrete/{distribution}/samples{samples}.log",
        benchmark="<timings>/discrete/{distribution}/samples{samples}/simulate_discrete.json",
    group:
        "discrete"
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        **runs("simulate_discrete"),
        place=place_flags,
        options=lambda wildcards: discrete_options(config, wildcards.distribution),
        outputs=output_flags,
    shell:
        "python -m scripts {params.script} {params.place} {params.options} {params.outputs} --code {params.code}"
        " --benchmark {log.benchmark} 2> {log[0]}"


rule collect_discrete:
    input:
        chains=ancient(expand("{folder}/trajectory.csv", folder=DISCRETE_CHAINS)),
        manifests=expand("{folder}/manifest.json", folder=DISCRETE_CHAINS),
    output:
        trajectory="<results>/discrete/trajectory.csv",
        theory="<results>/discrete/theory.csv",
        metrics="<results>/discrete/metrics.json",
    log:
        "<logs>/collect_discrete.log",
    group:
        "discrete"
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=flags(
            kind="discrete chains",
            seed=config["discrete"]["seed"],
            chains=config["discrete"]["chains"],
            simulation=[f"{folder}/trajectory.csv" for folder in DISCRETE_CHAINS],
        ),
        outputs=output_flags,
        code=code("collect_theory"),
    shell:
        "python -m scripts collect_theory {params.options} {params.outputs} --code {params.code} 2> {log}"


use rule plot_tails as plot_discrete with:
    input:
        trajectory=rules.collect_discrete.output.trajectory,
        metrics=rules.collect_discrete.output.metrics,
    output:
        **figure("A die and a Zipf distribution, refitted", "discrete.svg", "Theory"),
    log:
        "<logs>/plot_discrete.log",
    group:
        "discrete"
    params:
        **runs("plot_discrete"),

# A distribution over symbols, sampled and refitted: one job a distribution and sample size, then one table.
DISCRETE = f"{RESULTS}/discrete"
DISCRETE_CHAINS = expand(
    f"{DISCRETE}/{{distribution}}/samples{{samples}}",
    distribution=config["discrete"]["distributions"],
    samples=config["discrete"]["samples"],
)


rule simulate_discrete:
    output:
        trajectory=f"{DISCRETE}/{{distribution}}/samples{{samples}}/trajectory.csv",
        manifest=f"{DISCRETE}/{{distribution}}/samples{{samples}}/manifest.json",
    log:
        f"logs/{config['experiment']}/simulate_discrete/{{distribution}}/samples{{samples}}.log",
        benchmark=timings("discrete/{distribution}/samples{samples}/simulate_discrete"),
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=lambda wildcards: flags(
            **config["discrete"]["distributions"][wildcards.distribution],
            chains=config["discrete"]["chains"],
            generation=config["discrete"]["generations"],
            seed=config["discrete"]["seed"],
        ),
        code=code("simulate_discrete"),
    shell:
        "python -m scripts simulate_discrete --distribution {wildcards.distribution} --samples {wildcards.samples}"
        " {params.options} --code {params.code} --benchmark {log.benchmark} --output {output.trajectory}"
        " --manifest {output.manifest} 2> {log[0]}"


rule collect_discrete:
    input:
        chains=ancient(expand("{folder}/trajectory.csv", folder=DISCRETE_CHAINS)),
        manifests=expand("{folder}/manifest.json", folder=DISCRETE_CHAINS),
    output:
        trajectory=f"{DISCRETE}/trajectory.csv",
        theory=f"{DISCRETE}/theory.csv",
        metrics=f"{DISCRETE}/metrics.json",
    log:
        f"logs/{config['experiment']}/collect_discrete.log",
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
        code=code("collect_theory"),
    shell:
        "python -m scripts collect_theory {params.options} --code {params.code} --trajectory {output.trajectory}"
        " --theory {output.theory} --metrics {output.metrics} 2> {log}"


rule plot_discrete:
    input:
        trajectory=rules.collect_discrete.output.trajectory,
        metrics=rules.collect_discrete.output.metrics,
    output:
        multiext(f"{FIGURES}/discrete", ".png", ".rst"),
        svg=shown("A die and a Zipf distribution, refitted", "discrete.svg", "Theory"),
    log:
        f"logs/{config['experiment']}/plot_discrete.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("plot_discrete"),
    shell:
        "python -m scripts plot_discrete --code {params.code} --trajectory {input.trajectory}"
        " --metrics {input.metrics} --output {output.svg} 2> {log}"

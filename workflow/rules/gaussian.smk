# A normal distribution, sampled and refitted: one job a variant, dimension and sample size, then one table.
GAUSSIAN = f"{RESULTS}/gaussian"
GAUSSIAN_PLACE = f"{GAUSSIAN}/{{variant}}/dimensions{{dimensions}}/samples{{samples}}"
GAUSSIAN_CHAINS = expand(
    GAUSSIAN_PLACE,
    variant=config["gaussian"]["variants"],
    dimensions=config["gaussian"]["dimensions"],
    samples=config["gaussian"]["samples"],
)
GAUSSIAN_OPTIONS = {"superlinear": ["superlinear_exponent"], "real": ["real_fraction"]}  # what one variant alone sees


rule simulate_gaussian:
    output:
        trajectory=f"{GAUSSIAN_PLACE}/trajectory.csv",
        manifest=f"{GAUSSIAN_PLACE}/manifest.json",
    log:
        f"logs/{config['experiment']}/simulate_gaussian/{{variant}}/dimensions{{dimensions}}/samples{{samples}}.log",
        benchmark=timings("gaussian/{variant}/dimensions{dimensions}/samples{samples}/simulate_gaussian"),
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=lambda wildcards: flags(
            draws=config["gaussian"]["draws"],
            chains=config["gaussian"]["chains"],
            generation=config["gaussian"]["generations"],
            seed=config["gaussian"]["seed"],
            **{key: config["gaussian"][key] for key in GAUSSIAN_OPTIONS.get(wildcards.variant, [])},
        ),
        code=code("simulate_gaussian"),
    shell:
        "python -m scripts simulate_gaussian --variant {wildcards.variant} --dimensions {wildcards.dimensions}"
        " --samples {wildcards.samples} {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --output {output.trajectory} --manifest {output.manifest} 2> {log[0]}"


rule collect_gaussian:
    input:
        chains=ancient(expand("{folder}/trajectory.csv", folder=GAUSSIAN_CHAINS)),
        manifests=expand("{folder}/manifest.json", folder=GAUSSIAN_CHAINS),
    output:
        trajectory=f"{GAUSSIAN}/trajectory.csv",
        theory=f"{GAUSSIAN}/theory.csv",
        metrics=f"{GAUSSIAN}/metrics.json",
    log:
        f"logs/{config['experiment']}/collect_gaussian.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=flags(
            kind="gaussian chains",
            seed=config["gaussian"]["seed"],
            chains=config["gaussian"]["chains"],
            simulation=[f"{folder}/trajectory.csv" for folder in GAUSSIAN_CHAINS],
        ),
        code=code("collect_theory"),
    shell:
        "python -m scripts collect_theory {params.options} --code {params.code} --trajectory {output.trajectory}"
        " --theory {output.theory} --metrics {output.metrics} 2> {log}"


rule plot_gaussian:
    input:
        trajectory=rules.collect_gaussian.output.trajectory,
        metrics=rules.collect_gaussian.output.metrics,
    output:
        multiext(f"{FIGURES}/gaussian", ".png", ".rst"),
        svg=shown("A normal distribution, refitted", "gaussian.svg", "Theory"),
    log:
        f"logs/{config['experiment']}/plot_gaussian.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("plot_gaussian"),
    shell:
        "python -m scripts plot_gaussian --code {params.code} --trajectory {input.trajectory}"
        " --metrics {input.metrics} --output {output.svg} 2> {log}"


rule plot_gaussian_variants:
    input:
        rules.collect_gaussian.output.trajectory,
    output:
        multiext(f"{FIGURES}/gaussian_variants", ".png", ".rst"),
        svg=shown("What keeps the error finite", "gaussian_variants.svg", "Theory"),
    log:
        f"logs/{config['experiment']}/plot_gaussian_variants.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("plot_gaussian_variants"),
    shell:
        "python -m scripts plot_gaussian_variants --code {params.code} --trajectory {input}"
        " --output {output.svg} 2> {log}"

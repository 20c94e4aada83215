# Mixtures sampled and refitted by EM: a job goes from one kept generation to the next, so that a longer chain runs only
# what is new.
MIXTURE = f"{RESULTS}/mixture"
MIXTURE_PLACE = f"{MIXTURE}/{{original}}/samples{{samples}}/generation{{generation}}"
MIXTURE_CHAIN = MixtureChain(config, MIXTURE)


rule simulate_mixture:
    input:
        chains=ancient(lambda wildcards: [f"{one}/chains.parquet" for one in MIXTURE_CHAIN.previous(wildcards)]),
        manifest=lambda wildcards: [f"{one}/manifest.json" for one in MIXTURE_CHAIN.previous(wildcards)],
    output:
        expand(f"{MIXTURE_PLACE}/{{name}}.parquet", name=["chains", "measures", "first_chain"], allow_missing=True),
        manifest=f"{MIXTURE_PLACE}/manifest.json",
    log:
        f"logs/{config['experiment']}/simulate_mixture/{{original}}/samples{{samples}}/generation{{generation}}.log",
        benchmark=timings("mixture/{original}/samples{samples}/generation{generation}/simulate_mixture"),
    conda:
        "../../envs/images.yaml"
    threads: config["threads"]
    resources:
        **NEEDS.resources(),
    params:
        options=MIXTURE_CHAIN.simulate_options,
        code=code("simulate_mixture"),
        folder=subpath(output.manifest, parent=True),
    shell:
        "python -m scripts simulate_mixture --original {wildcards.original} --samples {wildcards.samples}"
        " --generation {wildcards.generation} {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --output {params.folder} 2> {log[0]}"


rule summarize_mixture:
    input:
        ancient(
            expand("{folder}/{name}.parquet", folder=MIXTURE_CHAIN.links(), name=["chains", "measures", "first_chain"])
        ),
        manifests=expand("{folder}/manifest.json", folder=MIXTURE_CHAIN.links()),
    output:
        summary=f"{MIXTURE}/summary.csv",
        densities=f"{MIXTURE}/densities.parquet",
        frames=f"{MIXTURE}/frames.parquet",
        metrics=f"{MIXTURE}/metrics.json",
    log:
        f"logs/{config['experiment']}/summarize_mixture.log",
        benchmark=timings("summarize_mixture"),
    conda:
        "../../envs/images.yaml"
    threads: config["threads"]
    resources:
        **NEEDS.resources(),
    params:
        options=MIXTURE_CHAIN.summary_options(),
        code=code("summarize_mixture"),
    shell:
        "python -m scripts summarize_mixture {params.options} --code {params.code} --benchmark {log.benchmark} 2> {log[0]}"


rule plot_mixture_distance:
    input:
        rules.summarize_mixture.output.summary,
    output:
        multiext(f"{FIGURES}/mixture_distance", ".png", ".rst"),
        svg=shown("Mixtures: distance to the original", "mixture_distance.svg", "Theory"),
    log:
        f"logs/{config['experiment']}/plot_mixture_distance.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("plot_mixture_distance"),
    shell:
        "python -m scripts plot_mixture_distance --code {params.code} --summary {input} --output {output.svg} 2> {log}"


rule plot_mixture_densities:
    input:
        rules.summarize_mixture.output.densities,
    output:
        multiext(f"{FIGURES}/mixture_densities", ".png", ".rst"),
        svg=shown("Mixtures: densities", "mixture_densities.svg", "Theory"),
    log:
        f"logs/{config['experiment']}/plot_mixture_densities.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("plot_mixture_densities"),
    shell:
        "python -m scripts plot_mixture_densities --code {params.code} --densities {input}"
        " --output {output.svg} 2> {log}"


rule animate_mixture:
    input:
        rules.summarize_mixture.output.frames,
    output:
        multiext(f"{FIGURES}/mixture", ".gif", ".rst"),
        page=shown("Mixtures: the collapse of one chain", "mixture.html", "Theory"),
    log:
        f"logs/{config['experiment']}/animate_mixture.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("animate_mixture"),
    shell:
        "python -m scripts animate_mixture --code {params.code} --frames {input} --output {output.page} 2> {log}"

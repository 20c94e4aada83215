# Mixtures sampled and refitted by EM. Reads nothing; writes <results>/mixture. A job goes from one kept generation to the
# next, so that a longer chain runs only its new generations; then tables, two figures and an animation.
MIXTURE_LINK = "<results>/mixture/{original}/samples{samples}/generation{generation}"
MIXTURE_CHAIN = MixtureChain(config, f"{RESULTS}/mixture")


rule simulate_mixture:
    input:
        chains=ancient(lambda wildcards: [f"{folder}/chains.parquet" for folder in MIXTURE_CHAIN.previous(wildcards)]),
        manifest=lambda wildcards: [f"{folder}/manifest.json" for folder in MIXTURE_CHAIN.previous(wildcards)],
    output:
        multiext(f"{MIXTURE_LINK}/", "chains.parquet", "measures.parquet", "first_chain.parquet"),
        manifest=f"{MIXTURE_LINK}/manifest.json",
    log:
        "<logs>/simulate_mixture/{original}/samples{samples}/generation{generation}.log",
        benchmark="<timings>/mixture/{original}/samples{samples}/generation{generation}/simulate_mixture.json",
    group:
        "mixture"
    conda:
        "../../envs/images.yaml"
    threads: config["threads"]
    resources:
        **NEEDS.resources(),
    params:
        place=place_flags,
        options=MIXTURE_CHAIN.simulate_options,
        code=code("simulate_mixture"),
        folder=subpath(output.manifest, parent=True),
    shell:
        "python -m scripts simulate_mixture {params.place} {params.options} --code {params.code}"
        " --benchmark {log.benchmark} --output {params.folder} 2> {log[0]}"


use rule summarize as summarize_mixture with:
    input:
        ancient(
            expand("{folder}/{name}.parquet", folder=MIXTURE_CHAIN.links(), name=["chains", "measures", "first_chain"])
        ),
        manifests=expand("{folder}/manifest.json", folder=MIXTURE_CHAIN.links()),
    output:
        summary="<results>/mixture/summary.csv",
        densities="<results>/mixture/densities.parquet",
        frames="<results>/mixture/frames.parquet",
        metrics="<results>/mixture/metrics.json",
    log:
        "<logs>/summarize_mixture.log",
        benchmark="<timings>/summarize_mixture.json",
    group:
        "mixture"
    conda:
        "../../envs/images.yaml"
    threads: config["threads"]
    params:
        **runs("summarize_mixture"),
        options=MIXTURE_CHAIN.summary_options(),


use rule plot_tails as plot_mixture_distance with:
    input:
        summary=rules.summarize_mixture.output.summary,
    output:
        **figure("Mixtures: distance to the original", "mixture_distance.svg", "Theory"),
    log:
        "<logs>/plot_mixture_distance.log",
    group:
        "mixture"
    params:
        **runs("plot_mixture_distance"),


use rule plot_mixture_distance as plot_mixture_densities with:
    input:
        densities=rules.summarize_mixture.output.densities,
    output:
        **figure("Mixtures: densities", "mixture_densities.svg", "Theory"),
    log:
        "<logs>/plot_mixture_densities.log",
    params:
        **runs("plot_mixture_densities"),


use rule plot_mixture_distance as animate_mixture with:
    input:
        frames=rules.summarize_mixture.output.frames,
    output:
        **figure("Mixtures: the collapse of one chain", "mixture.html", "Theory", also=".gif"),
    log:
        "<logs>/animate_mixture.log",
    params:
        **runs("animate_mixture"),

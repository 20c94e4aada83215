# Mixtures sampled and refitted by EM: a job goes from one kept generation to the next, so that a longer chain runs only
# what is new.
MIXTURE = f"{RESULTS}/mixture"
MIXTURE_PLACE = f"{MIXTURE}/{{original}}/samples{{samples}}/generation{{generation}}"
MIXTURE_KEPT = sorted({0, *config["mixture"]["generations"]})
MIXTURE_CHAINS = expand(
    MIXTURE_PLACE,
    original=config["mixture"]["originals"],
    samples=config["mixture"]["samples"],
    generation=MIXTURE_KEPT,
)


def kept_before(wildcards):
    """Folder of the kept generation before; none for generation 0."""
    before = [one for one in MIXTURE_KEPT if one < int(wildcards.generation)]
    return [MIXTURE_PLACE.format(**{**wildcards, "generation": before[-1]})] if before else []


rule simulate_mixture:
    input:
        chains=ancient(lambda wildcards: [f"{folder}/chains.parquet" for folder in kept_before(wildcards)]),
        manifest=lambda wildcards: [f"{folder}/manifest.json" for folder in kept_before(wildcards)],
    output:
        expand(f"{MIXTURE_PLACE}/{{name}}.parquet", name=["chains", "measures", "first_chain"], allow_missing=True),
        manifest=f"{MIXTURE_PLACE}/manifest.json",
    log:
        f"logs/{config['experiment']}/simulate_mixture/{{original}}/samples{{samples}}/generation{{generation}}.log",
        benchmark=timings("mixture/{original}/samples{samples}/generation{generation}/simulate_mixture"),
    conda:
        "../../envs/images.yaml"
    threads: config["threads"]
    params:
        options=lambda wildcards: flags(
            previous=kept_before(wildcards),
            chains=config["mixture"]["chains"],
            tolerance=config["mixture"]["tolerance"],
            max_iterations=config["mixture"]["max_iterations"],
            regularization=config["mixture"]["regularization"],
            seed=config["mixture"]["seed"],
            threads=config["threads"],
        ),
        code=code("simulate_mixture"),
        folder=subpath(output.manifest, parent=True),
    shell:
        "python -m scripts simulate_mixture --original {wildcards.original} --samples {wildcards.samples}"
        " --generation {wildcards.generation} {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --output {params.folder} 2> {log[0]}"


rule summarize_mixture:
    input:
        ancient(expand("{folder}/{name}.parquet", folder=MIXTURE_CHAINS, name=["chains", "measures", "first_chain"])),
        manifests=expand("{folder}/manifest.json", folder=MIXTURE_CHAINS),
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
    params:
        options=flags(
            mixture=MIXTURE,
            original=config["mixture"]["originals"],
            samples=config["mixture"]["samples"],
            generation=MIXTURE_KEPT,
            chains=config["mixture"]["chains"],
            seed=config["mixture"]["seed"],
            threads=config["threads"],
        ),
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
    params:
        code=code("animate_mixture"),
    shell:
        "python -m scripts animate_mixture --code {params.code} --frames {input} --output {output.page} 2> {log}"

# Figures and pages, drawn from the tables alone, with captions that state what was found.
FIGURES_OF = {
    "text": [
        *["perplexity.svg", "block_perplexity.svg", "tails.svg", "diversity.svg", "continuations.html"],
        *["profile.svg", "profile_table.html", "onset.svg", "comparisons.html"],
    ],
    "discrete": ["discrete.svg"],
    "gaussian": ["gaussian.svg", "gaussian_variants.svg"],
    "mixture": ["mixture_distance.svg", "mixture_densities.svg", "mixture.html"],
    "vae": ["vae_images.svg", "vae_latents.svg", "vae_spread.svg"],
    "three_errors": ["three_errors.svg", "three_errors_table.html"],
}


TABLES_OF = {
    "discrete": ["trajectory.csv", "theory.csv", "metrics.json"],
    "gaussian": ["trajectory.csv", "theory.csv", "metrics.json"],
    "mixture": ["summary.csv", "metrics.json"],
    "vae": ["summary.csv", "intervals.csv", "metrics.json"],
    "three_errors": ["errors.csv", "metrics.json"],
}


rule side:
    input:
        [f"{RESULTS}/{part}/{name}" for part in PARTS if part in TABLES_OF for name in TABLES_OF[part]],


rule figures:
    input:
        [f"{FIGURES}/{name}" for part in PARTS for name in FIGURES_OF[part]],
        f"{RESULTS}/config.yaml",


rule plot_perplexity:
    input:
        summary=rules.summarize.output.summary,
        intervals=rules.summarize.output.intervals,
    output:
        multiext(f"{FIGURES}/perplexity", ".png", ".rst"),
        svg=shown("Test perplexity by generation", "perplexity.svg", "Language model"),
    log:
        f"logs/{config['experiment']}/plot_perplexity.log",
    conda:
        "../../envs/report.yaml"
    params:
        options=flags(confidence=config["text"]["summary"]["confidence"]),
        code=code("plot_perplexity"),
    shell:
        "python -m scripts plot_perplexity {params.options} --code {params.code} --summary {input.summary}"
        " --intervals {input.intervals} --output {output.svg} 2> {log}"


rule plot_block_perplexity:
    input:
        rules.summarize.output.block_perplexity,
    output:
        multiext(f"{FIGURES}/block_perplexity", ".png", ".rst"),
        svg=shown(
            "Perplexity of synthetic blocks under generation 0",
            "block_perplexity.svg",
            "Language model",
        ),
    log:
        f"logs/{config['experiment']}/plot_block_perplexity.log",
    conda:
        "../../envs/report.yaml"
    params:
        code=code("plot_block_perplexity"),
    shell:
        "python -m scripts plot_block_perplexity --code {params.code} --histogram {input}"
        " --output {output.svg} 2> {log}"


rule plot_tails:
    input:
        rules.summarize.output.intervals,
    output:
        multiext(f"{FIGURES}/tails", ".png", ".rst"),
        svg=shown("Loss by frequency of the target token", "tails.svg", "Language model"),
    log:
        f"logs/{config['experiment']}/plot_tails.log",
    conda:
        "../../envs/report.yaml"
    params:
        code=code("plot_tails"),
    shell:
        "python -m scripts plot_tails --code {params.code} --intervals {input} --output {output.svg} 2> {log}"


rule plot_diversity:
    input:
        rules.summarize.output.intervals,
    output:
        multiext(f"{FIGURES}/diversity", ".png", ".rst"),
        svg=shown("Diversity of synthetic text", "diversity.svg", "Language model"),
    log:
        f"logs/{config['experiment']}/plot_diversity.log",
    conda:
        "../../envs/report.yaml"
    params:
        code=code("plot_diversity"),
    shell:
        "python -m scripts plot_diversity --code {params.code} --intervals {input} --output {output.svg} 2> {log}"


rule table_continuations:
    input:
        rules.summarize.output.continuations,
    output:
        report(
            f"{FIGURES}/continuations.html",
            caption="../report/continuations.rst",
            category="Language model",
            labels={"figure": "Continuations of one passage"},
        ),
    log:
        f"logs/{config['experiment']}/table_continuations.log",
    conda:
        "../../envs/report.yaml"
    params:
        code=code("table_continuations"),
    shell:
        "python -m scripts table_continuations --code {params.code} --continuations {input} --output {output} 2> {log}"


rule write_configuration:
    output:
        yaml=f"{RESULTS}/config.yaml",
        page=report(
            f"{FIGURES}/configuration.html",
            caption="../report/configuration.rst",
            category="Configuration",
            labels={"figure": "Every key, its value and its meaning"},
        ),
    log:
        f"logs/{config['experiment']}/write_configuration.log",
    conda:
        "../../envs/report.yaml"
    params:
        options=flags(
            configuration=json.dumps(config),
            descriptions=json.dumps(configuration.descriptions()),
        ),
        code=code("write_configuration"),
    shell:
        "python -m scripts write_configuration {params.options} --code {params.code} --output {output.yaml}"
        " --page {output.page} 2> {log}"

# Figures and pages, drawn from the tables alone, with captions that state what was found.
VERDICTS = ["profile.svg", "profile_table.html"]
ANSWERS = [
    *["perplexity.svg", "block_perplexity.svg", "tails.svg", "diversity.svg", "continuations.html"],
    *[*VERDICTS, "onset.svg", "comparisons.html"],
]
FIGURES_OF = {
    "text": [
        *[f"questions/{question}/{name}" for question in QUESTIONS for name in ANSWERS],
        *(VERDICTS if QUESTIONS else ANSWERS),  # of all arms
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
        summary=f"{TEXT}{{question}}/summary.csv",
        intervals=f"{TEXT}{{question}}/intervals.csv",
    output:
        f"{FIGURES}{{question}}/perplexity.png",
        caption=f"{FIGURES}{{question}}/perplexity.rst",
        svg=asked("Test perplexity by generation", "perplexity.svg", "Language model"),
    log:
        f"logs/{config['experiment']}/plot_perplexity{{question}}.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=flags(confidence=config["text"]["summary"]["confidence"]),
        code=code("plot_perplexity"),
    shell:
        "python -m scripts plot_perplexity {params.options} --code {params.code} --summary {input.summary}"
        " --intervals {input.intervals} --output {output.svg} 2> {log}"


rule plot_block_perplexity:
    input:
        f"{TEXT}{{question}}/block_perplexity.csv",
    output:
        f"{FIGURES}{{question}}/block_perplexity.png",
        caption=f"{FIGURES}{{question}}/block_perplexity.rst",
        svg=asked(
            "Perplexity of synthetic blocks under generation 0",
            "block_perplexity.svg",
            "Language model",
        ),
    log:
        f"logs/{config['experiment']}/plot_block_perplexity{{question}}.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("plot_block_perplexity"),
    shell:
        "python -m scripts plot_block_perplexity --code {params.code} --histogram {input}"
        " --output {output.svg} 2> {log}"


rule plot_tails:
    input:
        f"{TEXT}{{question}}/intervals.csv",
    output:
        f"{FIGURES}{{question}}/tails.png",
        caption=f"{FIGURES}{{question}}/tails.rst",
        svg=asked("Loss by frequency of the target token", "tails.svg", "Language model"),
    log:
        f"logs/{config['experiment']}/plot_tails{{question}}.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("plot_tails"),
    shell:
        "python -m scripts plot_tails --code {params.code} --intervals {input} --output {output.svg} 2> {log}"


rule plot_diversity:
    input:
        f"{TEXT}{{question}}/intervals.csv",
    output:
        f"{FIGURES}{{question}}/diversity.png",
        caption=f"{FIGURES}{{question}}/diversity.rst",
        svg=asked("Diversity of synthetic text", "diversity.svg", "Language model"),
    log:
        f"logs/{config['experiment']}/plot_diversity{{question}}.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("plot_diversity"),
    shell:
        "python -m scripts plot_diversity --code {params.code} --intervals {input} --output {output.svg} 2> {log}"


rule table_continuations:
    input:
        f"{TEXT}{{question}}/continuations.csv",
    output:
        report(
            f"{FIGURES}{{question}}/continuations.html",
            caption="../report/continuations.rst",
            category="Language model",
            subcategory=question_name,
            labels={"figure": "Continuations of one passage"},
        ),
    log:
        f"logs/{config['experiment']}/table_continuations{{question}}.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
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
    localrule: True
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=lambda _: flags(
            configuration=json.dumps(config),
            descriptions=json.dumps(configuration.descriptions()),
        ),
        code=code("write_configuration"),
    shell:
        "python -m scripts write_configuration {params.options} --code {params.code} --output {output.yaml}"
        " --page {output.page} 2> {log}"

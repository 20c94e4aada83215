# Targets of a run: tables of the side experiments, and figures of all parts. Also writes the resolved configuration, as
# a file and a page.
VERDICTS = ["profile.svg", "profile_table.html"]
ANSWERS = [
    *["perplexity.svg", "block_perplexity.svg", "tails.svg", "diversity.svg", "continuations.html"],
    *[*VERDICTS, "onset.svg", "comparisons.html"],
]
FIGURES_OF = {
    "text": [
        *[f"questions/{question}/{name}" for question in QUESTIONS for name in ANSWERS],
        *(VERDICTS if QUESTIONS else ANSWERS),  # for all arms
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
        [f"<results>/{part}/{name}" for part in PARTS if part in TABLES_OF for name in TABLES_OF[part]],


rule figures:
    input:
        [f"<figures>/{name}" for part in PARTS for name in FIGURES_OF[part]],
        "<results>/config.yaml",


rule write_configuration:
    output:
        yaml="<results>/config.yaml",
        page=report(
            "<figures>/configuration.html",
            caption="../report/configuration.rst",
            category="Configuration",
            labels={"figure": "Every key, its value and its meaning"},
        ),
    log:
        "<logs>/write_configuration.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        file=CONFIGURATION.as_posix(),  # prepare_run writes it, because it is too long for a command
        digest=hashlib.sha256(configuration_text().encode()).hexdigest(),
        code=code("write_configuration"),
    shell:
        "python -m scripts write_configuration --configuration {params.file} --code {params.code}"
        " --output {output.yaml} --page {output.page} 2> {log}"

# The three errors of the theory, one at a time and together.
rule simulate_three_errors:
    output:
        errors=f"{RESULTS}/three_errors/errors.csv",
        manifest=f"{RESULTS}/three_errors/manifest.json",
    log:
        f"logs/{config['experiment']}/simulate_three_errors.log",
        benchmark=timings("simulate_three_errors"),
    conda:
        "../../envs/report.yaml"
    params:
        options=flags(**config["three_errors"]),
        code=code("simulate_three_errors"),
    shell:
        "python -m scripts simulate_three_errors {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --output {output.errors} --manifest {output.manifest} 2> {log[0]}"


rule plot_three_errors:
    input:
        rules.simulate_three_errors.output.errors,
    output:
        multiext(f"{FIGURES}/three_errors", ".png", ".rst"),
        svg=shown("The three errors", "three_errors.svg", "Theory"),
    log:
        f"logs/{config['experiment']}/plot_three_errors.log",
    conda:
        "../../envs/report.yaml"
    params:
        code=code("plot_three_errors"),
    shell:
        "python -m scripts plot_three_errors --code {params.code} --errors {input} --output {output.svg} 2> {log}"


rule table_three_errors:
    input:
        rules.simulate_three_errors.output.errors,
    output:
        f"{FIGURES}/three_errors_table.rst",
        page=shown("The three errors: theory and what was seen", "three_errors_table.html", "Theory"),
    log:
        f"logs/{config['experiment']}/table_three_errors.log",
    conda:
        "../../envs/report.yaml"
    params:
        code=code("table_three_errors"),
    shell:
        "python -m scripts table_three_errors --code {params.code} --errors {input} --output {output.page} 2> {log}"

# What the tables say: arms compared, trends and onset; the model-collapse profile; and both drawn.
rule compare_arms:
    input:
        rules.summarize.output.summary,
    output:
        comparisons=f"{TEXT}/comparisons.csv",
        trends=f"{TEXT}/trends.csv",
        onset=f"{TEXT}/onset.csv",
    log:
        f"logs/{config['experiment']}/compare_arms.log",
        benchmark=timings("compare_arms"),
    conda:
        "../../envs/report.yaml"
    params:
        options=flags(
            measure=config["text"]["statistics"]["measures"],
            compared=config["text"]["statistics"]["compared"],
            reference=config["text"]["statistics"]["reference"],
            permutations=config["text"]["statistics"]["permutations"],
            interval=config["text"]["statistics"]["interval"],
            confidence=config["text"]["summary"]["confidence"],
            resamples=config["text"]["summary"]["resamples"],
        ),
        code=code("compare_arms"),
    shell:
        "python -m scripts compare_arms {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --summary {input} --comparisons {output.comparisons} --trends {output.trends} --onset {output.onset}"
        " 2> {log[0]}"


rule judge_arms:
    input:
        rules.summarize.output.summary,
    output:
        profile=f"{TEXT}/profile.csv",
        json=f"{TEXT}/profile.json",
    log:
        f"logs/{config['experiment']}/judge_arms.log",
        benchmark=timings("judge_arms"),
    conda:
        "../../envs/report.yaml"
    params:
        options=flags(
            rules=json.dumps(config["text"]["profile"], sort_keys=True),
            interval=config["text"]["statistics"]["interval"],
            confidence=config["text"]["summary"]["confidence"],
            resamples=config["text"]["summary"]["resamples"],
        ),
        code=code("judge_arms"),
    shell:
        "python -m scripts judge_arms {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --summary {input} --profile {output.profile} --json {output.json} 2> {log[0]}"


rule plot_profile:
    input:
        rules.judge_arms.output.profile,
    output:
        multiext(f"{FIGURES}/profile", ".png", ".rst"),
        svg=shown("Verdicts by eight definitions", "profile.svg", "Model-collapse profile"),
    log:
        f"logs/{config['experiment']}/plot_profile.log",
    conda:
        "../../envs/report.yaml"
    params:
        options=flags(confidence=config["text"]["summary"]["confidence"]),
        code=code("plot_profile"),
    shell:
        "python -m scripts plot_profile {params.options} --code {params.code} --profile {input}"
        " --output {output.svg} 2> {log}"


rule table_profile:
    input:
        rules.judge_arms.output.profile,
    output:
        f"{FIGURES}/profile_table.rst",
        page=shown("Verdicts and the rules that decided", "profile_table.html", "Model-collapse profile"),
    log:
        f"logs/{config['experiment']}/table_profile.log",
    conda:
        "../../envs/report.yaml"
    params:
        code=code("table_profile"),
    shell:
        "python -m scripts table_profile --code {params.code} --profile {input} --output {output.page} 2> {log}"


rule plot_onset:
    input:
        rules.compare_arms.output.onset,
    output:
        multiext(f"{FIGURES}/onset", ".png", ".rst"),
        svg=shown("Which measure sees collapse first", "onset.svg", "Model-collapse profile"),
    log:
        f"logs/{config['experiment']}/plot_onset.log",
    conda:
        "../../envs/report.yaml"
    params:
        options=flags(confidence=config["text"]["summary"]["confidence"]),
        code=code("plot_onset"),
    shell:
        "python -m scripts plot_onset {params.options} --code {params.code} --onset {input}"
        " --output {output.svg} 2> {log}"


rule table_comparisons:
    input:
        comparisons=rules.compare_arms.output.comparisons,
        trends=rules.compare_arms.output.trends,
    output:
        f"{FIGURES}/comparisons.rst",
        page=shown("Comparisons between arms and trends", "comparisons.html", "Model-collapse profile"),
    log:
        f"logs/{config['experiment']}/table_comparisons.log",
    conda:
        "../../envs/report.yaml"
    params:
        options=flags(confidence=config["text"]["summary"]["confidence"]),
        code=code("table_comparisons"),
    shell:
        "python -m scripts table_comparisons {params.options} --code {params.code}"
        " --comparisons {input.comparisons} --trends {input.trends} --output {output.page} 2> {log}"

# Figures and pages on the text, for all arms or for the arms of each question. Reads the tables of verdicts.smk; writes
# <figures>{question}/…, each with a caption that states its result. Every figure inherits from plot_tails.
rule plot_tails:
    input:
        intervals="<text>{question}/intervals.csv",
    output:
        **question_figure("Loss by frequency of the target token", "tails.svg", "Language model"),
    log:
        "<logs>/plot_tails{question}.log",
    group:
        "tables"
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        **runs("plot_tails"),
        options="",
        inputs=input_flags,
    shell:
        "python -m scripts {params.script} {params.options} {params.inputs} --code {params.code}"
        " --output {output.figure} 2> {log}"


use rule plot_tails as plot_diversity with:
    output:
        **question_figure("Diversity of synthetic text", "diversity.svg", "Language model"),
    log:
        "<logs>/plot_diversity{question}.log",
    params:
        **runs("plot_diversity"),


use rule plot_tails as plot_block_perplexity with:
    input:
        histogram="<text>{question}/block_perplexity.csv",
    output:
        **question_figure("Perplexity of synthetic blocks under generation 0", "block_perplexity.svg", "Language model"),
    log:
        "<logs>/plot_block_perplexity{question}.log",
    params:
        **runs("plot_block_perplexity"),


use rule plot_tails as plot_perplexity with:
    input:
        summary="<text>{question}/summary.csv",
        intervals="<text>{question}/intervals.csv",
    output:
        **question_figure("Test perplexity by generation", "perplexity.svg", "Language model"),
    log:
        "<logs>/plot_perplexity{question}.log",
    params:
        **runs("plot_perplexity"),
        options=flags(confidence=config["text"]["summary"]["confidence"]),


use rule plot_tails as table_continuations with:
    input:
        continuations="<text>{question}/continuations.csv",
    output:
        **question_figure("Continuations of one passage", "continuations.html", "Language model", "continuations"),
    log:
        "<logs>/table_continuations{question}.log",
    params:
        **runs("table_continuations"),


use rule plot_perplexity as plot_profile with:
    input:
        profile=rules.judge_arms.output.profile,
    output:
        **question_figure("Verdicts by eight definitions", "profile.svg", "Model-collapse profile"),
    log:
        "<logs>/plot_profile{question}.log",
    params:
        **runs("plot_profile"),


use rule plot_tails as table_profile with:
    input:
        profile=rules.judge_arms.output.profile,
    output:
        **question_figure("Verdicts and the rules that decided", "profile_table.html", "Model-collapse profile"),
    log:
        "<logs>/table_profile{question}.log",
    params:
        **runs("table_profile"),


use rule plot_perplexity as plot_onset with:
    input:
        onset=rules.compare_arms.output.onset,
    output:
        **question_figure("Which measure sees collapse first", "onset.svg", "Model-collapse profile"),
    log:
        "<logs>/plot_onset{question}.log",
    params:
        **runs("plot_onset"),


use rule plot_perplexity as table_comparisons with:
    input:
        summary="<text>{question}/summary.csv",
        comparisons=rules.compare_arms.output.comparisons,
        trends=rules.compare_arms.output.trends,
    output:
        **question_figure("Comparisons between arms and trends", "comparisons.html", "Model-collapse profile"),
    log:
        "<logs>/table_comparisons{question}.log",
    params:
        **runs("table_comparisons"),

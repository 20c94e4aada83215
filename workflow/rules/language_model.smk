# The chain: mix → finetune → generate → evaluate, once a generation; small manifests are its edges, since Snakemake
# compares the content of small files and only the time of large ones, which ride along as ancient.
TEXT = f"{RESULTS}/text"
PLACE = f"{TEXT}/{{arm}}/seed{{seed}}/generation{{generation}}"
LOG = f"logs/{config['experiment']}/{{rule}}/{{{{arm}}}}/seed{{{{seed}}}}/generation{{{{generation}}}}.log"
PLACE_FLAGS = "--arm {wildcards.arm} --seed {wildcards.seed} --generation {wildcards.generation}"
ARMS, SEEDS, GENERATIONS = config["text"]["arms"], config["text"]["seeds"], config["text"]["generations"]


def owner(arm):
    """The arm whose generation 0 this one starts from: the first defined with the same training options."""
    same = [one for one, options in config["arms"].items() if options["epochs"] == config["arms"][arm]["epochs"]]
    return same[0]


def link(arm, seed, generation):
    """Folder of one generation of a chain."""
    return f"{TEXT}/{owner(arm) if int(generation) == 0 else arm}/seed{seed}/generation{generation}"


def earlier(wildcards):
    """Generations whose synthetic text the arm's policy reads: none for generation 0, which sees human text alone."""
    generation = int(wildcards.generation)
    if generation == 0:
        return []
    history = POLICIES[config["arms"][wildcards.arm]["policy"]].history
    first = 0 if history == "all" else generation - 1
    return [link(wildcards.arm, wildcards.seed, one) for one in range(first, generation)]


def mix_options(wildcards):
    if int(wildcards.generation) == 0:
        return flags(policy="human", human_fraction=1.0)
    arm = config["arms"][wildcards.arm]
    synthetic = [f"{folder}/synthetic.parquet" for folder in earlier(wildcards)]
    return flags(policy=arm["policy"], human_fraction=arm["human_fraction"], synthetic=synthetic)


def decoder_options():
    generate = config["text"]["generate"]
    return flags(
        decoder=generate["decoder"],
        num_beams=generate["num_beams"],
        repetition_penalty=generate["repetition_penalty"],
        decode_batch_blocks=generate["batch_blocks"],
        new_tokens=config["corpus"]["block_tokens"],
        threads=config["threads"],
    )


rule text:
    input:
        expand(
            "{folder}/manifest.json",
            folder=dict.fromkeys(
                link(arm, seed, generation) for arm in ARMS for seed in SEEDS for generation in range(GENERATIONS)
            ),
        ),
        f"{TEXT}/summary.csv",


rule mix:
    input:
        human=ancient(f"{RESULTS}/corpus/train.parquet"),
        corpus=f"{RESULTS}/corpus/manifest.json",
        synthetic=ancient(lambda wildcards: [f"{one}/synthetic.parquet" for one in earlier(wildcards)]),
        manifests=lambda wildcards: [f"{one}/synthetic.manifest.json" for one in earlier(wildcards)],
    output:
        training_set=f"{PLACE}/training.parquet",
        manifest=f"{PLACE}/training.manifest.json",
    params:
        options=mix_options,
        code=code("mix"),
        corpus=f"{RESULTS}/corpus",
    log:
        LOG.format(rule="mix"),
        benchmark=timings("text/{arm}/seed{seed}/generation{generation}/mix"),
    conda:
        "../../envs/language-model.yaml"
    shell:
        f"python -m scripts mix {PLACE_FLAGS}"
        " {params.options} --code {params.code} --benchmark {log.benchmark} --corpus {params.corpus}"
        " --output {output.training_set} --manifest {output.manifest} 2> {log[0]}"


rule finetune:
    input:
        training_set=ancient(rules.mix.output.training_set),
        manifest=rules.mix.output.manifest,
        base=ancient(f"{RESULTS}/base/model.safetensors"),
        base_manifest=f"{RESULTS}/base/manifest.json",
    output:
        model=f"{PLACE}/model/model.safetensors",
        config=f"{PLACE}/model/config.json",
        manifest=f"{PLACE}/model/manifest.json",
    params:
        options=lambda wildcards: flags(
            **config["text"]["finetune"],
            epochs=config["arms"][wildcards.arm]["epochs"],
            threads=config["threads"],
        ),
        code=code("finetune"),
        base=f"{RESULTS}/base",
        folder=f"{PLACE}/model",
    log:
        LOG.format(rule="finetune"),
        benchmark=timings("text/{arm}/seed{seed}/generation{generation}/finetune"),
    threads: config["threads"]
    conda:
        "../../envs/language-model.yaml"
    shell:
        f"python -m scripts finetune {PLACE_FLAGS}"
        " {params.options} --code {params.code} --benchmark {log.benchmark} --training-set {input.training_set}"
        " --base {params.base} --output {params.folder} 2> {log[0]}"


rule generate:
    input:
        model=ancient(rules.finetune.output.model),
        manifest=rules.finetune.output.manifest,
        prompts=ancient(f"{RESULTS}/corpus/train.parquet"),
        corpus=f"{RESULTS}/corpus/manifest.json",
    output:
        synthetic=f"{PLACE}/synthetic.parquet",
        manifest=f"{PLACE}/synthetic.manifest.json",
    params:
        options=decoder_options(),
        code=code("generate"),
        model=f"{PLACE}/model",
        corpus=f"{RESULTS}/corpus",
    log:
        LOG.format(rule="generate"),
        benchmark=timings("text/{arm}/seed{seed}/generation{generation}/generate"),
    threads: config["threads"]
    conda:
        "../../envs/language-model.yaml"
    shell:
        f"python -m scripts generate {PLACE_FLAGS}"
        " {params.options} --code {params.code} --benchmark {log.benchmark} --model {params.model}"
        " --corpus {params.corpus} --output {output.synthetic} --manifest {output.manifest} 2> {log[0]}"


rule evaluate:
    input:
        model=ancient(rules.finetune.output.model),
        model_manifest=rules.finetune.output.manifest,
        generation0=ancient(lambda wildcards: f"{link(wildcards.arm, wildcards.seed, 0)}/model/model.safetensors"),
        generation0_manifest=lambda wildcards: f"{link(wildcards.arm, wildcards.seed, 0)}/model/manifest.json",
        synthetic=ancient(rules.generate.output.synthetic),
        synthetic_manifest=rules.generate.output.manifest,
        corpus=ancient(expand(f"{RESULTS}/corpus/{{split}}.parquet", split=["train", "test"])),
        corpus_manifest=f"{RESULTS}/corpus/manifest.json",
        tokenizer=ancient(f"{TOKENIZER}/tokenizer.json"),
    output:
        scores=f"{PLACE}/scores.parquet",
        metrics=f"{PLACE}/metrics.json",
        manifest=f"{PLACE}/manifest.json",
    params:
        options=flags(**config["text"]["evaluate"]),
        decoder=decoder_options(),
        code=code("evaluate"),
        model=f"{PLACE}/model",
        generation0=lambda wildcards: f"{link(wildcards.arm, wildcards.seed, 0)}/model",
        corpus=f"{RESULTS}/corpus",
    log:
        LOG.format(rule="evaluate"),
        benchmark=timings("text/{arm}/seed{seed}/generation{generation}/evaluate"),
    threads: config["threads"]
    conda:
        "../../envs/language-model.yaml"
    shell:
        f"python -m scripts evaluate {PLACE_FLAGS}"
        " {params.options} {params.decoder} --code {params.code} --benchmark {log.benchmark} --model {params.model}"
        " --generation0-model {params.generation0} --synthetic {input.synthetic} --corpus {params.corpus}"
        " --tokenizer {input.tokenizer} --scores {output.scores} --metrics {output.metrics}"
        " --manifest {output.manifest} 2> {log[0]}"


rule summarize:
    input:
        rules.text.input[:-1],
    output:
        summary=f"{TEXT}/summary.csv",
        intervals=f"{TEXT}/intervals.csv",
        continuations=f"{TEXT}/continuations.csv",
        block_perplexity=f"{TEXT}/block_perplexity.csv",
        by_arm=expand(f"{TEXT}/{{measure}}_by_arm.csv", measure=["perplexity", "distinct_4"]),
        metrics=f"{TEXT}/metrics.json",
    params:
        options=flags(
            text=TEXT,
            arm={arm: owner(arm) for arm in ARMS},
            seed=SEEDS,
            generations=GENERATIONS,
            confidence=config["text"]["summary"]["confidence"],
            resamples=config["text"]["summary"]["resamples"],
            histogram_generation=config["text"]["summary"]["histogram_generations"],
            histogram_bins_per_decade=config["text"]["summary"]["histogram_bins_per_decade"],
        ),
        code=code("summarize"),
    log:
        f"logs/{config['experiment']}/summarize.log",
        benchmark=timings("summarize"),
    conda:
        "../../envs/report.yaml"
    shell:
        "python -m scripts summarize {params.options} --code {params.code} --benchmark {log.benchmark} 2> {log[0]}"

# Human text as blocks, and the base model that every generation starts from. Takes local text, or a hub; gives <corpus>
# and <base>. Text is prepared where Snakemake runs, also beside a cluster, since its nodes often reach no hub (localrule).
POSITIONS = 2 * config["corpus"]["block_tokens"]  # a prompt and what continues it: pretraining must reach as far
PRETRAIN = config["base_model"]["source"] == "pretrain"
TOKENIZER = "<base>/pretraining" if PRETRAIN else "<base>"
BASE_FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]


def pretraining_options(size):
    """Options of the pretraining of one size of the base model."""
    pretraining = configuration.pretraining_of(config, size)
    return flags(
        **declared(Architecture, pretraining),
        **declared(Training, pretraining),
        positions=POSITIONS,
        threads=pretraining["threads"],
        device=config["device"],
    )


rule prepare_corpus:
    input:
        tokenizer=ancient(f"{TOKENIZER}/tokenizer.json"),
        tokenizer_manifest=f"{TOKENIZER}/manifest.json",
    output:
        blocks="<corpus>/{split}.parquet",
        manifest="<corpus>/{split}.manifest.json",
    log:
        "<logs>/prepare_corpus/{split}.log",
        benchmark="<timings>/prepare_corpus/{split}.json",
    localrule: True
    conda:
        "../../envs/language-model.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=lambda wildcards: flags(split=wildcards.split, blocks=config["corpus"][f"{wildcards.split}_blocks"]),
        source=lambda _: source_options(config),
        text=hashes(user_files(config)),
        code=code("prepare_corpus"),
    shell:
        "python -m scripts prepare_corpus {params.options} {params.source} --code {params.code}"
        " --benchmark {log.benchmark} --tokenizer {input.tokenizer} --tokenizer-manifest {input.tokenizer_manifest}"
        " --output {output.blocks} --manifest {output.manifest} 2> {log[0]}"


rule find_passage:
    input:
        tokenizer=ancient(f"{TOKENIZER}/tokenizer.json"),
        tokenizer_manifest=f"{TOKENIZER}/manifest.json",
    output:
        "<corpus>/passage.json",
    log:
        "<logs>/find_passage.log",
    localrule: True
    conda:
        "../../envs/language-model.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=lambda _: flags(search=config["text"]["passage"]["search"]),
        source=lambda _: source_options(config),
        text=hashes(user_files(config)),
        code=code("find_passage"),
    shell:
        "python -m scripts find_passage {params.options} {params.source} --code {params.code}"
        " --tokenizer {input.tokenizer} --tokenizer-manifest {input.tokenizer_manifest} --output {output} 2> {log}"


if PRETRAIN:

    rule prepare_pretraining:
        output:
            tokenizer="<base>/pretraining/tokenizer.json",
            blocks="<base>/pretraining/blocks.parquet",
            manifest="<base>/pretraining/manifest.json",
        log:
            "<logs>/prepare_pretraining.log",
            benchmark="<timings>/prepare_pretraining.json",
        priority: 1
        localrule: True
        conda:
            "../../envs/language-model.yaml"
        resources:
            **NEEDS.resources(),
        params:
            options=lambda _: flags(
                **declared(PretrainingText, config["base_model"]["pretraining"]),
                block_tokens=POSITIONS,
            ),
            text=hashes(pretraining_files(config)),
            code=code("prepare_pretraining"),
            folder=subpath(output.manifest, parent=True),
        shell:
            "python -m scripts prepare_pretraining {params.options} --code {params.code}"
            " --benchmark {log.benchmark} --output {params.folder} 2> {log[0]}"

    rule pretrain:
        input:
            blocks=ancient(rules.prepare_pretraining.output.blocks),
            tokenizer=ancient(rules.prepare_pretraining.output.tokenizer),
            manifest=rules.prepare_pretraining.output.manifest,
        output:
            multiext("<base>{size}/", *BASE_FILES),
            manifest="<base>{size}/manifest.json",
        log:
            "<logs>/pretrain{size}.log",
            benchmark="<timings>/pretrain{size}.json",
        priority: 1  # the whole chain of texts waits for it; the side experiments fill the gaps later
        conda:
            "../../envs/language-model.yaml"
        threads: config["base_model"]["pretraining"]["threads"]
        resources:  # nothing runs again for another resource; they are text, since numbers are cut to integers
            **NEEDS.resources(),
            **gpus.resources(config, "pretrain"),
            checkpoint_minutes=str(config["base_model"]["pretraining"]["checkpoint_minutes"]),
            memory_gigabytes=str(config["memory_gigabytes"]),
        params:
            options=lambda wildcards: pretraining_options(Path(wildcards.size).name),
            code=code("pretrain"),
            text=subpath(input.manifest, parent=True),
            folder=subpath(output.manifest, parent=True),
            checkpoint=f"{CHECKPOINTS}/base{{size}}.safetensors",
        shell:
            "python -m scripts pretrain {params.options} --code {params.code} --benchmark {log.benchmark}"
            " --text {params.text} --output {params.folder} --checkpoint {params.checkpoint}"
            " --checkpoint-minutes {resources.checkpoint_minutes} --memory-gigabytes {resources.memory_gigabytes}"
            " 2> {log[0]}"

else:

    rule fetch_base_model:
        output:
            multiext("<base>/", *BASE_FILES),
            manifest="<base>/manifest.json",
        log:
            "<logs>/fetch_base_model.log",
            benchmark="<timings>/fetch_base_model.json",
        localrule: True
        conda:
            "../../envs/language-model.yaml"
        resources:  # nothing is fetched again for another engine
            **NEEDS.resources(),
            engine=config["text"]["generate"]["engine"],
        params:
            options=lambda _: flags(
                repository=config["base_model"]["repository"],
                revision=config["base_model"]["revision"],
            ),
            code=code("fetch_base_model"),
            folder=subpath(output.manifest, parent=True),
        shell:
            "python -m scripts fetch_base_model {params.options} --code {params.code} --benchmark {log.benchmark}"
            " --engine {resources.engine} --output {params.folder} 2> {log[0]}"

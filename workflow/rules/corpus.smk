# Human text as blocks, and the base model of every generation. Reads local files or a hub; writes <corpus> and <base>.
# Rules that may read a hub are localrules: the nodes of a cluster often have no network.
PRETRAIN = config["base_model"]["source"] == "pretrain"
TOKENIZER = "<base>/pretraining" if PRETRAIN else "<base>"
BASE_FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]


rule prepare_corpus:
    input:
        tokenizer=ancient(f"{TOKENIZER}/tokenizer.json"),
        tokenizer_manifest=f"{TOKENIZER}/manifest.json",
    output:
        output="<corpus>/{split}.parquet",
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
        **runs("prepare_corpus"),
        options=lambda wildcards: flags(split=wildcards.split, blocks=config["corpus"][f"{wildcards.split}_blocks"]),
        source=lambda _: source_options(config),
        text=hashes(user_files(config)),
        inputs=input_flags,
        outputs=output_flags,
    shell:
        "python -m scripts {params.script} {params.options} {params.source} {params.inputs} {params.outputs}"
        " --code {params.code} --benchmark {log.benchmark} 2> {log[0]}"


use rule prepare_corpus as find_passage with:
    output:
        output="<corpus>/passage.json",
    log:
        "<logs>/find_passage.log",
        benchmark="<timings>/find_passage.json",
    params:
        **runs("find_passage"),
        options=lambda _: flags(search=config["text"]["passage"]["search"]),


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
                block_tokens=2 * config["corpus"]["block_tokens"],  # a prompt and its continuation
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
        priority: 1  # the whole chain waits for it; side experiments can fill gaps later
        conda:
            "../../envs/language-model.yaml"
        threads: config["base_model"]["pretraining"]["threads"]
        resources:  # a changed resource reruns nothing; text, because Snakemake truncates numbers to integers
            **NEEDS.resources(),
            **gpus.resources(config, "pretrain"),
            checkpoint_minutes=str(config["base_model"]["pretraining"]["checkpoint_minutes"]),
            memory_gigabytes=str(config["memory_gigabytes"]),
        params:
            options=lambda wildcards: pretraining_options(config, Path(wildcards.size).name),
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
        resources:  # a changed engine fetches nothing again
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

"""Names of measures that tables treat specially. No measure is computed here.

`collapse.measures.evaluation` gives the measures their names; a test holds every name in this module, in the
default configuration and in the scripts of figures to those.
"""

NO_MEASURES = {"arm", "seed", "generation", "passage", "continuation", "test_tokens"}  # in metrics.json, not in tables

# summary.csv also holds their change since generation 0 of the same seed, as `<name>_rise`
WITH_RISE = ("test_loss_rare_half", "test_loss_common_half", "test_loss_minority", "test_loss_majority")

# columns of <name>_by_arm.csv, which DVC plots
BY_ARM = {"perplexity": "test_perplexity", "distinct_4": "distinct_4"}

# the few numbers that a comparison of two runs looks at first
HEADLINE = (
    "test_perplexity",
    "test_perplexity_without_end_of_text",
    "test_loss_rare_half",
    "test_loss_common_half",
    "distinct_4",
    "vocabulary_coverage",
)

# measures that need more than one evaluation
IMPROBABLE_BLOCKS = "improbable_blocks"  # needs generation 0's own blocks
SCALING_EXPONENT = "scaling_exponent"  # needs arms that differ in the size of their training set alone

# the same for autoencoders, whose measures `collapse.images.measures` names
VAE_NO_MEASURES = {"method", "seed", "generation"}
VAE_HEADLINE = ("latent_mean_sd", "frechet_distance", "pixel_sd", "classes", "test_loss")

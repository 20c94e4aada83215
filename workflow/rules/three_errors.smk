# The three errors of the theory, one at a time and together. Reads nothing; writes <results>/three_errors, a figure and
# a page.
use rule simulate_discrete as simulate_three_errors with:
    output:
        output="<results>/three_errors/errors.csv",
        metrics="<results>/three_errors/metrics.json",
        manifest="<results>/three_errors/manifest.json",
    log:
        "<logs>/simulate_three_errors.log",
        benchmark="<timings>/simulate_three_errors.json",
    group:
        "three_errors"
    params:
        **runs("simulate_three_errors"),
        options=flags(**declared(ThreeErrors, config["three_errors"])),


use rule plot_tails as plot_three_errors with:
    input:
        errors=rules.simulate_three_errors.output.output,
        metrics=rules.simulate_three_errors.output.metrics,
    output:
        **figure("The three errors", "three_errors.svg", "Theory"),
    log:
        "<logs>/plot_three_errors.log",
    group:
        "three_errors"
    params:
        **runs("plot_three_errors"),


use rule plot_three_errors as table_three_errors with:
    output:
        **figure("The three errors: theory and simulation", "three_errors_table.html", "Theory", also=None),
    log:
        "<logs>/table_three_errors.log",
    params:
        **runs("table_three_errors"),

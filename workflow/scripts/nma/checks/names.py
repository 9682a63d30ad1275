"""Names of the checks' tables: importing this imports nothing else."""

TABLES = (
    *("splittable", "node_splits", "models", "dev_dev", "interaction", "designs"),
    *("decomposition", "net_heat", "fit", "fixed_and_random", "loo", "loo_totals"),
    *("predictive", "influence", "influence_effects", "prior_tau", "prior_effects"),
    *("power_scaling", "thresholds", "funnel", "egger", "small_study", "modifiers"),
    *("modifiers_by_comparison", "modifier_tests", "contributions", "contributions_studies"),
)

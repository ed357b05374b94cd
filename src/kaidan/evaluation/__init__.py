"""Whether a model knows anything: scores, free baselines, intervals, leak probes."""

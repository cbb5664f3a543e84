"""Many processes: seeds, stages, benchmarks, ranks and where they run."""

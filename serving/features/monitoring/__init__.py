"""Is the whole well? Counts across organizations for operators, an organization's own for everybody else."""

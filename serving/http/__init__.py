"""HTTP as every answer has it: one body for errors, one envelope, one log, a protocol with patience's end."""

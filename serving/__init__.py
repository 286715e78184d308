"""MARTS -> API: reads served relations as a role that sees one organization at a time."""

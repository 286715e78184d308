"""Who is at risk of being lost, and whom to call first."""

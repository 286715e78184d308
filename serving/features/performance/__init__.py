"""What outreach has brought, against what is usual."""

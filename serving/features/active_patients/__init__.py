"""The patients in care: those who came in the last 45 days."""

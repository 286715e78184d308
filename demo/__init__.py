"""What `make demo` shows: two clinics that do not exist, the whole way, beside the sandbox."""

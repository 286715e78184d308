"""Whether tenants are isolated, read from the catalogue of the live database.

What a table needs (row-level security, its policies, the API's grant) and whether it has it is said by two
functions of the database, `app.isolate_tenants` and `app.tenant_isolation_holes`, which dbt calls too.
"""

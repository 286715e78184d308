update app.clerk_syncs
set status = 'failed', finished_at = now(), error_code = %(code)s
where organization_id = %(organization_id)s and id = %(sync_id)s::uuid and status = 'running'
